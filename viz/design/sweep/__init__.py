"""A small sweep: one number of a layer in several sizes, with several seeds each."""
