"""A sheet of tasks to work out by hand, for one network and one picture, with its answers."""
