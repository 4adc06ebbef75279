"""Attributions by all methods."""
