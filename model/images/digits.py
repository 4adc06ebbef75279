"""Make digits from the project's samples, MNIST, drawings and uploads, and find a digit by its key.

Every digit has a key, a short text. ``find`` returns the digit of a key, so an address can hold any digit:
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
from model.images import codec, several
from model.images import mnist as mnist_files
from model.images.adjustment import AS_IT_IS, Adjustment, adjusted
from model.images.ink import Grey, find_ink
from model.images.preparation import SIDE, prepare
from model.images.records import MEAN, STD, Digit, Upload
from model.images.samples import samples
from model.images.strokes import Point, Stroke, enlarged, rasterize
from model.images.upload import Picture, decode
from model.records import Pixels

__all__ = [
    "find",
    "from_pixels",
    "from_strokes",
    "from_upload",
    "is_digit",
    "mnist",
    "normalise",
    "read_picture",
    "read_upload",
    "samples",
    "to_input",
]


def to_input(digit: Digit) -> Tensor:
    """Return the network's input for a digit, (1, 1, 28, 28), normalised as in training."""
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


class MnistDigits(Sequence[Digit]):
    """One split of MNIST as a sequence of digits, each made when it is asked for.

    Attributes:
        images: (N, 28, 28) in 0..255.
        labels: (N,).
    """

    def __init__(self, split: mnist_files.Split, images: mnist_files.Images, labels: NDArray[np.int64]) -> None:
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
            return [self[i] for i in range(*index.indices(len(self)))]  # a slice keeps the keys
        if not 0 <= index < len(self):
            raise IndexError(index)
        source = f"MNIST {self.split} image {index:,}"
        return Digit(f"{self.split}-{index}", self.images[index], int(self.labels[index]), source)


def mnist(split: mnist_files.Split) -> MnistDigits:
    """Return MNIST's training or test digits; the files are read once.

    Raises:
        DataError: The files are missing or damaged.
    """
    return _mnist(split, mnist_files.root())


@functools.lru_cache(maxsize=4)
def _mnist(split: mnist_files.Split, root: Path) -> MnistDigits:
    return MnistDigits(split, *mnist_files.read(split))


def from_pixels(pixels: Pixels) -> Digit:
    """Make a digit of any ink: scaled into a 20x20 box, centred in 28x28 by its centre of mass.

    Args:
        pixels: (H, W), uint8 in 0..255, white ink on black.

    Raises:
        InputError: The shape or type is wrong, there is no ink, or nearly everything is ink.
    """
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise InputError(
            f"Pixels of shape {pixels.shape} and type {pixels.dtype} are not a picture.",
            "They must be (H, W) of type uint8, from 0 for paper to 255 for ink.",
            "Convert them first.",
        )
    stages = prepare(pixels)
    ready = stages[-1].pixels
    return Digit(f"upload-{codec.pack(ready.tobytes())}", ready, None, "a picture of yours", stages)


def from_upload(file: BinaryIO) -> Digit:
    """Make a digit of a picture file of any size, orientation, mode and colour; of several digits the first.

    Raises:
        InputError: The file is not a picture in an allowed format, is too large, or shows no ink.
    """
    return read_upload(file).digits[0]


def read_upload(file: BinaryIO, adjustment: Adjustment = AS_IT_IS) -> Upload:
    """Find the digits in a picture file.

    Args:
        file: Its content.
        adjustment: How the person turns, inverts or crops it.

    Raises:
        InputError: The file is not a picture in an allowed format, is too large, or shows no ink.
    """
    return read_picture(decode(file), adjustment)


def read_picture(picture: Picture, adjustment: Adjustment = AS_IT_IS) -> Upload:
    """Find the digits in a decoded picture.

    Raises:
        InputError: It shows no ink.
    """
    grey = adjusted(picture.grey, adjustment)
    ink = find_ink(grey, picture.lossy, invert=adjustment.invert)
    found = tuple(from_pixels(sheet) for sheet in several.split(ink))
    is_several = len(found) > 1 or several.is_wide(ink)
    if _is_prepared(grey) and not adjustment.invert:
        whole = from_pixels(grey.astype(np.uint8))
        return Upload((whole, *found) if len(found) > 1 else (whole,), is_several)
    return Upload(found, is_several)


def _is_prepared(grey: Grey) -> bool:
    """Whether a picture has MNIST's form already: preparing it, specks included, changes no pixel."""
    if grey.shape != (SIDE, SIDE):
        return False
    pixels = grey.astype(np.uint8)
    try:
        return np.array_equal(prepare(pixels)[-1].pixels, pixels)
    except InputError:
        return False


def from_strokes(strokes: Sequence[Stroke]) -> Digit:
    """Make a digit of pen strokes.

    Args:
        strokes: Each is a sequence of (x, y) in 0..1, x to the right and y down.

    Raises:
        InputError: There is no ink, nearly everything is ink, or there are more points than an address can hold.
    """
    code = codec.pack_strokes(strokes)
    stages = prepare(rasterize(_strokes_of(code)))
    return Digit(f"drawn-{code}", stages[-1].pixels, None, "drawn by hand", stages)


def _strokes_of(code: str) -> list[list[Point]]:
    """Return strokes as the address holds them, so that a link gives the same pixels, scaled to a digit's size."""
    strokes = codec.unpack_strokes(code)
    return enlarged(strokes) if strokes else []


def is_digit(key: str) -> bool:
    """Tell whether a key is of the form of a digit's; there may be no digit of this key."""
    return key.partition("-")[0] in {"project", "test", "train", "drawn", "upload"}


def find(key: str) -> Digit:
    """Return the digit of a key.

    Raises:
        InputError: No digit has this key.
        DataError: The digit is one of MNIST's, and the files are missing.
    """
    source, _, rest = key.partition("-")
    match source:
        case "project":
            for digit in samples():
                if digit.key == key:
                    return digit
        case "test" | "train":
            if rest.isascii() and rest.isdigit() and len(rest) <= 5 and int(rest) < mnist_files.SIZES[source]:
                return mnist(source)[int(rest)]
        case "drawn":
            return from_strokes(codec.unpack_strokes(rest))
        case "upload":
            return _uploaded(rest)
    raise InputError(
        f"There is no digit '{key[:40]}'.",
        "It can be a sample (project-3a), an MNIST image (test-0 to test-9999), a drawing or an upload.",
        "Choose a digit in the sidebar.",
    )


def _uploaded(code: str) -> Digit:
    """Return the digit of an uploaded picture's key; the pixels are already prepared, so there are no stages."""
    data = codec.unpack(code, SIDE * SIDE)
    if len(data) != SIDE * SIDE:
        raise InputError(
            f"The link holds {len(data)} pixels.",
            f"A digit has {SIDE * SIDE}.",
            "Copy the link again, or upload the picture again.",
        )
    digit = from_pixels(np.frombuffer(data, dtype=np.uint8).reshape(SIDE, SIDE))
    return dataclasses.replace(digit, stages=())
