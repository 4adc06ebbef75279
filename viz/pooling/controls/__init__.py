"""The controls of the pooling page; the choices are kept in the address."""

VIEW, TRACED = "pool_view", "pool_trace"  # parameters of the address
