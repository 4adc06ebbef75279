"""The digits drawn for this project: enough of them, as MNIST would hold them, and read by the committed weights."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model.images.digits import normalise
from model.images.preparation import prepare
from model.images.records import Digit
from model.images.samples import SKETCHES, Sketch, samples
from model.networks.assignment import weights

PAIRS = list(zip(SKETCHES, samples(), strict=True))
AMBIGUOUS = [(sketch, digit) for sketch, digit in PAIRS if sketch.label is None]
each_digit = pytest.mark.parametrize("digit", samples(), ids=lambda digit: digit.key)
each_ambiguous = pytest.mark.parametrize(("sketch", "digit"), AMBIGUOUS, ids=[sketch.key for sketch, _ in AMBIGUOUS])


def read(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what the committed weights make of (N, 28, 28): probabilities (N, 10)."""
    with torch.no_grad():
        return np.asarray(weights.load()(normalise(pixels)).softmax(dim=1).numpy())


def test_every_digit_comes_in_four_styles_and_six_are_ambiguous() -> None:
    styles = Counter(digit.label for digit in samples())
    assert set(styles) == {None, *range(10)}
    assert min(styles[label] for label in range(10)) >= 4
    assert styles[None] >= 6


def test_keys_are_unique_and_say_what_was_meant() -> None:
    assert len({digit.key for digit in samples()}) == len(samples())
    for sketch, digit in PAIRS:
        assert digit.key == f"project-{sketch.key}"
        assert digit.label == sketch.label
        meant = str(sketch.label) if sketch.between is None else "{}or{}".format(*sketch.between)
        assert sketch.key.startswith(meant)


def test_only_an_ambiguous_one_lies_between_two_digits() -> None:
    for sketch, digit in PAIRS:
        assert (sketch.between is None) == (sketch.label is not None)
        named = [int(word) for word in digit.source.split() if word.isdigit()]
        assert named == list(sketch.between or ())


@each_digit
def test_it_is_as_mnist_would_hold_it(digit: Digit) -> None:
    assert digit.pixels.shape == (28, 28)
    assert digit.pixels.dtype == np.uint8
    inked = np.argwhere(digit.pixels > 0)
    assert max(np.ptp(inked, axis=0) + 1) == 20
    centre = np.average(np.indices((28, 28)).reshape(2, -1), axis=1, weights=digit.pixels.ravel())
    assert np.abs(centre - 14).max() <= 1


@each_digit
def test_preparing_it_again_changes_nothing(digit: Digit) -> None:
    np.testing.assert_array_equal(prepare(digit.pixels)[-1].pixels, digit.pixels)


@each_digit
def test_its_pixels_cannot_be_changed(digit: Digit) -> None:
    with pytest.raises(ValueError, match="read-only"):
        digit.pixels[0, 0] = 1


@pytest.mark.parametrize("label", range(10))
def test_two_styles_of_a_digit_are_never_nearly_equal(label: int) -> None:
    for one, other in combinations([digit for digit in samples() if digit.label == label], 2):
        correlation = np.corrcoef(one.pixels.ravel(), other.pixels.ravel())[0, 1]
        assert correlation < 0.97, f"{one.key} and {other.key} correlate by {correlation:.3f}"


def test_the_committed_weights_read_the_clear_ones() -> None:
    """The subject is the weights in the repository: after training anew it may ask for a better sketch."""
    clear = [digit for digit in samples() if digit.label is not None]
    labels = np.array([digit.label for digit in clear])
    right = read(np.stack([digit.pixels for digit in clear])).argmax(axis=1) == labels
    wrong = [digit.key for digit, fine in zip(clear, right, strict=True) if not fine]
    assert right.mean() >= 0.95, f"misread: {wrong}"


@each_ambiguous
def test_the_committed_weights_are_torn_between_the_two(sketch: Sketch, digit: Digit) -> None:
    """The subject is the weights in the repository, as above."""
    probabilities = read(digit.pixels[None])[0]
    assert sketch.between is not None
    both = probabilities[list(sketch.between)]
    assert set(probabilities.argsort()[-2:]) == set(sketch.between)
    assert both.sum() > 0.8
    assert both.max() < 0.85
