"""The network that PyTorch's MNIST example made known, here without the log-softmax at its end.

Source: https://github.com/pytorch/examples/blob/main/mnist/main.py
"""

import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from torch import Tensor, nn


class Net(nn.Module):
    """Compute ten logits: (N, 1, 28, 28) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = F.relu(self.conv1(x))  # (32, 26, 26)
        x = F.relu(self.conv2(x))  # (64, 24, 24)
        x = F.max_pool2d(x, 2)  # (64, 12, 12)
        x = self.dropout1(x)
        x = x.flatten(1)  # (9216,)
        x = F.relu(self.fc1(x))  # (128,)
        x = self.dropout2(x)
        x = self.fc2(x)  # (10,)
        return x
