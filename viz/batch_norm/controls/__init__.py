"""The controls of the batch norm page; the choices are kept in the address."""
