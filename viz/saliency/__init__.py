"""Attributions by many methods."""
