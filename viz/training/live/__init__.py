"""Small trainings that the page shows while they run."""
