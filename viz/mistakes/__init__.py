"""Misclassified images and calibration."""
