"""Preparation: any ink gets MNIST's format, and prepared digits do not change."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.errors import InputError
from model.images import mnist
from model.images.preparation import prepare
from model.records import Pixels

sheets = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60)), elements=st.integers(0, 255), fill=st.just(0)
)


def digit_of(pixels: Pixels) -> Pixels:
    """Return the last stage; skip the example where the ink is refused."""
    try:
        return prepare(pixels)[-1].pixels
    except InputError:
        assume(False)
        raise


def inked(pixels: Pixels) -> list[slice]:
    """Return the rows and the columns between the first and the last ink."""
    spans = [np.flatnonzero(pixels.any(axis)) for axis in (1, 0)]
    return [slice(int(span[0]), int(span[-1]) + 1) for span in spans]


@given(sheets)
@settings(max_examples=25)
def test_prepare_scales_the_longer_side_to_20(pixels: Pixels) -> None:
    digit = digit_of(pixels)
    assert digit.shape == (28, 28)
    assert digit.dtype == np.uint8
    assert max(span.stop - span.start for span in inked(digit)) == 20


@given(sheets)
@settings(max_examples=25)
def test_prepare_centres_the_mass_as_far_as_possible(pixels: Pixels) -> None:
    digit = digit_of(pixels)
    for axis, span in enumerate(inked(digit)):
        centre = np.average(np.arange(28), weights=digit.sum(axis=1 - axis))
        pushed_against_the_edge = span.start == 0 or span.stop == 28
        assert abs(centre - 14) <= 0.5 or pushed_against_the_edge


@given(sheets)
@settings(max_examples=25)
def test_prepare_of_a_prepared_digit_changes_nothing(pixels: Pixels) -> None:
    digit = digit_of(pixels)
    np.testing.assert_array_equal(prepare(digit)[-1].pixels, digit)


@given(sheets, st.tuples(*[st.integers(0, 40)] * 4))
@settings(max_examples=25)
def test_prepare_ignores_where_the_ink_lies(pixels: Pixels, margins: tuple[int, int, int, int]) -> None:
    digit = digit_of(pixels)
    top, bottom, left, right = margins
    moved = np.pad(pixels, ((top, bottom), (left, right)))
    np.testing.assert_array_equal(prepare(moved)[-1].pixels, digit)


@pytest.mark.parametrize(("shape", "boxed"), [((40, 30), (20, 15)), ((5, 10), (10, 20)), ((100, 1), (20, 1))])
def test_prepare_keeps_proportions(shape: tuple[int, int], boxed: tuple[int, int]) -> None:
    sheet = np.zeros((150, 150), dtype=np.uint8)
    sheet[7 : 7 + shape[0], 9 : 9 + shape[1]] = 200
    stages = {stage.name: stage.pixels for stage in prepare(sheet)}
    assert list(stages) == ["as drawn", "cut out", "20x20 box", "28x28"]
    assert stages["as drawn"] is sheet
    assert stages["cut out"].shape == shape
    assert stages["20x20 box"].shape == boxed
    assert (stages["20x20 box"] == 200).all()


def test_prepare_crops_an_edge_that_vanishes_when_scaled() -> None:
    sheet = np.zeros((200, 200), dtype=np.uint8)
    sheet[20:180, 90:110] = 255
    sheet[0, 100] = 1
    assert max(span.stop - span.start for span in inked(prepare(sheet)[-1].pixels)) == 20


@pytest.mark.usefixtures("mnist_root")
@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.exhaustive)])
def test_prepare_does_not_change_mnist_digits(count: int) -> None:
    images, _ = mnist.read("test")
    for number in range(count):
        np.testing.assert_array_equal(prepare(images[number])[-1].pixels, images[number], f"test-{number}")


FAINT = np.zeros((3_000, 2_000), dtype=np.uint8)
FAINT[[0, -1], [0, -1]] = 1


@pytest.mark.parametrize(
    ("pixels", "named"),
    [
        (np.zeros((9, 9), dtype=np.uint8), "blank"),
        (np.full((9, 9), 255, dtype=np.uint8), "100% of the sheet is ink"),
        (np.arange(100, dtype=np.uint8).reshape(10, 10), "99% of the sheet is ink"),
    ],
    ids=["blank", "full", "nearly full"],
)
def test_prepare_refuses_a_sheet_without_a_digit(pixels: Pixels, named: str) -> None:
    with pytest.raises(InputError, match=named):
        prepare(pixels)
