"""The max pool."""
