"""A worksheet to print, with its answers."""
