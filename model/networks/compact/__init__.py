"""A network that was designed on the page Design lab, and its trained weights."""
