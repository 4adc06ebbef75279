"""Preparation: any ink ends as MNIST would hold it, and what is so already is left alone."""

import numpy as np
import pytest
from hypothesis import assume, given
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
    """Return the last stage, and give up on ink that is refused."""
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
def test_the_longer_side_of_the_ink_is_20(pixels: Pixels) -> None:
    digit = digit_of(pixels)
    assert digit.shape == (28, 28)
    assert digit.dtype == np.uint8
    assert max(span.stop - span.start for span in inked(digit)) == 20


@given(sheets)
def test_its_mass_is_centred_as_far_as_the_sheet_allows(pixels: Pixels) -> None:
    digit = digit_of(pixels)
    for axis, span in enumerate(inked(digit)):
        centre = np.average(np.arange(28), weights=digit.sum(axis=1 - axis))
        pushed_against_the_edge = span.start == 0 or span.stop == 28
        assert abs(centre - 14) <= 0.5 or pushed_against_the_edge


@given(sheets)
def test_preparing_a_digit_again_changes_nothing(pixels: Pixels) -> None:
    digit = digit_of(pixels)
    np.testing.assert_array_equal(prepare(digit)[-1].pixels, digit)


@given(sheets, st.tuples(*[st.integers(0, 40)] * 4))
def test_where_on_the_sheet_the_ink_lies_does_not_matter(pixels: Pixels, margins: tuple[int, int, int, int]) -> None:
    digit = digit_of(pixels)
    top, bottom, left, right = margins
    moved = np.pad(pixels, ((top, bottom), (left, right)))
    np.testing.assert_array_equal(prepare(moved)[-1].pixels, digit)


@pytest.mark.parametrize(("shape", "boxed"), [((40, 30), (20, 15)), ((5, 10), (10, 20)), ((100, 1), (20, 1))])
def test_proportions_are_kept(shape: tuple[int, int], boxed: tuple[int, int]) -> None:
    sheet = np.zeros((150, 150), dtype=np.uint8)
    sheet[7 : 7 + shape[0], 9 : 9 + shape[1]] = 200
    stages = {stage.name: stage.pixels for stage in prepare(sheet)}
    assert list(stages) == ["as drawn", "cut out", "20x20 box", "28x28"]
    assert stages["as drawn"] is sheet
    assert stages["cut out"].shape == shape
    assert stages["20x20 box"].shape == boxed
    assert (stages["20x20 box"] == 200).all()


def test_an_edge_that_scaling_leaves_nothing_of_does_not_make_the_digit_smaller() -> None:
    sheet = np.zeros((200, 200), dtype=np.uint8)
    sheet[20:180, 90:110] = 255
    sheet[0, 100] = 1
    assert max(span.stop - span.start for span in inked(prepare(sheet)[-1].pixels)) == 20


@pytest.mark.usefixtures("mnist_root")
def test_digits_of_mnist_are_left_alone() -> None:
    images, _ = mnist.read("test")
    for number in range(2_000):
        np.testing.assert_array_equal(prepare(images[number])[-1].pixels, images[number], f"test-{number}")


FAINT = np.zeros((3_000, 2_000), dtype=np.uint8)
FAINT[[0, -1], [0, -1]] = 1


@pytest.mark.parametrize(
    ("pixels", "named"),
    [
        (np.zeros((9, 9), dtype=np.uint8), "blank"),
        (np.full((9, 9), 255, dtype=np.uint8), "100% of the sheet is ink"),
        (np.arange(100, dtype=np.uint8).reshape(10, 10), "99% of the sheet is ink"),
        (FAINT, "nothing of 2,000 by 3,000 pixels is left"),
    ],
    ids=["blank", "full", "nearly full", "faint"],
)
def test_a_sheet_that_shows_no_digit_is_refused(pixels: Pixels, named: str) -> None:
    with pytest.raises(InputError, match=named):
        prepare(pixels)
