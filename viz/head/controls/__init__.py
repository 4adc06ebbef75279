"""The controls of the page on the head; the choices are kept in the address."""

PART, TARGET, AGAINST, POOLED = "part", "target", "against", "pooled"  # parameters of the address
