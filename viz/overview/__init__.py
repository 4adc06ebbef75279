"""The whole network as one picture."""
