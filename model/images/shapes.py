"""Coloured shapes, drawn by the project: pictures with labels for networks that do not read digits.

A number, the seed, decides everything about a picture except its shape: the colours of shape and background, the place,
the size, the turn, the light and the noise. So the nine pictures of one seed differ in the shape alone, and colour
cannot give the class away.
"""

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model.errors import InputError
from model.images.mnist import Split
from model.images.records import SHAPES, Digit
from model.records import Numbers, Pixels

SIDE = 32  # of the pictures of the data sets
SIZES: Mapping[Split, int] = {"train": 30_000, "test": 5_000}
LARGEST_NUMBER = 9_999  # of a picture that has a key
_FIRST_SEED: Mapping[Split, int] = {"train": 1_000_000, "test": 2_000_000}  # no picture is in two sets
_EACH = 3  # samples of each class
_FINER = 4  # the shape is drawn so many times larger, and then averaged
_CONTRAST = 80.0  # the smallest distance of the two colours, of 442 from black to white
_RADIUS = (0.18, 0.42)  # as a share of the shorter side
_SLOPE, _NOISE = 30.0, 24.0  # the largest change of light across the picture, and deviation of the noise
_KEY = re.compile(rf"shape-({'|'.join(SHAPES)})-([1-9][0-9]{{0,3}})", re.ASCII)
_TEST = "test"
_TEST_KEY = re.compile(rf"shape-{_TEST}-(0|[1-9][0-9]{{0,3}})", re.ASCII)


@dataclass(frozen=True, eq=False, slots=True)
class _Look:
    """All of a picture but its shape.

    Attributes:
        colours: Of the background and of the shape, (2, 3).
        place: Where the centre is in the room that the radius leaves, (y, x) in 0..1.
        radius: Of the circle around the shape, as a share of the shorter side.
        turn: In radians.
        light: The change of all colours along y and along x, (2,).
        noise: The deviation of each value.
    """

    colours: Numbers
    place: Numbers
    radius: float
    turn: float
    light: Numbers
    noise: float


def draw(class_index: int, seed: int, height: int = SIDE, width: int = SIDE) -> Pixels:
    """Draw a picture of one shape; the same arguments give the same picture, and a seed looks alike at every size.

    Args:
        class_index: Of the shape in ``SHAPES``.
        seed: Of everything else, at least 0.
        height: At least 8.
        width: At least 8.

    Returns:
        (height, width, 3) in 0..255.

    Raises:
        InputError: There is no such shape or seed, or the picture is too small.

    >>> draw(SHAPES.index("star"), 7).shape
    (32, 32, 3)
    """
    if not 0 <= class_index < len(SHAPES) or seed < 0 or min(height, width) < 8:
        raise InputError(
            f"There is no picture of shape {class_index}, seed {seed} and {height}x{width} pixels.",
            f"Shapes are 0 to {len(SHAPES) - 1}, seeds at least 0, and sides at least 8.",
            "Give other numbers.",
        )
    generator = np.random.default_rng(seed)
    look = _look(generator)
    cover = _cover(SHAPES[class_index], look, height, width)[..., None]  # (H, W, 1)
    background, shape = look.colours
    y, x = np.linspace(-1, 1, height)[:, None, None], np.linspace(-1, 1, width)[None, :, None]
    light = look.light[0] * y + look.light[1] * x  # (H, W, 1)
    noise = generator.normal(0, look.noise, (height, width, 3))
    picture = background + (shape - background) * cover + light + noise
    drawn: Pixels = picture.round().clip(0, 255).astype(np.uint8)
    return drawn


def pictures(split: Split, count: int | None = None) -> tuple[Pixels, NDArray[np.int64]]:
    """Draw the pictures of a data set; every class is equally frequent, and no two pictures have the same seed.

    Args:
        split: Which pictures; those for training and those for testing have no seed in common.
        count: How many, by default all of ``SIZES``.

    Returns:
        Pictures (N, 32, 32, 3) and their labels (N,).
    """
    numbers = range(SIZES[split] if count is None else count)
    drawn = [picture(split, number)[0] for number in numbers]
    return np.stack(drawn), np.array(numbers, dtype=np.int64) % len(SHAPES)


def picture(split: Split, number: int, height: int = SIDE, width: int = SIDE) -> tuple[Pixels, int]:
    """Draw one picture of a data set, (height, width, 3), and return it with its label."""
    label = number % len(SHAPES)
    return draw(label, _FIRST_SEED[split] + number, height, width), label


def test_key(number: int) -> str:
    """Return the key of a test picture, from ``shape-test-0`` to ``shape-test-4999``."""
    return f"shape-{_TEST}-{number}"


@functools.lru_cache(maxsize=8)
def samples(height: int = SIDE, width: int = SIDE) -> tuple[Digit, ...]:
    """Draw three pictures of each shape, ``shape-circle-1`` to ``shape-arrow-3``; their pixels are read-only.

    Args:
        height: Of each picture; the same key shows the same picture at every size.
        width: Likewise.
    """
    return tuple(_sample(name, number, height, width) for name in SHAPES for number in range(1, _EACH + 1))


