"""Batch norm step by step."""
