"""Baselines: the images that methods compare a digit with."""

import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional

from model.errors import InputError
from model.images import digits, inputs
from model.images.records import MEAN, STD
from model.networks.records import ImageSpec

BASELINES: Mapping[str, str] = MappingProxyType(
    {
        "black": "Black everywhere",
        "blur": "The picture itself, blurred",
        "mean": "The mean of the project's digits",
        "noise": "Noise: a uniform random value at each pixel",
        "zero": "Zero: the mean pixel of the training images",
    }
)
BLACK = -MEAN / STD
_DIGITS = 10
_DEVIATION = 3.0  # pixels, of the blur: about the thickness of a stroke, so that no stroke remains
_RADIUS = 9  # pixels, three deviations


def spec_for(x: Tensor) -> ImageSpec:
    """Return how an image is taken to be normalised where nothing is said: as a digit, or, in colour, not at all."""
    _, channels, height, width = x.shape
    grey = (MEAN,), (STD,)
    colour = (0.0,) * channels, (1.0,) * channels
    return ImageSpec(channels, height, width, *(grey if channels == 1 else colour))


def image(name: str, x: Tensor, seed: int = 0, spec: ImageSpec | None = None, classes: int | None = None) -> Tensor:
    """Return a baseline for one image.

    Args:
        name: One of ``BASELINES``.
        x: The normalised image, (1, C, H, W); only ``blur`` uses more than its shape.
        seed: For ``noise``.
        spec: How the image is normalised; by default see ``spec_for``.
        classes: How many classes the network tells apart, where that is known; digits have ten.

    Returns:
        Normalised, of the same shape and precision.

    Raises:
        InputError: There is no such baseline, or it is the mean of digits and the network takes other images.

    >>> round(float(image("black", torch.zeros(1, 1, 28, 28)).mean()), 4)
    -0.4242
    """
    if name not in _IMAGES:
        raise InputError(f"There is no baseline '{name}'.", f"There are {', '.join(BASELINES)}.", "Choose one of them.")
    spec = spec or spec_for(x)
    if name == "mean":
        _check_mean(x, spec, classes)
    return _IMAGES[name](x, seed, spec)


def _per_channel(values: Sequence[float], x: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).to(x.dtype)[:, None, None]


def _black(x: Tensor, _seed: int, spec: ImageSpec) -> Tensor:
    values = [-mean / std for mean, std in zip(spec.mean, spec.std, strict=True)]
    return torch.zeros_like(x) + _per_channel(values, x)


def _blur(x: Tensor, seed: int, spec: ImageSpec) -> Tensor:
    """Blur the ink with a Gaussian; outside the image there is no ink."""
    gaussian = torch.exp(-0.5 * (torch.arange(-_RADIUS, _RADIUS + 1, dtype=x.dtype) / _DEVIATION) ** 2)
    kernel = (gaussian / gaussian.sum()).outer(gaussian / gaussian.sum())[None, None]
    black, channels = _black(x, seed, spec), x.shape[1]
    kernels = kernel.expand(channels, 1, -1, -1)
    return functional.conv2d(x - black, kernels, padding=_RADIUS, groups=channels) + black


def choices(spec: ImageSpec, classes: tuple[str, ...]) -> Mapping[str, str]:
    """Return the baselines that make sense for a network: the mean of digits only where it reads digits."""
    return {name: about for name, about in BASELINES.items() if name != "mean" or inputs.reads_digits(spec, classes)}


@functools.lru_cache(maxsize=16)
def _mean_digit(spec: ImageSpec) -> Tensor:
    return torch.cat([inputs.to_input(digit.pixels, spec) for digit in digits.samples()]).mean(0, keepdim=True)


def _check_mean(x: Tensor, spec: ImageSpec, classes: int | None) -> None:
    if spec.channels != 1 or spec.shape != tuple(x.shape[1:]) or classes not in {None, _DIGITS}:
        told = "" if classes is None else f" of {classes} classes"
        raise InputError(
            f"The mean of the project's digits is no baseline for an image {tuple(x.shape[1:])}{told}.",
            f"It is one for grey images of the {_DIGITS} digits, in the size {spec.height} × {spec.width}.",
            f"Choose {', '.join(each for each in BASELINES if each != 'mean')}.",
        )


def _mean(x: Tensor, _seed: int, spec: ImageSpec) -> Tensor:
    return _mean_digit(spec).to(x.dtype, copy=True)


def _noise(x: Tensor, seed: int, spec: ImageSpec) -> Tensor:
    ink = torch.rand(x.shape, generator=torch.Generator().manual_seed(seed))
    return ((ink - _per_channel(spec.mean, ink)) / _per_channel(spec.std, ink)).to(x.dtype)


_IMAGES: Mapping[str, Callable[[Tensor, int, ImageSpec], Tensor]] = {
    "black": _black,
    "blur": _blur,
    "mean": _mean,
    "noise": _noise,
    "zero": lambda x, seed, spec: torch.zeros_like(x),
}
