"""Figures and controls of the page on the head."""
