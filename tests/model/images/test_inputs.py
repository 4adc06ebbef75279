"""How a picture becomes a network's input, against torchvision's own transforms."""

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as peer

from model.errors import InputError
from model.images import digits, inputs
from model.networks.records import ImageSpec
from model.records import Pixels

MNIST = ImageSpec(1, 28, 28, (0.1307,), (0.3081,))


def picture(height: int, width: int) -> Pixels:
    """Return a coloured picture of noise."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_digit_becomes_what_it_always_was() -> None:
    """MNIST's size, mean and deviation give the input of the assignment's network to the bit."""
    sample = digits.samples()[3]
    assert torch.equal(inputs.to_input(sample.pixels, MNIST), digits.to_input(sample))


@pytest.mark.parametrize("size", [(40, 61), (300, 200), (17, 23), (32, 32)])
def test_another_size_is_scaled_and_cropped_as_by_torchvision(size: tuple[int, int]) -> None:
    """The shorter side is scaled with antialiasing, and the centre is kept."""
    pixels, image = picture(*size), ImageSpec(3, 32, 32, (0.5, 0.4, 0.3), (0.2, 0.25, 0.3))
    tensor = torch.from_numpy(pixels).permute(2, 0, 1).float()
    scaled = peer.resize(tensor, [32], antialias=True)
    cut = peer.center_crop(scaled, [32, 32]).clamp(0, 255).round() / 255
    expected = peer.normalize(cut, list(image.mean), list(image.std))[None]
    found = inputs.to_input(pixels, image)
    assert found.shape == (1, 3, 32, 32)
    assert (found - expected).abs().max() < 1 / 255 / 0.2 + 1e-6  # one level, where the halves of a pixel round apart
    assert (found - expected).abs().mean() < 1e-3


@pytest.mark.parametrize(
    ("size", "channels", "names"),
    [
        ((40, 61), 3, ["as opened", "scaled", "cropped"]),
        ((40, 61), 1, ["as opened", "grey", "scaled", "cropped"]),
        ((64, 64), 3, ["as opened", "scaled"]),
        ((32, 50), 3, ["as opened", "cropped"]),
        ((32, 32), 3, ["as opened"]),
    ],
)
def test_each_stage_that_changes_the_picture_is_kept(size: tuple[int, int], channels: int, names: list[str]) -> None:
    """The last one is what the network gets, and each has the size that torchvision gives it."""
    image = ImageSpec(channels, 32, 32, (0.5,) * channels, (0.2,) * channels)
    pixels = picture(*size)
    found = inputs.stages(pixels, image)
    assert [stage.name for stage in found] == names
    np.testing.assert_array_equal(found[0].pixels, pixels)
    np.testing.assert_array_equal(found[-1].pixels, inputs.fit(pixels, image))
    tensor = torch.from_numpy(pixels).permute(2, 0, 1).float()
    if channels == 3 and "scaled" in names:
        scaled = peer.resize(tensor, [32], antialias=True).round().permute(1, 2, 0).numpy()
        assert np.abs(found[1].pixels - scaled).max() <= 1


def test_a_grey_picture_has_three_equal_channels_in_the_end_only() -> None:
    """A stage shows what is there: the digit itself is grey."""
    image = ImageSpec(3, 32, 32, (0.5,) * 3, (0.2,) * 3)
    digit = digits.samples()[3].pixels
    assert [stage.pixels.shape for stage in inputs.stages(digit, image)] == [(28, 28), (32, 32)]
    fitted = inputs.fit(digit, image)
    assert fitted.shape == (32, 32, 3)
    np.testing.assert_array_equal(fitted, inputs.stages(digit, image)[-1].pixels[..., None].repeat(3, axis=2))


def test_colour_and_grey_are_turned_into_each_other() -> None:
    """One channel of a coloured picture is its luminance; three channels of a grey one are equal."""
    grey = ImageSpec(1, 32, 32, (0.0,), (1.0,))
    tensor = torch.from_numpy(picture(32, 32)).permute(2, 0, 1)
    assert (inputs.to_input(picture(32, 32), grey)[0] * 255 - peer.rgb_to_grayscale(tensor)).abs().max() <= 1
    colour = inputs.to_input(picture(32, 32)[..., 0], ImageSpec(3, 32, 32, (0.0,) * 3, (1.0,) * 3))
    assert torch.equal(colour[0, 0], colour[0, 2])


def test_other_numbers_of_channels_are_refused() -> None:
    """No channel is made up."""
    with pytest.raises(InputError, match="4 channels"):
        inputs.to_input(picture(32, 32), ImageSpec(4, 32, 32, (0.0,) * 4, (1.0,) * 4))


def test_who_reads_digits() -> None:
    """One channel and the classes 0 to 9."""
    tens = tuple("0123456789")
    assert inputs.reads_digits(MNIST, tens)
    assert not inputs.reads_digits(MNIST, (*tens[:9], "ten"))
    assert not inputs.reads_digits(ImageSpec(3, 32, 32, (0.5,) * 3, (0.5,) * 3), tens)
