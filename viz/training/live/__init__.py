"""A small training that the page shows while it runs."""
