"""Digits: every source gives one, its key finds it again, and it is normalised as in training."""

import io
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
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


# Keys


def test_find_returns_every_sample_by_its_key() -> None:
    for digit in digits.samples():
        assert digits.find(digit.key) is digit


@pytest.mark.usefixtures("mnist_root")
@pytest.mark.parametrize(("split", "number"), [("test", 0), ("test", 1901), ("test", 9_999), ("train", 59_999)])
def test_find_returns_an_mnist_digit_by_its_key(split: mnist.Split, number: int) -> None:
    digit = digits.mnist(split)[number]
    images, labels = mnist.read(split)
    assert digit.key == f"{split}-{number}"
    assert digit.label == labels[number]
    np.testing.assert_array_equal(digit.pixels, images[number])
    assert_same(digits.find(digit.key), digit)


@pytest.mark.usefixtures("mnist_root")
def test_mnist_slice_has_the_same_digits() -> None:
    test = digits.mnist("test")
    assert len(test) == 10_000
    for digit, number in zip(test[5:9:2], (5, 7), strict=True):
        assert_same(digit, test[number])


@pytest.mark.parametrize("drawing", [SEVEN, [[(0.5, 0.1)]], [[(-3, 0.5), (9, 0.4)], []]], ids=["7", "dot", "over"])
def test_find_returns_a_drawing_by_its_key(drawing: list[list[Point]]) -> None:
    digit = digits.from_strokes(drawing)
    assert digit.key.startswith("drawn-")
    assert_same(digits.find(digit.key), digit)


@given(st.lists(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=6), max_size=4))
@settings(max_examples=20)
def test_find_returns_any_drawing_by_its_key(drawing: list[list[Point]]) -> None:
    try:
        digit = digits.from_strokes(drawing)
    except InputError:
        return
    assert_same(digits.find(digit.key), digit)


@pytest.mark.parametrize("scale", [1, 3, 15])
def test_find_returns_an_upload_by_its_key(scale: int) -> None:
    digit = uploaded(digits.samples()[0].pixels.repeat(scale, 0).repeat(scale + 1, 1))
    assert digit.key.startswith("upload-")
    assert_same(digits.find(digit.key), digit)
    assert not digits.find(digit.key).stages  # the address has the prepared picture only


def test_drawings_and_uploads_have_stages_and_no_label() -> None:
    for digit in (digits.from_strokes(SEVEN), uploaded(digits.samples()[0].pixels)):
        assert digit.label is None
        assert len(digit.stages) == 4
        np.testing.assert_array_equal(digit.stages[-1].pixels, digit.pixels)


@pytest.mark.parametrize("pixels", [np.zeros((28, 28)), np.zeros((3, 28, 28), np.uint8)])
def test_from_pixels_refuses_another_type_or_shape(pixels: Any) -> None:
    with pytest.raises(InputError, match="are not a picture"):
        digits.from_pixels(pixels)


# Errors


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
def test_find_with_any_text_gives_a_digit_or_an_error(key: str) -> None:
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
        ("drawn-x", "'x' is not a complete drawing"),
    ],
)
def test_find_refuses_an_unknown_key(key: str, named: str) -> None:
    with pytest.raises(InputError, match=re.escape(named)):
        digits.find(key)


def test_from_strokes_refuses_nan() -> None:
    with pytest.raises(InputError, match="nan"):
        digits.from_strokes([[(0.5, float("nan"))]])


@pytest.mark.usefixtures("mnist_root")
@pytest.mark.parametrize("number", [-1, 10_000])
def test_mnist_index_out_of_range_raises(number: int) -> None:
    with pytest.raises(IndexError):
        digits.mnist("test")[number]


# Normalisation


def test_to_input_normalises_as_torchvision_does() -> None:
    as_torchvision = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    for digit in digits.samples():
        expected = as_torchvision(Image.fromarray(digit.pixels))[None]
        assert torch.equal(digits.to_input(digit), expected)


def test_normalise_of_a_batch_equals_each_image_alone() -> None:
    some = digits.samples()[:5]
    together = digits.normalise(np.stack([digit.pixels for digit in some]))
    assert torch.equal(together, torch.cat([digits.to_input(digit) for digit in some]))


@pytest.mark.usefixtures("mnist_root")
def test_normalise_gives_training_images_mean_0_and_deviation_1() -> None:
    images, _ = mnist.read("train")
    x = digits.normalise(images[::49])  # even and odd images were written by different people
    assert float(x.mean()) == pytest.approx(0, abs=0.01)
    assert float(x.std()) == pytest.approx(1, abs=0.01)
