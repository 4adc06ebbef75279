"""Pictures that stand for "nothing": what a digit is held against by the methods that compare."""

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
        "noise": "Noise: any ink at each pixel, evenly",
        "zero": "Zero: the grey of a mean pixel",
    }
)
BLACK = -MEAN / STD
_WIDTH = 3.0  # pixels, the deviation of the blur: strokes are about as thick, so none of them stays
_REACH = 9  # pixels, three deviations


def picture(name: str, x: Tensor, seed: int = 0) -> Tensor:
    """Return a baseline for one image.

    Args:
        name: One of ``BASELINES``.
        x: The normalised image, (1, 1, 28, 28); only ``blur`` looks at more than its shape.
        seed: Of ``noise``.

    Returns:
        Normalised, of the same shape and precision.

    Raises:
        InputError: There is no such baseline.

    >>> round(float(picture("black", torch.zeros(1, 1, 28, 28)).mean()), 4)
    -0.4242
    """
    if name not in _PICTURES:
        raise InputError(f"There is no baseline '{name}'.", f"There are {', '.join(BASELINES)}.", "Choose one of them.")
    return _PICTURES[name](x, seed)


def _blur(x: Tensor, seed: int) -> Tensor:
    """Spread each pixel's ink as a bell curve does; beyond the picture there is no ink."""
    bell = torch.exp(-0.5 * (torch.arange(-_REACH, _REACH + 1, dtype=x.dtype) / _WIDTH) ** 2)
    kernel = (bell / bell.sum()).outer(bell / bell.sum())[None, None]
    return functional.conv2d(x - BLACK, kernel, padding=_REACH) + BLACK


@functools.cache
def _mean_digit() -> Tensor:
    return torch.cat([digits.to_input(digit) for digit in digits.samples()]).mean(0, keepdim=True)


def _noise(x: Tensor, seed: int) -> Tensor:
    ink = torch.rand(x.shape, generator=torch.Generator().manual_seed(seed))
    return ((ink - MEAN) / STD).to(x.dtype)


_PICTURES: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "black": lambda x, seed: torch.full_like(x, BLACK),
    "blur": _blur,
    "mean": lambda x, seed: _mean_digit().to(x.dtype, copy=True),
    "noise": _noise,
    "zero": lambda x, seed: torch.zeros_like(x),
}
