"""Pictures other than digits: the project's coloured shapes, uploads, and the folder of whoever starts the app.

Every picture has a key: ``shape-circle-3``, ``picture-<hash>``, ``folder-cat-12``. It is found as it was opened; for a
network it is then fitted to what this network takes, and its class is looked up among the classes of this network.
"""

from dataclasses import replace
from typing import BinaryIO

from model.errors import InputError
from model.images import folder as folders
from model.images import inputs, kept, shapes
from model.images.records import SHAPES, Digit
from model.images.upload import decode_in_colour
from model.networks.records import ImageSpec

SHAPE, GIVEN, FOLDER = "shape", "picture", folders.SOURCE
SOURCES = (SHAPE, GIVEN, FOLDER)
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
DEFAULT = "shape-circle-1"
_SMALLEST, _LARGEST = 8, 256  # pixels a side at which shapes are drawn


def is_picture(key: str) -> bool:
    """Tell whether a key is that of a picture, not of a digit.

    >>> is_picture("shape-circle-3"), is_picture("project-3a")
    (True, False)
    """
    return key.partition("-")[0] in SOURCES


def samples(image: ImageSpec) -> tuple[Digit, ...]:
    """Return the coloured shapes, drawn in the size that a network takes."""
    return tuple(map(_with_class_name, shapes.samples(*_drawn_size(image))))


def find(key: str, image: ImageSpec, folder: folders.Folder | None = None) -> Digit:
    """Return the picture of a key, as it was opened.

    Args:
        key: The key.
        image: What the network takes; shapes are drawn in this size.
        folder: Where the pictures of a folder are looked for.

    Raises:
        InputError: There is none, or not any more.
    """
    source, _, rest = key.partition("-")
    if source == SHAPE:
        for sample in samples(image):  # drawn already
            if sample.key == key:
                return sample
        return _with_class_name(shapes.find(key, *_drawn_size(image)))
    if source == GIVEN:
        return Digit(key, kept.find(rest), None, "a picture of yours")
    if source == FOLDER and folder is not None:
        return folders.find(folder, key)
    if source == FOLDER:
        raise InputError(
            f"The picture '{key[:40]}' is in a folder that this app was not given.",
            "A folder is given when the app is started: 'streamlit run viz/Home.py -- --images FOLDER'.",
            "Choose a picture in the sidebar.",
        )
    raise InputError(
        f"There is no picture '{key[:40]}'.",
        "It can be a sample (shape-circle-1), an upload, or a picture of the folder that the app was given.",
        "Choose a picture in the sidebar.",
    )


def give(file: BinaryIO) -> str:
    """Decode a picture file, keep the picture, and return its key.

    Raises:
        InputError: The file is no picture, or is too large, or the picture cannot be kept.
    """
    return f"{GIVEN}-{kept.keep(decode_in_colour(file))}"


def fitted(digit: Digit, image: ImageSpec, classes: tuple[str, ...]) -> Digit:
    """Return a picture as a network takes it, with the stages of fitting it, and the index of its class in ``classes``.

    The class is found by its name; the name of a digit's class is the digit. Where the network has no class of this
    name, the label is None, and the name stays.

    Raises:
        InputError: The network takes neither one nor three channels.
    """
    name = digit.class_name or ("" if digit.label is None else str(digit.label))
    return replace(
        digit,
        pixels=inputs.fit(digit.pixels, image),
        label=classes.index(name) if name in classes else None,
        class_name=name,
        stages=inputs.stages(digit.pixels, image),
    )


def _drawn_size(image: ImageSpec) -> tuple[int, int]:
    height, width = (min(max(side, _SMALLEST), _LARGEST) for side in (image.height, image.width))
    return height, width


def _with_class_name(shape: Digit) -> Digit:
    """Name the class of a shape, which its label alone says only to the project's own networks."""
    name = "" if shape.label is None else SHAPES[shape.label]
    return replace(shape, label=None, source="drawn for this project", class_name=name)
