"""Baselines: the images that methods compare a digit with."""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

from model.errors import InputError
from model.images import digits
from model.images.records import MEAN, STD

BASELINES: Mapping[str, str] = MappingProxyType(
    {
        "black": "Black: no ink anywhere",
        "blur": "The digit itself, blurred",
        "mean": "The mean of the project's digits",
        "noise": "Noise: uniform random ink at each pixel",
        "zero": "Zero: the grey of the mean pixel",
    }
)
BLACK = -MEAN / STD
_DEVIATION = 3.0  # pixels, of the blur: about the thickness of a stroke, so that no stroke remains
_RADIUS = 9  # pixels, three deviations


def image(name: str, x: Tensor, seed: int = 0) -> Tensor:
    """Return a baseline for one image.

    Args:
        name: One of ``BASELINES``.
        x: The normalised image, (1, 1, 28, 28); only ``blur`` uses more than its shape.
        seed: For ``noise``.

    Returns:
        Normalised, of the same shape and precision.

    Raises:
        InputError: There is no such baseline.

    >>> round(float(image("black", torch.zeros(1, 1, 28, 28)).mean()), 4)
    -0.4242
    """
    if name not in _IMAGES:
        raise InputError(f"There is no baseline '{name}'.", f"There are {', '.join(BASELINES)}.", "Choose one of them.")
    return _IMAGES[name](x, seed)


def _blur(x: Tensor, seed: int) -> Tensor:
    """Blur the ink with a Gaussian; outside the image there is no ink."""
    gaussian = torch.exp(-0.5 * (torch.arange(-_RADIUS, _RADIUS + 1, dtype=x.dtype) / _DEVIATION) ** 2)
    kernel = (gaussian / gaussian.sum()).outer(gaussian / gaussian.sum())[None, None]
    return functional.conv2d(x - BLACK, kernel, padding=_RADIUS) + BLACK


@functools.cache
def _mean_digit() -> Tensor:
    return torch.cat([digits.to_input(digit) for digit in digits.samples()]).mean(0, keepdim=True)


def _noise(x: Tensor, seed: int) -> Tensor:
    ink = torch.rand(x.shape, generator=torch.Generator().manual_seed(seed))
    return ((ink - MEAN) / STD).to(x.dtype)


_IMAGES: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "black": lambda x, seed: torch.full_like(x, BLACK),
    "blur": _blur,
    "mean": lambda x, seed: _mean_digit().to(x.dtype, copy=True),
    "noise": _noise,
    "zero": lambda x, seed: torch.zeros_like(x),
}
