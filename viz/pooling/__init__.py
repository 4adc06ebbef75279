"""Figures and controls of the pooling page."""
