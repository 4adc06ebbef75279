"""The table and the code of a network, to take away."""
