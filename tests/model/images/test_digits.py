"""Digits: every source gives one, every key leads back to it, and the network reads it as it was trained to."""

import io
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from torchvision import transforms

from model.errors import DataError, InputError
from model.images import codec, digits, mnist
from model.images.records import Digit
from model.images.strokes import Point
from model.records import Pixels

SEVEN: list[list[Point]] = [[(0.2, 0.2), (0.8, 0.2), (0.4, 0.9)], [(0.3, 0.5), (0.7, 0.5)]]


def uploaded(pixels: Pixels) -> Digit:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return digits.from_upload(file)


def assert_same(one: Digit, other: Digit) -> None:
    assert (one.key, one.label, one.source) == (other.key, other.label, other.source)
    np.testing.assert_array_equal(one.pixels, other.pixels)


# There and back


@pytest.mark.parametrize("digit", digits.samples(), ids=lambda digit: digit.key)
def test_the_key_of_a_sample_leads_back_to_it(digit: Digit) -> None:
    assert digits.find(digit.key) is digit


@pytest.mark.usefixtures("mnist_root")
@pytest.mark.parametrize(("split", "number"), [("test", 0), ("test", 1901), ("test", 9_999), ("train", 59_999)])
def test_the_key_of_one_of_mnist_s_leads_back_to_it(split: mnist.Split, number: int) -> None:
    digit = digits.mnist(split)[number]
    images, labels = mnist.read(split)
    assert digit.key == f"{split}-{number}"
    assert digit.label == labels[number]
    np.testing.assert_array_equal(digit.pixels, images[number])
    assert_same(digits.find(digit.key), digit)


@pytest.mark.usefixtures("mnist_root")
def test_a_slice_of_mnist_holds_the_same_digits() -> None:
    test = digits.mnist("test")
    assert len(test) == 10_000
    for digit, number in zip(test[5:9:2], (5, 7), strict=True):
        assert_same(digit, test[number])


@pytest.mark.parametrize("drawing", [SEVEN, [[(0.5, 0.1)]], [[(-3, 0.5), (9, 0.4)], []]], ids=["7", "dot", "over"])
def test_the_key_of_a_drawing_leads_back_to_it(drawing: list[list[Point]]) -> None:
    digit = digits.from_strokes(drawing)
    assert digit.key.startswith("drawn-")
    assert_same(digits.find(digit.key), digit)


@given(st.lists(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=6), max_size=4))
def test_the_key_of_any_drawing_leads_back_to_it(drawing: list[list[Point]]) -> None:
    try:
        digit = digits.from_strokes(drawing)
    except InputError:
        return
    assert_same(digits.find(digit.key), digit)


@pytest.mark.parametrize("scale", [1, 3, 15])
def test_the_key_of_an_upload_leads_back_to_it(scale: int) -> None:
    digit = uploaded(digits.samples()[0].pixels.repeat(scale, 0).repeat(scale + 1, 1))
    assert digit.key.startswith("upload-")
    assert_same(digits.find(digit.key), digit)
    assert not digits.find(digit.key).stages  # a link holds the finished picture alone


def test_what_a_person_gave_has_no_label_and_shows_its_stages() -> None:
    for digit in (digits.from_strokes(SEVEN), uploaded(digits.samples()[0].pixels)):
        assert digit.label is None
        assert len(digit.stages) == 4
        np.testing.assert_array_equal(digit.stages[-1].pixels, digit.pixels)


@pytest.mark.parametrize("pixels", [np.zeros((28, 28)), np.zeros((3, 28, 28), np.uint8)])
def test_only_grey_pictures_of_bytes_are_pictures(pixels: Any) -> None:
    with pytest.raises(InputError, match="are no picture"):
        digits.from_pixels(pixels)


# Nonsense


@given(
    st.text()
    | st.tuples(
        st.sampled_from(["project", "test", "train", "drawn", "upload"]),
        st.text() | st.integers().map(str) | st.binary(max_size=900).map(codec.pack),
    ).map("-".join)
)
@example("test-" + "9" * 5_000)
@example("test-0000000000010000")
@example("test-²")
@example("upload-" + codec.pack(bytes(784)))
@example("upload-" + codec.pack(b"\xff" * 784))
@example("drawn-" + codec.pack(b""))
def test_a_nonsensical_key_gives_a_digit_or_a_sentence(key: str) -> None:
    try:
        digit = digits.find(key)
    except (InputError, DataError):
        return
    assert digit.pixels.shape == (28, 28)


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("", "no digit ''"),
        ("nonsense", "no digit 'nonsense'"),
        ("project-3z", "no digit 'project-3z'"),
        ("test-10000", "no digit 'test-10000'"),
        ("test--1", "no digit 'test--1'"),
        ("train-60000", "no digit 'train-60000'"),
        ("upload-" + codec.pack(bytes(783)), "holds 783 pixels"),
        ("upload-" + codec.pack(bytes(784)), "blank"),
        ("drawn-" + codec.pack(b""), "blank"),
        ("drawn-x", "'x' is not a whole drawing"),
    ],
)
def test_a_key_that_names_no_digit_is_refused_by_name(key: str, named: str) -> None:
    with pytest.raises(InputError, match=re.escape(named)):
        digits.find(key)


def test_a_point_that_is_nowhere_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="nan"):
        digits.from_strokes([[(0.5, float("nan"))]])


@pytest.mark.usefixtures("mnist_root")
@pytest.mark.parametrize("number", [-1, 10_000])
def test_mnist_has_no_other_numbers(number: int) -> None:
    with pytest.raises(IndexError):
        digits.mnist("test")[number]


# What the network reads


def test_it_reads_a_digit_as_torchvision_would_have_it() -> None:
    as_torchvision = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    for digit in digits.samples():
        expected = as_torchvision(Image.fromarray(digit.pixels))[None]
        assert torch.equal(digits.to_input(digit), expected)


def test_it_reads_many_images_as_it_reads_each() -> None:
    some = digits.samples()[:5]
    together = digits.normalise(np.stack([digit.pixels for digit in some]))
    assert torch.equal(together, torch.cat([digits.to_input(digit) for digit in some]))


@pytest.mark.usefixtures("mnist_root")
def test_training_images_are_normalised_to_mean_0_and_deviation_1() -> None:
    images, _ = mnist.read("train")
    x = digits.normalise(images[::7])  # even and odd ones were written by different people
    assert float(x.mean()) == pytest.approx(0, abs=0.01)
    assert float(x.std()) == pytest.approx(1, abs=0.01)
