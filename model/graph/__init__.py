"""The graph of a network: its records, the graph as an ``nn.Module``, and the capture of any PyTorch module."""
