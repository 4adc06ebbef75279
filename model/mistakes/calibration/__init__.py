"""Calibration: whether the network's probabilities agree with its accuracy."""
