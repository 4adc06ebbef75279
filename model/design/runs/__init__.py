"""Training of designs: what is chosen, the run itself, and what is kept of it."""
