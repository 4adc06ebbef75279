"""The list of layers that a person edits."""
