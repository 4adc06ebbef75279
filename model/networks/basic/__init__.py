"""The network of PyTorch's MNIST example, and its trained weights."""
