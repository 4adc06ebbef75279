"""Figures and controls of the start page."""
