"""The samples: enough of them, in MNIST's format, and classified by the shipped weights."""

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
each_ambiguous = pytest.mark.parametrize(("sketch", "digit"), AMBIGUOUS, ids=[sketch.key for sketch, _ in AMBIGUOUS])


def probabilities_of(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probabilities (N, 10) that the shipped weights give for (N, 28, 28)."""
    with torch.no_grad():
        return np.asarray(weights.load()(normalise(pixels)).softmax(dim=1).numpy())


def test_samples_have_four_styles_each_and_six_ambiguous_ones() -> None:
    styles = Counter(digit.label for digit in samples())
    assert set(styles) == {None, *range(10)}
    assert min(styles[label] for label in range(10)) >= 4
    assert styles[None] >= 6


def test_sample_keys_are_unique_and_name_the_label() -> None:
    assert len({digit.key for digit in samples()}) == len(samples())
    for sketch, digit in PAIRS:
        assert digit.key == f"project-{sketch.key}"
        assert digit.label == sketch.label
        meant = str(sketch.label) if sketch.between is None else "{}or{}".format(*sketch.between)
        assert sketch.key.startswith(meant)


def test_only_ambiguous_samples_have_two_possible_digits() -> None:
    for sketch, digit in PAIRS:
        assert (sketch.between is None) == (sketch.label is not None)
        named = [int(word) for word in digit.source.split() if word.isdigit()]
        assert named == list(sketch.between or ())


def test_samples_have_the_format_of_mnist() -> None:
    for digit in samples():
        assert digit.pixels.shape == (28, 28)
        assert digit.pixels.dtype == np.uint8
        inked = np.argwhere(digit.pixels > 0)
        assert max(np.ptp(inked, axis=0) + 1) == 20, digit.key
        centre = np.average(np.indices((28, 28)).reshape(2, -1), axis=1, weights=digit.pixels.ravel())
        assert np.abs(centre - 14).max() <= 1, digit.key


def test_prepare_does_not_change_samples() -> None:
    for digit in samples():
        np.testing.assert_array_equal(prepare(digit.pixels)[-1].pixels, digit.pixels, digit.key)


def test_sample_pixels_are_read_only() -> None:
    for digit in samples():
        with pytest.raises(ValueError, match="read-only"):
            digit.pixels[0, 0] = 1


def test_styles_of_a_digit_differ() -> None:
    for one, other in combinations([digit for digit in samples() if digit.label is not None], 2):
        if one.label != other.label:
            continue
        correlation = np.corrcoef(one.pixels.ravel(), other.pixels.ravel())[0, 1]
        assert correlation < 0.97, f"{one.key} and {other.key} correlate by {correlation:.3f}"


def test_shipped_weights_classify_unambiguous_samples() -> None:
    """This tests the weights in the repository; after another training a sample may have to be improved."""
    clear = [digit for digit in samples() if digit.label is not None]
    labels = np.array([digit.label for digit in clear])
    correct = probabilities_of(np.stack([digit.pixels for digit in clear])).argmax(axis=1) == labels
    wrong = [digit.key for digit, is_correct in zip(clear, correct, strict=True) if not is_correct]
    assert correct.mean() >= 0.95, f"misclassified: {wrong}"


@each_ambiguous
def test_shipped_weights_give_both_digits_of_ambiguous_samples(sketch: Sketch, digit: Digit) -> None:
    """This tests the weights in the repository, as above."""
    probabilities = probabilities_of(digit.pixels[None])[0]
    assert sketch.between is not None
    both = probabilities[list(sketch.between)]
    assert set(probabilities.argsort()[-2:]) == set(sketch.between)
    assert both.sum() > 0.8
    assert both.max() < 0.85
