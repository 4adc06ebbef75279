"""From the last feature maps to logits and probabilities."""
