"""A small training that a page shows while it runs."""
