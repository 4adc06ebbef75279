"""A design as text, and as PyTorch code."""
