"""A network that names shapes in colour pictures, and its trained weights."""
