"""Coloured shapes: their geometry, what a seed decides, that colour gives nothing away, and keys."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from model.errors import InputError
from model.images import shapes
from model.images.records import SHAPES
from model.images.shapes import draw
from model.records import Pixels


def classes_of(seed: int, height: int = 32, width: int = 32) -> NDArray[np.int64]:
    """Return the nine pictures of a seed, (9, H, W, 3)."""
    return np.stack([draw(number, seed, height, width) for number in range(len(SHAPES))]).astype(np.int64)


# One picture


def test_there_are_at_least_eight_classes_with_names_and_outlines() -> None:
    assert len({*SHAPES}) == len(SHAPES) >= 8
    assert {*shapes._OUTLINES} == {*SHAPES}


@pytest.mark.parametrize(("height", "width"), [(32, 32), (8, 8), (20, 70), (65, 33)])
def test_draw_gives_the_same_colour_picture_of_any_size(height: int, width: int) -> None:
    for number in range(len(SHAPES)):
        picture = draw(number, 5, height, width)
        assert picture.shape == (height, width, 3)
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture, draw(number, 5, height, width))
    assert not np.array_equal(draw(0, 5, height, width), draw(0, 6, height, width))


AREAS = {  # of a shape in a circle of radius 1, worked out by hand
    "circle": math.pi,
    "square": 2.0,
    "triangle": 3 * math.sqrt(3) / 4,
    "star": 10 * 0.42 * math.sin(math.pi / 5) / 2,
    "ring": math.pi * (1 - 0.55**2),
}


@pytest.mark.parametrize("name", AREAS)
def test_shape_covers_the_area_of_its_formula(name: str) -> None:
    look = shapes._look(np.random.default_rng(3))
    pixels = shapes._cover(name, look, 200, 240).sum() / (look.radius * 200) ** 2
    assert pixels == pytest.approx(AREAS[name], rel=0.02)
    assert not any(pixels == pytest.approx(area, rel=0.02) for other, area in AREAS.items() if other != name)


@pytest.mark.parametrize("name", SHAPES)
def test_shape_lies_within_the_picture_and_its_edges_are_smooth(name: str) -> None:
    for seed in range(20):
        look = shapes._look(np.random.default_rng(seed))
        cover = shapes._cover(name, look, 40, 60)
        assert (cover.min(), cover.max()) == (0, 1)
        assert ((cover > 0) & (cover < 1)).any()
        farthest = np.hypot(*(np.argwhere(cover > 0) - _centre(look, 40, 60)).T).max()
        assert farthest <= look.radius * 40 + 1


def _centre(look: shapes._Look, height: int, width: int) -> NDArray[np.float64]:
    radius = look.radius * min(height, width)
    centre: NDArray[np.float64] = radius + look.place * (np.array([height, width]) - 2 * radius) - 0.5
    return centre


def test_seed_looks_alike_at_every_size() -> None:
    for number in range(len(SHAPES)):
        small, large = draw(number, 11).astype(float), draw(number, 11, 128, 128).astype(float)
        averaged = large.reshape(32, 4, 32, 4, 3).mean((1, 3))
        assert np.abs(averaged - small).mean() < 24, "the deviation of the noise is at most 24"
        assert np.abs(averaged - draw(number, 12)).mean() > 30


@pytest.mark.parametrize(("number", "seed", "side"), [(-1, 1, 32), (len(SHAPES), 1, 32), (0, -1, 32), (0, 1, 7)])
def test_draw_refuses_other_numbers(number: int, seed: int, side: int) -> None:
    with pytest.raises(InputError, match="There is no picture of shape"):
        draw(number, seed, 32, side)


# Colour


def test_pictures_of_a_seed_differ_in_the_shape_alone() -> None:
    for seed in range(30):
        pictures, look = classes_of(seed), shapes._look(np.random.default_rng(seed))
        away = np.indices((32, 32)).transpose(1, 2, 0) - _centre(look, 32, 32)
        outside = np.hypot(away[..., 0], away[..., 1]) > look.radius * 32 + 1
        assert (pictures[:, outside] == pictures[:1, outside]).all()
        assert len({picture.tobytes() for picture in pictures}) == len(SHAPES)


def test_shape_and_background_have_contrast() -> None:
    for seed in range(60):
        look = shapes._look(np.random.default_rng(seed))
        cover = shapes._cover("circle", look, 32, 32)
        picture = draw(SHAPES.index("circle"), seed).astype(float)
        inside, outside = picture[cover == 1].mean(0), picture[cover == 0].mean(0)
        assert np.linalg.norm(inside - outside) > 40, "80, less the change of light"


def share_by_colour(pictures: Pixels, labels: NDArray[np.int64]) -> float:
    """Return how many of the second half are right by the class whose mean colour in the first half is nearest."""
    colours, half = pictures.reshape(len(pictures), -1, 3).mean(1), len(pictures) // 2
    means = np.stack([colours[:half][labels[:half] == number].mean(0) for number in range(len(SHAPES))])
    nearest = np.linalg.norm(colours[half:, None] - means, axis=2).argmin(1)
    return float((nearest == labels[half:]).mean())


def test_colour_does_not_give_the_class_away() -> None:
    pictures, labels = shapes.pictures("train", 900)
    chance = 1 / len(SHAPES)
    limit = chance + 4 * math.sqrt(chance * (1 - chance) / 450)
    assert share_by_colour(pictures, labels) < limit
    leaking = (pictures * (1 - labels / 12)[:, None, None, None]).astype(np.uint8)  # later classes are darker
    assert share_by_colour(leaking, labels) > limit


# Data sets


def test_pictures_are_balanced_and_no_seed_is_used_twice() -> None:
    pictures, labels = shapes.pictures("test", 45)
    assert pictures.shape == (45, 32, 32, 3)
    assert np.bincount(labels).tolist() == [5] * len(SHAPES)
    for place in (0, 1, 44):
        np.testing.assert_array_equal(pictures[place], draw(place % len(SHAPES), 2_000_000 + place))
    train, test = (range(first, first + shapes.SIZES[split]) for split, first in shapes._FIRST_SEED.items())
    highest_key = shapes.LARGEST_NUMBER * len(SHAPES) + len(SHAPES) - 1
    assert highest_key < train.start < train.stop <= test.start


# Keys


def test_samples_are_found_by_their_keys() -> None:
    found = shapes.samples()
    assert len(found) == len({digit.key for digit in found}) == 3 * len(SHAPES)
    assert shapes.samples() is found, "they are drawn once"
    for digit in found:
        name = digit.key.split("-")[1]
        assert digit.label is not None
        assert SHAPES[digit.label] == name == digit.source.split(",")[0]
        assert not digit.pixels.flags.writeable
        again = shapes.find(digit.key)
        assert (again.key, again.label, again.source) == (digit.key, digit.label, digit.source)
        np.testing.assert_array_equal(again.pixels, digit.pixels)
    assert len({digit.pixels[0, 0].tobytes() for digit in found}) > 20, "each has colours of its own"


def test_samples_can_have_another_size() -> None:
    large = shapes.samples(48, 64)[4]
    assert large.pixels.shape == (48, 64, 3)
    assert large.key == shapes.samples()[4].key
    np.testing.assert_array_equal(shapes.find(large.key, 48, 64).pixels, large.pixels)


def test_more_pictures_than_the_samples_have_keys() -> None:
    assert shapes.find("shape-star-9999").label == SHAPES.index("star")


REFUSED: list[Callable[[str], str]] = [
    lambda name: f"shape-{name}-0",
    lambda name: f"shape-{name}-01",
    lambda name: f"shape-{name}-10000",
    lambda name: f"shape-{name}-٣",
    lambda name: f"shape-{name}-1\n",
    lambda name: f"shape-{name}",
    lambda name: f"shape-{name}s-1",
    lambda _: "shape--1",
    lambda _: "",
    lambda _: "project-3a",
]


@pytest.mark.parametrize("key", REFUSED)
def test_other_keys_are_refused(key: Callable[[str], str]) -> None:
    with pytest.raises(InputError, match="There is no picture"):
        shapes.find(key("circle"))
