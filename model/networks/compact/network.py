"""A digit network that was designed on the page Design lab, which also wrote this code: 7,834 parameters."""

from torch import Tensor, nn


class Net(nn.Module):
    """Compute ten logits: (N, 1, 28, 28) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, bias=False)
        self.relu1 = nn.ReLU()
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, bias=False)
        self.relu2 = nn.ReLU()
        self.bn2 = nn.BatchNorm2d(12)
        self.conv3 = nn.Conv2d(12, 16, 3, bias=False)
        self.relu3 = nn.ReLU()
        self.bn3 = nn.BatchNorm2d(16)
        self.pool1 = nn.MaxPool2d(2)
        self.conv4 = nn.Conv2d(16, 10, 1, bias=False)
        self.relu4 = nn.ReLU()
        self.bn4 = nn.BatchNorm2d(10)
        self.conv5 = nn.Conv2d(10, 15, 3, bias=False)
        self.relu5 = nn.ReLU()
        self.bn5 = nn.BatchNorm2d(15)
        self.conv6 = nn.Conv2d(15, 24, 3, bias=False)
        self.relu6 = nn.ReLU()
        self.bn6 = nn.BatchNorm2d(24)
        self.gap1 = nn.AdaptiveAvgPool2d(1)
        self.conv7 = nn.Conv2d(24, 10, 1)
        self.flatten1 = nn.Flatten()

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.conv1(x)  # (N, 8, 26, 26)
        x = self.relu1(x)
        x = self.bn1(x)
        x = self.conv2(x)  # (N, 12, 24, 24)
        x = self.relu2(x)
        x = self.bn2(x)
        x = self.conv3(x)  # (N, 16, 22, 22)
        x = self.relu3(x)
        x = self.bn3(x)
        x = self.pool1(x)  # (N, 16, 11, 11)
        x = self.conv4(x)  # (N, 10, 11, 11)
        x = self.relu4(x)
        x = self.bn4(x)
        x = self.conv5(x)  # (N, 15, 9, 9)
        x = self.relu5(x)
        x = self.bn5(x)
        x = self.conv6(x)  # (N, 24, 7, 7)
        x = self.relu6(x)
        x = self.bn6(x)
        x = self.gap1(x)  # (N, 24, 1, 1)
        x = self.conv7(x)  # (N, 10, 1, 1)
        x = self.flatten1(x)  # (N, 10)
        return x
