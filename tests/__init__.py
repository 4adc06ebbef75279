"""Checks of every number and every page; each can fail."""
