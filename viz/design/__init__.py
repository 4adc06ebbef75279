"""The design lab: a network as a list of layers, what it costs and sees, and its training."""
