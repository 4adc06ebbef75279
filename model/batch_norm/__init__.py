"""Batch norm step by step, with a batch's own statistics, and folded into the next convolution."""
