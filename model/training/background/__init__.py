"""Training in the background: one queue for all people and for every kind of training."""
