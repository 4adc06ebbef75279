"""The assignment's network: 23 rows, 10,066 parameters, and its trained weights."""
