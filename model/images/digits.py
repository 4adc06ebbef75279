"""Where digits come from: the project's own, MNIST, a drawing, an upload; and back again from a link.

Each digit has a key of plain text. ``find`` turns a key into its digit, so a link can hold any of them:
``project-3a``, ``test-1901``, ``drawn-...`` (the strokes), ``upload-...`` (the 784 pixels).
"""

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.errors import InputError
from model.images import codec
from model.images import mnist as files
from model.images import strokes as handwriting
from model.images.preparation import SIDE, prepare
from model.images.records import MEAN, STD, Digit
from model.images.samples import samples
from model.images.strokes import Stroke
from model.images.upload import read_ink
from model.records import Pixels

__all__ = [
    "find",
    "from_pixels",
    "from_strokes",
    "from_upload",
    "mnist",
    "normalise",
    "samples",
    "say_normalised",
    "to_input",
]


def to_input(digit: Digit) -> Tensor:
    """Return what the network reads: (1, 1, 28, 28), normalised as it was trained."""
    return normalise(digit.pixels)


def normalise(pixels: Pixels) -> Tensor:
    """Scale images to [0, 1], subtract MNIST's mean and divide by its standard deviation.

    Args:
        pixels: (28, 28) or (N, 28, 28) in 0..255.

    Returns:
        (N, 1, 28, 28), float32.
    """
    scaled = torch.tensor(pixels, dtype=torch.float32) / 255
    return ((scaled - MEAN) / STD).reshape(-1, 1, SIDE, SIDE)


def say_normalised(digit: Digit, pixel: tuple[int, int]) -> str:
    """Work out in words how the ink of a pixel (y, x) becomes the number that goes into the network.

    >>> say_normalised(samples()[0], (0, 0))
    'Ink 0 of 255: (0 / 255 − 0.1307) / 0.3081 = −0.4242'
    """
    ink = int(digit.pixels[pixel])
    value = (ink / 255 - MEAN) / STD
    return f"Ink {ink} of 255: ({ink} / 255 − {MEAN}) / {STD} = {value:z.4f}".replace("= -", "= −")


class MnistDigits(Sequence[Digit]):
    """One split of MNIST as digits, made one at a time.

    Attributes:
        images: (N, 28, 28) in 0..255.
        labels: (N,).
    """

    def __init__(self, split: files.Split, images: files.Images, labels: NDArray[np.int64]) -> None:
        self.split = split
        self.images = images
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: int) -> Digit: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Digit]: ...
    def __getitem__(self, index: int | slice) -> Digit | Sequence[Digit]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]  # each keeps its key
        if not 0 <= index < len(self):
            raise IndexError(index)
        source = f"MNIST {self.split} image {index:,}"
        return Digit(f"{self.split}-{index}", self.images[index], int(self.labels[index]), source)


def mnist(split: files.Split) -> MnistDigits:
    """Return MNIST's training or test digits; they are read once.

    Raises:
        DataError: The files are missing or damaged.
    """
    return _mnist(split, files.root())


@functools.lru_cache(maxsize=4)
def _mnist(split: files.Split, root: Path) -> MnistDigits:
    return MnistDigits(split, *files.read(split))


def from_pixels(pixels: Pixels) -> Digit:
    """Make a digit of any ink: fitted into a 20x20 box, centred by mass in 28x28.

    Args:
        pixels: (H, W), uint8 in 0..255, white ink on black.

    Raises:
        InputError: It is another shape or type, or there is no ink, or hardly anything else.
    """
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise InputError(
            f"Pixels of shape {pixels.shape} and type {pixels.dtype} are no picture.",
            "They must be (H, W) of uint8: 0 for paper to 255 for ink.",
            "Convert them first.",
        )
    stages = prepare(pixels)
    ready = stages[-1].pixels
    return Digit(f"upload-{codec.pack(ready.tobytes())}", ready, None, "a picture of yours", stages)


def from_upload(file: BinaryIO) -> Digit:
    """Make a digit of a PNG or JPEG file, whatever its size, orientation, mode or colours.

    Raises:
        InputError: It is not such a file, too large, or shows nothing.
    """
    return from_pixels(read_ink(file))


def from_strokes(strokes: Sequence[Stroke]) -> Digit:
    """Make a digit of pen strokes.

    Args:
        strokes: Each a sequence of (x, y) in 0..1, x to the right and y downwards.

    Raises:
        InputError: There is no ink, hardly anything else, or more points than a link can hold.
    """
    code = codec.pack_strokes(strokes)
    stages = prepare(handwriting.ink(codec.unpack_strokes(code)))  # as the link will draw it, to the pixel
    return Digit(f"drawn-{code}", stages[-1].pixels, None, "drawn by hand", stages)


def find(key: str) -> Digit:
    """Return the digit that a key names.

    Raises:
        InputError: The key names none.
        DataError: It is one of MNIST's, and MNIST is not there.
    """
    source, _, rest = key.partition("-")
    match source:
        case "project":
            for digit in samples():
                if digit.key == key:
                    return digit
        case "test" | "train":
            if rest.isascii() and rest.isdigit() and len(rest) <= 5 and int(rest) < files.SIZES[source]:
                return mnist(source)[int(rest)]
        case "drawn":
            return from_strokes(codec.unpack_strokes(rest))
        case "upload":
            return _uploaded(rest)
    raise InputError(
        f"There is no digit '{key[:40]}'.",
        "A digit is one of the project's (project-3a), one of MNIST's (test-0 to test-9999), a drawing or an upload.",
        "Choose one in the sidebar.",
    )


def _uploaded(code: str) -> Digit:
    """Return an uploaded picture as its link holds it: prepared already, so there are no stages to show."""
    data = codec.unpack(code, SIDE * SIDE)
    if len(data) != SIDE * SIDE:
        raise InputError(
            f"The link holds {len(data)} pixels.", f"A digit has {SIDE * SIDE}.", "Copy the link again, or upload anew."
        )
    digit = from_pixels(np.frombuffer(data, dtype=np.uint8).reshape(SIDE, SIDE))
    return dataclasses.replace(digit, stages=())
