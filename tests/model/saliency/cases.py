"""A residual network, grey and in colour, as its author has it with function calls, and as a graph."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from model.graph.capture import capture, to_bytes
from model.networks.file import read
from model.networks.records import ImageSpec, Network
from model.saliency import attribute
from tests.model.graph.authors import seeded

Maps = NDArray[Any]
TARGET, STEPS, SAMPLES, EPSILON = 2, 20, 4, 0.1
OPTIONS = {"integrated_gradients": {"steps": STEPS}, "gradient_shap": {"samples": SAMPLES}}
OPTIONS |= {
    "smooth_grad": {"samples": SAMPLES},
    "occlusion": {"window": 4, "stride": 2},
    "feature_ablation": {"block": 3},
}
GREY = ImageSpec(1, 12, 12, (0.2,), (0.4,))
COLOUR = ImageSpec(3, 12, 12, (0.5, 0.4, 0.3), (0.2, 0.25, 0.3))


class Author(nn.Module):
    """Two residual blocks, the second with stride 2, as function calls; a witness can change what a call does."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(channels, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.one, self.other, self.inner = (
            nn.Conv2d(6, 6, 3, padding=1),
            nn.Conv2d(6, 6, 3, padding=1),
            nn.BatchNorm2d(6),
        )
        self.down, self.then, self.beside = (
            nn.Conv2d(6, 8, 3, 2, 1),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.Conv2d(6, 8, 1, 2),
        )
        self.fc = nn.Linear(8, 4)

    def relu(self, x: Tensor) -> Tensor:
        """Return what a ReLU gives."""
        return functional.relu(x)

    def mark(self, x: Tensor) -> Tensor:
        """Return what a linear step gives."""
        return x

    def keep(self, x: Tensor) -> Tensor:
        """Return the maps of the first block."""
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        x = self.relu(self.mark(self.norm(self.mark(self.stem(x)))))
        y = self.relu(self.mark(self.inner(self.mark(self.one(x)))))
        x = self.keep(self.relu(self.mark(self.mark(self.other(y)) + x)))
        y = self.relu(self.mark(self.down(x)))
        x = self.relu(self.mark(self.mark(self.then(y)) + self.mark(self.beside(x))))
        x = self.mark(x.mean((2, 3)))
        return self.mark(self.fc(x))


class Case:
    """A network as its author has it, in double precision, and as a graph."""

    def __init__(self, spec: ImageSpec) -> None:
        self.spec = spec
        author = seeded(lambda: Author(spec.channels))
        self.network: Network = read(to_bytes(capture(author, spec.shape)))
        self.author: Author = copy.deepcopy(author).double()
        self.module: nn.Module = copy.deepcopy(self.network.module).double()
        self.x = torch.randn(1, *spec.shape, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
        means, deviations = (torch.tensor(each, dtype=torch.float64)[:, None, None] for each in (spec.mean, spec.std))
        self.black = torch.zeros_like(self.x) - means / deviations

    def changed(self, **calls: Callable[[Tensor], Tensor]) -> Author:
        """Return the author's network with other calls."""
        other = copy.copy(self.author)
        other.__dict__ = {**vars(self.author), **calls}
        return other

    def gradients(self, points: Tensor, author: Author | None = None) -> Tensor:
        """Return the gradient of the score at many images."""
        leaf = points.detach().clone().requires_grad_()
        (found,) = torch.autograd.grad((author or self.author)(leaf)[:, TARGET].sum(), leaf)
        return found

    def score(self, images: Tensor) -> Tensor:
        """Return the score of many images."""
        with torch.no_grad():
            scores: Tensor = self.author(images)[:, TARGET]
        return scores

    def found(self, method: str, **given: Any) -> Maps:
        """Return the map under test, the sum over channels."""
        options = OPTIONS.get(method)
        return attribute(self.module, self.x, TARGET, method, options=options, image=self.spec, **given).raw
