"""Sanity checks of an attribution: tests that can show that it is wrong."""
