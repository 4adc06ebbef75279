"""Batch norm step by step, with the statistics of a batch, and folded into the next convolution."""
