"""Labelled pictures that a network can be tested on: MNIST's test images, the drawn shapes, or a person's folder.

A network is tested on pictures whose classes it has: the names are compared. Each picture has a place in its set, from
0, and is read when it is needed.
"""

import functools
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from model.errors import InputError
from model.images import digits, folder, inputs, mnist, shapes
from model.images.folder import Folder
from model.images.records import SHAPES
from model.mistakes.records import FOLDER, MNIST
from model.mistakes.records import SHAPES as SHAPES_SET
from model.networks.records import ImageSpec, Network
from model.records import Pixels

MOST = 5_000  # pictures of a folder
MOST_VALUES = 2_000_000  # logits of a folder: with a thousand classes fewer pictures are taken
_FRESH = 10  # seconds after which the files of a folder are looked at again


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled picture as it was opened.

    Attributes:
        place: In its set.
        pixels: (H, W) or (H, W, 3), from 0 to 255.
        class_name: Its label.
    """

    place: int
    pixels: Pixels
    class_name: str


class LabelledPictures(Protocol):
    """Pictures with labels.

    Attributes:
        name: In an address.
        digest: Of the content: equal ones hold the same pictures.
        at_once: How many are read for one part of the work.
    """

    @property
    def name(self) -> str:
        """The name in an address."""

    @property
    def digest(self) -> str:
        """What tells these pictures from others."""

    @property
    def at_once(self) -> int:
        """How many are read together."""

    def __len__(self) -> int:
        """Return how many there are, also those that cannot be read."""

    def key(self, place: int) -> str:
        """Return what an address calls a picture."""

    def read(self, places: Sequence[int]) -> Iterator[Labelled]:
        """Read pictures as they are opened elsewhere; those that cannot be read are left out."""

    def small(self, places: Sequence[int]) -> Mapping[int, Pixels]:
        """Return pictures for a list, by their places; those that cannot be read are left out."""


@dataclass(frozen=True)
class MnistPictures:
    """MNIST's test images; their files may be missing, and reading them then raises a DataError."""

    name: ClassVar[str] = MNIST
    digest: ClassVar[str] = MNIST
    at_once: ClassVar[int] = 500

    def __len__(self) -> int:
        return mnist.SIZES["test"]

    def key(self, place: int) -> str:
        """Return what an address calls a picture."""
        return f"test-{place}"

    def read(self, places: Sequence[int]) -> Iterator[Labelled]:
        """Read images."""
        test = digits.mnist("test")
        for place in places:
            yield Labelled(place, test.images[place], str(test.labels[place]))

    def small(self, places: Sequence[int]) -> Mapping[int, Pixels]:
        """Return images by their places."""
        return {each.place: each.pixels for each in self.read(places)}


@dataclass(frozen=True)
class ShapePictures:
    """The test pictures of coloured shapes, which are drawn when they are needed."""

    name: ClassVar[str] = SHAPES_SET
    digest: ClassVar[str] = SHAPES_SET
    at_once: ClassVar[int] = 250

    def __len__(self) -> int:
        return shapes.SIZES["test"]

    def key(self, place: int) -> str:
        """Return what an address calls a picture."""
        return shapes.test_key(place)

    def read(self, places: Sequence[int]) -> Iterator[Labelled]:
        """Draw pictures."""
        for place in places:
            pixels, label = shapes.picture("test", place)
            yield Labelled(place, pixels, SHAPES[label])

    def small(self, places: Sequence[int]) -> Mapping[int, Pixels]:
        """Return pictures by their places."""
        return {each.place: each.pixels for each in self.read(places)}


@dataclass(frozen=True, eq=False)
class FolderPictures:
    """The pictures of a folder whose classes a network has, or evenly spread ones where these are too many.

    Attributes:
        folder: The folder.
        keys: Of the pictures that are taken.
        digest: Of their paths, sizes and times of change.
        fitting: How many pictures have a class of the network.
        without: For each class of the folder that the network does not have, how many pictures it has; the class of
            pictures that lie in the folder itself is empty.
    """

    name: ClassVar[str] = FOLDER
    at_once: ClassVar[int] = 16

    folder: Folder
    keys: tuple[str, ...]
    digest: str
    fitting: int
    without: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.keys)

    def key(self, place: int) -> str:
        """Return what an address calls a picture."""
        return self.keys[place]

    def read(self, places: Sequence[int]) -> Iterator[Labelled]:
        """Read pictures; the folder notes which cannot be read."""
        for place in places:
            _path, class_name = self.folder.path_of(self.keys[place])
            with suppress(InputError):
                yield Labelled(place, folder.decoded(self.folder, self.keys[place]), class_name)

    def small(self, places: Sequence[int]) -> Mapping[int, Pixels]:
        """Return small pictures by their places."""
        keys = {self.keys[place]: place for place in places}
        found = folder.thumbnails(self.folder, [*keys], len(keys))
        return {keys[key]: pixels for key, pixels in found.items()}


def reads(image: ImageSpec, classes: Sequence[str], name: str) -> bool:
    """Tell whether a network can be tested on one of the sets that come along.

    >>> reads(ImageSpec(3, 32, 32, (0.5,) * 3, (0.5,) * 3), ("cat", *SHAPES), SHAPES_SET)
    True
    """
    if name == MNIST:
        return inputs.reads_digits(image, tuple(classes))
    return name == SHAPES_SET and inputs.reads_shapes(classes)


def of_network(network: Network, given: Folder | None = None) -> tuple[LabelledPictures, ...]:
    """Return the labelled pictures that a network can be tested on.

    Args:
        network: Any.
        given: A folder of pictures, of which those are taken whose class the network has.
    """
    every: tuple[LabelledPictures, ...] = (MnistPictures(), ShapePictures())
    found = [each for each in every if reads(network.input, network.classes, each.name)]
    pictures = given and _of_folder(given, network.classes, int(time.monotonic()) // _FRESH)
    return (*found, pictures) if pictures else (*found,)


@functools.lru_cache(maxsize=16)
def _of_folder(given: Folder, classes: tuple[str, ...], _fresh: int) -> FolderPictures | None:
    known = [name for name in given.files if name in classes]
    every = [f"{folder.SOURCE}-{name}-{number}" for name in known for number in range(len(given.files[name]))]
    if not every:
        return None
    count = min(len(every), MOST, max(1, MOST_VALUES // len(classes)))
    keys = tuple(every[int(place)] for place in np.linspace(0, len(every) - 1, count).round())
    without = {name: len(files) for name, files in given.files.items() if name not in classes}
    return FolderPictures(given, keys, _digest(given, keys, classes), len(every), without)


def _digest(given: Folder, keys: Sequence[str], classes: Sequence[str]) -> str:
    found = hashlib.sha256(repr((str(given.root), classes)).encode())
    for key in keys:
        found.update(repr((key, given.path_of(key)[0], folder.stamp(given, key))).encode())
    return found.hexdigest()
