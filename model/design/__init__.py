"""Designs: a network as a list of layers that a person changes, what it costs, and how it is trained."""
