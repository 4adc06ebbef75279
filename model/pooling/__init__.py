"""The winners of a max pool, its gradient, an average pool in its place, and shifted images."""
