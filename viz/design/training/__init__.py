"""The training of a design: while it runs, its curves, and the runs that are kept."""
