"""How a picture becomes what a network takes: fitted to its size and channels, then normalised by its own numbers."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from model.errors import InputError
from model.images.records import MEAN, STD
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
    if image.channels not in {1, 3}:
        raise InputError(
            f"The network takes pictures of {image.channels} channels.",
            "A picture has one channel (grey) or three (colour).",
            "Choose a network that takes one of these.",
        )
    deep = pixels if pixels.ndim == 4 else pixels[..., None]
    planes = torch.from_numpy(deep.astype(np.float32)).permute(0, 3, 1, 2)  # (N, C, H, W)
    if planes.shape[1] == 3 and image.channels == 1:
        planes = (planes * torch.tensor(_GREY)[:, None, None]).sum(1, keepdim=True)
    planes = _cropped(planes, image).clamp(0, 255).round().to(torch.uint8).expand(-1, image.channels, -1, -1)
    fitted: Pixels = np.ascontiguousarray(planes.permute(0, 2, 3, 1).numpy())
    return fitted if image.channels == 3 else fitted[..., 0]


def _cropped(planes: Tensor, image: ImageSpec) -> Tensor:
    """Scale planes (N, C, H, W) until they cover the input, and cut out its centre."""
    height, width = planes.shape[2:]
    if (height, width) == (image.height, image.width):
        return planes
    scale = max(image.height / height, image.width / width)
    size = max(image.height, int(height * scale)), max(image.width, int(width * scale))
    planes = functional.interpolate(planes, size, mode="bilinear", antialias=True, align_corners=False)
    top, left = round((size[0] - image.height) / 2), round((size[1] - image.width) / 2)
    return planes[..., top : top + image.height, left : left + image.width]


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
    return f"{name} {level} of 255: ({level} / 255 − {mean:g}) / {std:g} = {value}"
