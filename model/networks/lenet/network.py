"""The layers of LeNet-5 for pictures of 28x28 pixels, with ReLU and max pool as they are written today.

Source: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998. There the
picture has 32x32 pixels, activations are tanh, pools are averages with weights, and the second convolution is sparse.
"""

import torch.nn.functional as F  # noqa: N812 (as everyone writes it)
from torch import Tensor, nn


class Net(nn.Module):
    """Compute ten logits: (N, 1, 28, 28) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 4 * 4, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (6, 12, 12)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (16, 4, 4)
        x = x.flatten(1)  # (256,)
        x = F.relu(self.fc1(x))  # (120,)
        x = F.relu(self.fc2(x))  # (84,)
        x = self.fc3(x)  # (10,)
        return x
