"""Receptive fields: which pixels can affect a unit."""
