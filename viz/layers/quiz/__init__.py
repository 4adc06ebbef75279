"""Questions on each row, asked before its numbers are shown."""
