"""A digit network that pads: a convolution keeps the size, and only the pools make the maps smaller."""

import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from torch import Tensor, nn


class Net(nn.Module):
    """Compute ten logits: (N, 1, 28, 28) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        # No biases: each batch norm that follows adds one of its own.
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.conv3 = nn.Conv2d(16, 16, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(16)
        self.conv4 = nn.Conv2d(16, 28, 3, padding=1, bias=False)
        self.bn4 = nn.BatchNorm2d(28)
        self.pool = nn.MaxPool2d(2)
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(28, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = F.relu(self.bn1(self.conv1(x)))  # (8, 28, 28)
        x = F.relu(self.bn2(self.conv2(x)))  # (16, 28, 28)
        x = self.pool(x)  # (16, 14, 14)
        x = F.relu(self.bn3(self.conv3(x)))  # (16, 14, 14)
        x = self.pool(x)  # (16, 7, 7)
        x = F.relu(self.bn4(self.conv4(x)))  # (28, 7, 7)
        x = self.gap(x).flatten(1)  # (28,)
        x = self.fc(x)  # (10,)
        return x
