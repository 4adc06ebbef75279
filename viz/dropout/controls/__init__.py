"""The controls of the dropout page; the choices are kept in the address."""

VIEW, SEED = "drop_view", "seed"  # parameters of the address
