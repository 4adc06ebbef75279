"""Figures and controls of the page about the app."""
