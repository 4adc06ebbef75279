"""A residual network with strided convolutions in place of pools, and its trained weights."""
