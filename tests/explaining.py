"""Simple methods of attribution for tests of the sanity checks."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from model.saliency.records import Attribution, Output
from model.sanity_checks.edges import edges
from model.sanity_checks.weight_dependence import Explain

BLACK = -0.1307 / 0.3081  # after normalisation


def attribution(
    values: ArrayLike, target: int = 0, *, output: Output = "logit", against: int | None = None, black: float = BLACK
) -> Attribution:
    """Return an attribution with these values and a black baseline."""
    array = np.asarray(values, dtype=np.float32)
    baseline = np.full_like(array, black)
    return Attribution(
        "made up", target, against, output, array, array, baseline, 0.0, 0.0, None, None, 0.0, array[None]
    )


def gradient(network: nn.Module, x: Tensor, target: int) -> Tensor:
    """Return the gradient of a logit, in the shape of the image."""
    image = x.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(network(image)[0, target], image)
    return found


def by_gradient(target: int) -> Explain:
    """Explain a class by the gradient of its logit."""
    return lambda network, x: attribution(gradient(network, x, target)[0, 0].numpy(), target)


def by_ink_times_gradient(target: int) -> Explain:
    """Explain a class by its gradient times the ink of each pixel."""
    return lambda network, x: attribution(((x - BLACK) * gradient(network, x, target))[0, 0].numpy(), target)


def by_edges(target: int) -> Explain:
    """Explain a class by the edges of the image, without the network."""
    return lambda network, x: attribution(edges(x[0, 0].numpy()), target)


def linear(weight: ArrayLike) -> nn.Sequential:
    """Return a network whose logit 0 is a weighted sum of the pixels (H, W), and whose logit 1 is always 0."""
    kernel = torch.tensor(np.asarray(weight, dtype=np.float32))[None, None]
    layer = nn.Conv2d(1, 2, kernel_size=(kernel.shape[2], kernel.shape[3]), bias=False)
    layer.weight = nn.Parameter(torch.cat([kernel, torch.zeros_like(kernel)]))
    return nn.Sequential(layer, nn.Flatten()).eval()


class Counting(nn.Module):
    """A network that reports the number of images of each forward pass of another; copies share the report."""

    def __init__(self, network: nn.Module, note: Callable[[int], None]) -> None:
        super().__init__()
        self.network = network
        self.note = note

    def forward(self, x: Tensor) -> Tensor:
        """Report the number of images, and run the network."""
        self.note(len(x))
        found: Tensor = self.network(x)
        return found

    def __deepcopy__(self, memo: dict[int, object]) -> "Counting":
        return Counting(self.network, self.note)
