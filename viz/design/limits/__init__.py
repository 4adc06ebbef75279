"""The limits that a design must keep."""
