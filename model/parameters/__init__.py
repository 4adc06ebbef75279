"""The assignment's printed table, compared with measurement."""
