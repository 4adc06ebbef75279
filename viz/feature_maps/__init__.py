"""The feature maps of every step."""
