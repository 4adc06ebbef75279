"""The assignment's printed table, compared with what is measured."""
