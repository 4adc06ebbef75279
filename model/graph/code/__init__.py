"""A graph as PyTorch code: a class that runs without this project."""
