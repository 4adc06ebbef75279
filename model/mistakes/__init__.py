"""Which images the network misclassifies, and whether its probabilities agree with its accuracy."""
