"""Training: recipes, the loop that follows one, and reports that say honestly what came of it."""
