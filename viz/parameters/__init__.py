"""The arithmetic of every row."""
