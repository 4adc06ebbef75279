"""Doubts: what shows no digit gets a reason, and almost no digit does."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from safetensors.numpy import load_file

from model.images import doubt, mnist
from model.images.digits import from_strokes, read_picture, samples
from model.images.upload import Picture
from model.records import Pixels


def pixels_of(sheet: Image.Image) -> Pixels:
    return read_picture(Picture(np.asarray(sheet, dtype=np.float32), lossy=False)).digits[0].pixels


def face() -> Image.Image:
    sheet = Image.new("L", (300, 300), 255)
    brush = ImageDraw.Draw(sheet)
    brush.ellipse((20, 20, 280, 280), outline=0, width=14)
    for x in (95, 175):
        brush.ellipse((x, 90, x + 30, 120), fill=0)
    brush.arc((90, 120, 210, 230), 20, 160, fill=0, width=14)
    return sheet


def block() -> Image.Image:
    sheet = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(sheet).rectangle((90, 90, 210, 210), fill=0)
    return sheet


def test_dot_on_the_pad_is_doubted() -> None:
    assert any("is ink" in reason for reason in doubt.doubts(from_strokes([[(0.5, 0.5)]]).pixels))


@pytest.mark.parametrize(("picture", "reason"), [(face, "separate pieces"), (block, "is ink")])
def test_what_is_no_digit_is_doubted_with_a_reason(picture: object, reason: str) -> None:
    assert callable(picture)
    assert any(reason in each for each in doubt.doubts(pixels_of(picture())))


def test_shape_that_no_class_has_is_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    strokes = [[(0.1, 0.1 + 0.2 * row), (0.9, 0.1 + 0.2 * row)] for row in range(5)]
    ladder = from_strokes([*strokes, [(0.5, 0.1), (0.5, 0.9)]]).pixels
    assert any("Its shape differs" in reason for reason in doubt.doubts(ladder))
    monkeypatch.setattr(doubt, "distance_from_digits", lambda _pixels: 0.0)
    assert not any("Its shape differs" in reason for reason in doubt.doubts(ladder))


def test_almost_no_sample_is_doubted() -> None:
    doubted = [digit.key for digit in samples() if digit.label is not None and doubt.doubts(digit.pixels)]
    assert len(doubted) <= 2, doubted


@pytest.mark.usefixtures("mnist_root")
@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.exhaustive)])
def test_at_most_two_in_a_hundred_mnist_digits_are_doubted(step: int) -> None:
    images, _ = mnist.read("test")
    assert np.mean([bool(doubt.doubts(pixels)) for pixels in images[::step]]) <= 0.02


@pytest.mark.usefixtures("mnist_root")
@pytest.mark.exhaustive  # decompositions of six thousand images
@pytest.mark.parametrize("label", [1, 8])
def test_shapes_are_the_principal_components_of_mnist(label: int) -> None:
    """A singular value decomposition gives the same axes as the eigenvectors of the covariance."""
    images, labels = mnist.read("train")
    flat = images[labels == label].reshape(-1, 784) / 255
    axes = np.linalg.svd(flat - flat.mean(0), full_matrices=False)[2][:8]
    kept = load_file(doubt.SHAPES)
    np.testing.assert_allclose(kept["means"][label], flat.mean(0), atol=1e-3)
    agreement = np.abs((kept["components"][label].astype(float) * axes).sum(1))
    np.testing.assert_allclose(agreement, 1, atol=1e-2)


@pytest.mark.usefixtures("mnist_root")
def test_distance_is_what_a_projection_leaves_over() -> None:
    images, labels = mnist.read("train")
    some = images[:3]
    kept = load_file(doubt.SHAPES)
    for pixels in some:
        rests = []
        for mean, axes in zip(kept["means"].astype(float), kept["components"].astype(float), strict=True):
            offset = pixels.ravel() / 255 - mean
            weights = np.linalg.lstsq(axes.T, offset, rcond=None)[0]
            rests.append(((offset - axes.T @ weights) ** 2).sum())
        assert doubt.distance_from_digits(pixels) == pytest.approx(min(rests), abs=0.1)
    assert len(labels) == len(images)


@pytest.mark.exhaustive
def test_command_writes_the_shapes(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28), dtype=np.uint8)
    monkeypatch.setattr("model.images.mnist.read", lambda _split: (images, np.arange(200) % 10))
    path = f"{tmp_path}/shapes.safetensors"
    doubt.main([path])
    kept = load_file(path)
    assert {name: (each.shape, str(each.dtype)) for name, each in kept.items()} == {
        "means": ((10, 784), "float16"),
        "components": ((10, 8, 784), "float16"),
    }
