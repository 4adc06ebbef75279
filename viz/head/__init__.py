"""From the last maps to probabilities."""
