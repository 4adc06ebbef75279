"""Questions on each step, asked before its numbers are shown."""