def find(key: str, height: int = SIDE, width: int = SIDE) -> Digit:
    """Return the picture of a key, such as ``shape-circle-3`` or ``shape-test-17``.

    The number of a shape is from 1 to 9999, that of a test picture from 0 to 4999.

    Raises:
        InputError: There is none.
    """
    test = _TEST_KEY.fullmatch(key)
    if test and int(test[1]) < SIZES["test"]:
        pixels, label = picture("test", int(test[1]), height, width)
        return Digit(key, pixels, label, f"test picture {int(test[1]):,}, drawn by this project")
    match = _KEY.fullmatch(key)
    if match is None:
        raise InputError(
            f"There is no picture '{key[:40]}'.",
            f"Shapes are shape-circle-1 to shape-{SHAPES[-1]}-{LARGEST_NUMBER}, and {test_key(0)} to "
            f"{test_key(SIZES['test'] - 1)}.",
            "Choose a picture in the sidebar.",
        )
    return _sample(match[1], int(match[2]), height, width)


def _sample(name: str, number: int, height: int, width: int) -> Digit:
    label = SHAPES.index(name)
    pixels = draw(label, number * len(SHAPES) + label, height, width)  # every sample has colours of its own
    pixels.setflags(write=False)
    return Digit(f"shape-{name}-{number}", pixels, label, f"{name}, drawn by this project")


def _look(generator: np.random.Generator) -> _Look:
    colours = generator.uniform(0, 255, (2, 3))
    while np.linalg.norm(colours[1] - colours[0]) < _CONTRAST:
        colours = generator.uniform(0, 255, (2, 3))
    return _Look(
        colours,
        generator.uniform(0, 1, 2),
        generator.uniform(*_RADIUS),
        generator.uniform(0, math.tau),
        generator.uniform(-_SLOPE, _SLOPE, 2) / 2,
        generator.uniform(0, _NOISE),
    )


def _cover(name: str, look: _Look, height: int, width: int) -> Numbers:
    """Return how much of each pixel the shape covers, (H, W) in 0..1."""
    radius = look.radius * min(height, width)
    centre = radius + look.place * (np.array([height, width]) - 2 * radius)  # the shape lies within the picture
    sheet = Image.new("L", (width * _FINER, height * _FINER))
    pen = ImageDraw.Draw(sheet)
    cosine, sine = math.cos(look.turn), math.sin(look.turn)
    turned = np.array([[cosine, sine], [-sine, cosine]])
    for outline, fill in _OUTLINES[name]:
        corners = (centre[::-1] + radius * outline @ turned) * _FINER - 0.5
        pen.polygon([*corners.ravel().tolist()], fill=fill)
    drawn = np.asarray(sheet, dtype=np.float64).reshape(height, _FINER, width, _FINER)
    cover: Numbers = drawn.mean((1, 3)) / 255
    return cover


# Outlines within a circle of radius 1 around (0, 0): corners (n, 2) as (x, y), y down, and 255 for what is filled with
# the shape or 0 for a hole.

_Outline = tuple[Numbers, int]


def _on_circle(corners: int, radius: float = 1.0, first: float = 0.0, share: float = 1.0) -> Numbers:
    """Return points on a circle, (n, 2): from an angle (0 is to the right) over a share of its circumference."""
    angles = first + np.arange(corners) * (math.tau * share / (corners if share == 1 else corners - 1))
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _star() -> Numbers:
    outer, inner = _on_circle(5), _on_circle(5, 0.42, math.tau / 10)
    return np.stack([outer, inner], axis=1).reshape(10, 2)


def _cross(half: float = 0.28) -> Numbers:
    """Return a plus sign whose arms are ``2 * half`` wide."""
    arm = np.array([[half, -half], [math.sqrt(1 - half**2), -half], [math.sqrt(1 - half**2), half]])
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    return np.concatenate([arm @ np.linalg.matrix_power(quarter, number) for number in range(4)])


def _heart() -> Numbers:
    t = np.linspace(0, math.tau, 60, endpoint=False)
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    points = np.stack([16 * np.sin(t) ** 3, y - (y.max() + y.min()) / 2], axis=1)
    found: Numbers = points / np.linalg.norm(points, axis=1).max()
    return found


def _crescent(shift: float = 0.5, radius: float = 0.85) -> Numbers:
    """Return a circle without another one, whose centre lies ``shift`` to the right."""
    x = (1 + shift**2 - radius**2) / (2 * shift)  # where the two circles meet
    outer, inner = math.acos(x), math.atan2(math.sqrt(1 - x**2), x - shift)
    back = _on_circle(40, 1.0, outer, 1 - outer / math.pi)
    front = _on_circle(40, radius, inner, 1 - inner / math.pi) + np.array([shift, 0.0])
    return np.concatenate([back, front[::-1]])


def _arrow() -> Numbers:
    upper = np.array([[1.0, 0.0], [0.1, -0.8], [0.1, -0.3], [-0.95, -0.3]])
    return np.concatenate([upper, upper[:0:-1] * np.array([1.0, -1.0])])


_OUTLINES: Mapping[str, tuple[_Outline, ...]] = {
    "circle": ((_on_circle(60), 255),),
    "square": ((_on_circle(4), 255),),
    "triangle": ((_on_circle(3), 255),),
    "star": ((_star(), 255),),
    "cross": ((_cross(), 255),),
    "ring": ((_on_circle(60), 255), (_on_circle(60, 0.55), 0)),
    "heart": ((_heart(), 255),),
    "crescent": ((_crescent(), 255),),
    "arrow": ((_arrow(), 255),),
}
