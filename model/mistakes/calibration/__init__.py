"""Whether the network's probabilities agree with how often it is right."""
