"""Pictures other than digits: found by their keys, and fitted to a network with its own classes and numbers."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional as peer

from model.errors import InputError
from model.images import digits, inputs, kept, pictures, shapes
from model.images.folder import listed
from model.images.records import SHAPES
from model.networks.records import ImageSpec

COLOUR = ImageSpec(3, 32, 32, (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616))
GREY = ImageSpec(1, 28, 28, (0.1307,), (0.3081,))


@pytest.fixture(autouse=True)
def _given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASS_PICTURES", str(tmp_path / "pictures"))


def photograph(height: int = 90, width: int = 120) -> io.BytesIO:
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    return file


def test_samples_are_shapes_of_every_class_in_the_networks_size() -> None:
    for image, size in ((COLOUR, (32, 32)), (ImageSpec(3, 40, 56, (0.5,) * 3, (0.2,) * 3), (40, 56))):
        found = pictures.samples(image)
        assert {sample.class_name for sample in found} == {*SHAPES}
        assert {sample.pixels.shape for sample in found} == {(*size, 3)}
        assert {sample.label for sample in found} == {None}, "no network has been asked for its classes"
    assert pictures.DEFAULT in {sample.key for sample in pictures.samples(COLOUR)}


@pytest.mark.parametrize(("side", "drawn"), [(4, 8), (300, 256)])
def test_shapes_are_drawn_in_sizes_that_can_be_drawn(side: int, drawn: int) -> None:
    image = ImageSpec(3, side, side, (0.5,) * 3, (0.2,) * 3)
    found = pictures.find(pictures.DEFAULT, image)
    assert found.pixels.shape == (drawn, drawn, 3)
    assert pictures.fitted(found, image, SHAPES).pixels.shape == (side, side, 3)


@pytest.mark.parametrize("key", ["shape-star-2", "shape-star-777"])
def test_a_shape_is_found_by_its_key(key: str) -> None:
    found = pictures.find(key, COLOUR)
    np.testing.assert_array_equal(found.pixels, shapes.find(key).pixels)
    assert (found.key, found.class_name, found.label) == (key, "star", None)


def test_an_upload_is_found_by_its_key() -> None:
    key = pictures.give(photograph())
    found = pictures.find(key, COLOUR)
    assert (found.label, found.class_name, found.source) == (None, "", "a picture of yours")
    np.testing.assert_array_equal(found.pixels, np.asarray(Image.open(photograph())))
    assert pictures.give(photograph()) == key


def test_a_picture_of_a_folder_is_found_by_its_key(tmp_path: Path) -> None:
    (tmp_path / "star").mkdir()
    (tmp_path / "star" / "a.png").write_bytes(photograph().getvalue())
    found = pictures.find("folder-star-0", COLOUR, listed(tmp_path))
    assert (found.class_name, found.pixels.shape) == ("star", (90, 120, 3))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("shape-blob-1", "There is no picture"),
        ("shape-star-0", "There is no picture"),
        ("picture-" + "0" * 32, "is not here"),
        ("picture-../../x", "is not here"),
        ("folder-star-0", "was not given"),
        ("photo-1", "There is no picture"),
        ("", "There is no picture"),
    ],
)
def test_any_other_key_is_a_sentence(key: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        pictures.find(key, COLOUR)
    assert caught.value.remedy


def test_a_file_that_is_no_picture_is_not_kept() -> None:
    with pytest.raises(InputError, match="not a picture"):
        pictures.give(io.BytesIO(b"What am I?"))
    assert not kept.folder().exists()


def test_a_fitted_picture_is_what_the_network_gets() -> None:
    """Its stages lead from the file to the pixels, as torchvision's transforms do; normalised they are the input."""
    given = pictures.find(pictures.give(photograph()), COLOUR)
    found = pictures.fitted(given, COLOUR, SHAPES)
    assert [stage.name for stage in found.stages] == ["as opened", "scaled", "cropped"]
    np.testing.assert_array_equal(found.stages[0].pixels, given.pixels)
    tensor = torch.from_numpy(given.pixels.copy()).permute(2, 0, 1).float()
    cut = peer.center_crop(peer.resize(tensor, [32], antialias=True), [32, 32]).round().permute(1, 2, 0).numpy()
    assert np.abs(found.pixels - cut).max() <= 1
    assert torch.equal(inputs.to_input(found.pixels, COLOUR), inputs.to_input(given.pixels, COLOUR))


@pytest.mark.parametrize(
    ("classes", "label"), [(SHAPES, 3), (("star", "heart"), 0), (("Star", "heart"), None), (tuple("0123456789"), None)]
)
def test_the_label_is_the_class_of_the_same_name(classes: tuple[str, ...], label: int | None) -> None:
    found = pictures.fitted(pictures.find("shape-star-1", COLOUR), COLOUR, classes)
    assert (found.label, found.class_name) == (label, "star")
    again = pictures.fitted(found, COLOUR, tuple(reversed(classes)))
    assert again.label == (None if label is None else len(classes) - 1 - label), "an index says nothing to others"


@pytest.mark.parametrize(("classes", "label"), [(SHAPES, None), (tuple("9876543210"), 6)])
def test_a_digit_is_a_picture_for_any_network(classes: tuple[str, ...], label: int | None) -> None:
    """A three is no star, though 'star' is class 3."""
    found = pictures.fitted(digits.find("project-3a"), COLOUR, classes)
    assert (found.pixels.shape, found.label, found.class_name) == ((32, 32, 3), label, "3")
    ambiguous = pictures.fitted(digits.find("project-4or9"), COLOUR, classes)
    assert (ambiguous.label, ambiguous.class_name) == (None, "")


def test_a_picture_is_a_digit_for_a_network_of_digits() -> None:
    found = pictures.fitted(pictures.find("shape-star-1", GREY), GREY, tuple("0123456789"))
    assert (found.pixels.shape, found.label) == ((28, 28), None)
    assert [stage.name for stage in found.stages] == ["as opened", "grey"]


def test_the_arithmetic_of_a_value_gives_what_the_network_gets() -> None:
    found = pictures.fitted(pictures.find("shape-star-1", COLOUR), COLOUR, SHAPES)
    x = inputs.to_input(found.pixels, COLOUR)[0]
    for channel, name in enumerate(("Red", "Green", "Blue")):
        said = inputs.say_normalised(found.pixels, COLOUR, (channel, 16, 9))
        level = int(found.pixels[16, 9, channel])
        assert said.startswith(f"{name} {level} of 255: ({level} / 255 − {COLOUR.mean[channel]}) / ")
        assert float(said.rpartition("= ")[2].replace("−", "-")) == pytest.approx(float(x[channel, 16, 9]), abs=6e-5)
    below = ImageSpec(1, 28, 28, (-0.5,), (0.25,))
    assert inputs.say_normalised(np.zeros((28, 28), np.uint8), below, (0, 1, 1)) == (
        "Ink 0 of 255: (0 / 255 + 0.5) / 0.25 = 2.0000"
    )
