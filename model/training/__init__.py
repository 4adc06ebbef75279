"""Training: recipes, the training loop, and reports of the results."""
