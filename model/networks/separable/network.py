"""A network of separable convolutions: a 3x3 for each channel alone, then a 1x1 that mixes the channels."""

from torch import Tensor, nn


def separable(c_in: int, c_out: int, dilation: int = 1) -> nn.Sequential:
    """Return what takes the place of a full 3x3: 9 * c_in + c_in * c_out weights, not 9 * c_in * c_out."""
    return nn.Sequential(
        nn.Conv2d(c_in, c_in, 3, padding=dilation, dilation=dilation, groups=c_in, bias=False),
        nn.Conv2d(c_in, c_out, 1, bias=False),
        nn.BatchNorm2d(c_out),
        nn.ReLU(),
    )


class Net(nn.Module):
    """Compute ten logits: (N, 1, 28, 28) -> (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1, bias=False),  # (16, 28, 28)
            nn.BatchNorm2d(16),
            nn.ReLU(),
            separable(16, 24),  # (24, 28, 28)
            nn.MaxPool2d(2),  # (24, 14, 14)
            separable(24, 40, dilation=2),  # (40, 14, 14)
            nn.MaxPool2d(2),  # (40, 7, 7)
            separable(40, 64),  # (64, 7, 7)
            nn.AdaptiveAvgPool2d(1),  # (64, 1, 1)
        )
        self.classifier = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        x = self.features(x).flatten(1)  # (64,)
        x = self.classifier(x)  # (10,)
        return x
