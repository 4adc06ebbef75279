"""Layer by layer: one row at a time, with the arithmetic of every unit."""
