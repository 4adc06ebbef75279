"""A residual network for colour pictures: blocks keep the size, and strided convolutions between them halve it."""

import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from torch import Tensor, nn


def conv_bn(c_in: int, c_out: int, stride: int = 1) -> nn.Sequential:
    """Return a 3x3 convolution and its batch norm."""
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(c_out),
    )


class Block(nn.Module):
    """Add what two convolutions compute: (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv_bn(channels, channels)
        self.conv2 = conv_bn(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum."""
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


class Net(nn.Module):
    """Compute nine logits: (N, 3, 32, 32) -> (N, 9)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv_bn(3, 8)
        self.block1 = Block(8)
        self.down1 = conv_bn(8, 16, stride=2)
        self.block2 = Block(16)
        self.down2 = conv_bn(16, 32, stride=2)
        self.fc = nn.Linear(32, 9)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = F.relu(self.stem(x))  # (8, 32, 32)
        x = self.block1(x)  # (8, 32, 32)
        x = F.relu(self.down1(x))  # (16, 16, 16)
        x = self.block2(x)  # (16, 16, 16)
        x = F.relu(self.down2(x))  # (32, 8, 8)
        x = x.mean((2, 3))  # (32,)
        x = self.fc(x)  # (9,)
        return x
