"""A design as a network that opens on every page, and as a file."""
