"""Tests that can discredit an attribution."""
