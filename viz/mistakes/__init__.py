"""What the network reads wrong."""
