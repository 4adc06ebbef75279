"""Ten questions before and after a lesson."""
