"""A network that pads every convolution, with batch norm before ReLU, and its trained weights."""
