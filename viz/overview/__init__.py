"""The overview: the whole network as one picture."""
