"""How a picture becomes what a network takes: fitted to its size and channels, then normalised by its own numbers."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model.errors import InputError
from model.images.records import MEAN, SHAPES, STD, Stage
from model.networks.records import ImageSpec
from model.records import Pixels

DIGIT = ImageSpec(1, 28, 28, (MEAN,), (STD,))  # what the assignment's network takes
_GREY = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


def reads_digits(image: ImageSpec, classes: tuple[str, ...]) -> bool:
    """Tell whether a network reads digits: it takes grey pictures, and its classes are 0 to 9.

    >>> reads_digits(ImageSpec(1, 28, 28, (0.1307,), (0.3081,)), tuple("0123456789"))
    True
    """
    return image.channels == 1 and classes == tuple("0123456789")


def reads_shapes(classes: Sequence[str]) -> bool:
    """Tell whether a network can name each of the shapes that this project draws."""
    return {*SHAPES} <= {*classes}


def check_channels(image: ImageSpec) -> None:
    """Refuse what a network takes if that is neither grey nor coloured pictures.

    Raises:
        InputError: The network takes neither one nor three channels.
    """
    if image.channels not in {1, 3}:
        raise InputError(
            f"The network takes pictures of {image.channels} channels.",
            "A picture has one channel (grey) or three (colour).",
            "Choose a network that takes one of these.",
        )


def fit(pixels: Pixels, image: ImageSpec) -> Pixels:
    """Return a picture in the size and the channels that a network takes.

    A picture of another size is scaled by an antialiased bilinear filter until it covers the input, and its centre is
    kept, with torchvision's rounding (``Resize``, ``CenterCrop``).

    Args:
        pixels: (H, W) or (H, W, 3), from 0 to 255.
        image: What the network takes.

    Returns:
        (H, W), or (H, W, 3) for three channels.

    Raises:
        InputError: The network takes neither one nor three channels.
    """
    fitted: Pixels = fit_all(pixels[None], image)[0]
    return fitted


def fit_all(pixels: Pixels, image: ImageSpec) -> Pixels:
    """Return pictures of one size, (N, H, W) or (N, H, W, 3), as a network takes them: ``fit`` for each, at once."""
    _name, planes = [*_stages(pixels, image)][-1]
    return _as_pixels(planes.expand(-1, image.channels, -1, -1))


def stages(pixels: Pixels, image: ImageSpec) -> tuple[Stage, ...]:
    """Return each stage of fitting a picture that changes it, the picture itself first; the last is what ``fit`` gives.

    Raises:
        InputError: The network takes neither one nor three channels.
    """
    return tuple(Stage(name, _as_pixels(planes)[0]) for name, planes in _stages(pixels[None], image))


def _stages(pixels: Pixels, image: ImageSpec) -> Iterator[tuple[str, Tensor]]:
    """Yield the name of each stage and its planes (N, 1 or 3, H, W), not yet rounded."""
    check_channels(image)
    deep = pixels if pixels.ndim == 4 else pixels[..., None]
    planes = torch.from_numpy(deep.astype(np.float32)).permute(0, 3, 1, 2)
    yield "as opened", planes
    if planes.shape[1] == 3 and image.channels == 1:
        planes = (planes * torch.tensor(_GREY)[:, None, None]).sum(1, keepdim=True)
        yield "grey", planes
    size = _covering(planes.shape[2:], image)
    if size != tuple(planes.shape[2:]):
        planes = functional.interpolate(planes, size, mode="bilinear", antialias=True, align_corners=False)
        yield "scaled", planes
    if size != (image.height, image.width):
        top, left = round((size[0] - image.height) / 2), round((size[1] - image.width) / 2)
        yield "cropped", planes[..., top : top + image.height, left : left + image.width]


def _as_pixels(planes: Tensor) -> Pixels:
    """Round planes (N, C, H, W) to (N, H, W, 3), or to (N, H, W) where there is one."""
    rounded = planes.clamp(0, 255).round().to(torch.uint8)
    pixels: Pixels = np.ascontiguousarray(rounded.permute(0, 2, 3, 1).numpy())
    return pixels if planes.shape[1] == 3 else pixels[..., 0]


def _covering(size: Sequence[int], image: ImageSpec) -> tuple[int, int]:
    """Return the smallest size (H, W) of the same proportions that covers the input."""
    height, width = size
    if (height, width) == (image.height, image.width):
        return height, width
    scale = max(image.height / height, image.width / width)
    return max(image.height, int(height * scale)), max(image.width, int(width * scale))


def normalise(pixels: Pixels, image: ImageSpec) -> Tensor:
    """Scale pictures to [0, 1], subtract the mean and divide by the deviation of each channel.

    Args:
        pixels: (N, H, W), or (N, H, W, C), from 0 to 255, in the size that the network takes.
        image: What the network takes.

    Returns:
        (N, C, H, W), float32.
    """
    scaled = torch.tensor(pixels, dtype=torch.float32) / 255
    scaled = scaled.permute(0, 3, 1, 2) if pixels.ndim == 4 else scaled[:, None]
    mean, std = (torch.tensor(each, dtype=torch.float32)[:, None, None] for each in (image.mean, image.std))
    return ((scaled - mean) / std).contiguous()


def to_input(pixels: Pixels, image: ImageSpec) -> Tensor:
    """Return a network's input for one picture of any size, (1, C, H, W).

    Raises:
        InputError: The network takes neither one nor three channels.
    """
    return to_inputs(pixels[None], image)


def to_inputs(pixels: Pixels, image: ImageSpec) -> Tensor:
    """Return a network's input for pictures of one size, (N, H, W) or (N, H, W, 3): (N, C, H, W).

    Raises:
        InputError: The network takes neither one nor three channels.
    """
    return normalise(fit_all(pixels, image), image)


def say_normalised(pixels: Pixels, image: ImageSpec, unit: tuple[int, int, int]) -> str:
    """Say how a pixel becomes a value of the network's input.

    Args:
        pixels: (H, W) or (H, W, 3), in the size that the network takes.
        image: What the network takes.
        unit: (c, y, x).

    >>> say_normalised(np.zeros((2, 2), np.uint8), ImageSpec(1, 2, 2, (0.1307,), (0.3081,)), (0, 1, 1))
    'Ink 0 of 255: (0 / 255 − 0.1307) / 0.3081 = −0.4242'
    """
    channel, y, x = unit
    level = int(np.atleast_3d(pixels)[y, x, channel])
    mean, std = image.mean[channel], image.std[channel]
    name = "Ink" if image.channels == 1 else ("Red", "Green", "Blue")[channel]
    value = f"{(level / 255 - mean) / std:z.4f}".replace("-", "−")
    minus = "−" if mean >= 0 else "+"
    return f"{name} {level} of 255: ({level} / 255 {minus} {abs(mean):g}) / {std:g} = {value}"
