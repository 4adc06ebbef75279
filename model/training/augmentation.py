"""Data augmentation: distort a whole batch at once, on its device."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from model.images.preparation import SIDE
from model.images.records import MEAN, STD
from model.training.recipe import Affine

POINTS = 5  # in each direction, seven pixels apart
STILL = Affine(0, 0, 0, 0)
BLACK = -MEAN / STD  # a black pixel after normalisation


def draw_matrices(affine: Affine, count: int, generator: torch.Generator) -> Tensor:
    """Draw one affine map for each image, from a position in the distorted image to one in the original image.

    ``A = R(rotation) S(shear) / (1 + scale)``, and a shift. Positions run from -1 to 1 across the image.

    Args:
        affine: The limits of the draws.
        count: The number of images.
        generator: The random number generator; the result is on its device.

    Returns:
        (count, 2, 3): the coefficients of x, y and 1 in the original x, and in the original y.
    """
    drawn = torch.rand(5, count, generator=generator, device=generator.device) * 2 - 1
    angle, lean = drawn[0] * math.radians(affine.rotation), torch.tan(drawn[1] * math.radians(affine.shear))
    size = 1 + drawn[2] * affine.scale
    cosine, sine = torch.cos(angle) / size, torch.sin(angle) / size
    right, down = drawn[3:] * affine.shift * (2 / SIDE)
    rows = [cosine, lean * cosine - sine, right, sine, lean * sine + cosine, down]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def draw_bends(pixels: float, count: int, generator: torch.Generator) -> Tensor:
    """Draw the displacements of ``POINTS`` x ``POINTS`` points on a regular grid over each image.

    Args:
        pixels: The largest displacement in y and in x.
        count: The number of images.
        generator: The random number generator; the result is on its device.

    Returns:
        (count, 2, POINTS, POINTS): the displacement in x and in y, where 1 is half the side.
    """
    drawn = torch.rand(count, 2, POINTS, POINTS, generator=generator, device=generator.device)
    return (drawn * 2 - 1) * pixels * (2 / SIDE)


def distort(x: Tensor, matrices: Tensor, bends: Tensor | None = None) -> Tensor:
    """Distort normalised images (N, 1, 28, 28) with bilinear interpolation; pixels from outside are black.

    ``affine_grid`` computes the same positions with one matrix product for each image, which takes ten times as long.

    Args:
        x: The images.
        matrices: From ``draw_matrices``, one for each image.
        bends: From ``draw_bends``, one for each image; bicubic interpolation gives the displacements between points.

    Source: bends are the elastic distortions of Simard, Steinkraus, Platt, "Best Practices for Convolutional Neural
    Networks", 2003, with draws at few points instead of blurred draws at each pixel.
    """
    across = (torch.arange(SIDE, device=x.device, dtype=x.dtype) + 0.5) * (2 / SIDE) - 1  # centres of pixels
    by_x, by_y, shift = matrices[:, None, None].unbind(dim=-1)  # (N, 1, 1, 2) each
    grid = across[None, None, :, None] * by_x + across[None, :, None, None] * by_y + shift  # (N, 28, 28, 2)
    if bends is not None:
        moved = functional.interpolate(bends, (SIDE, SIDE), mode="bicubic", align_corners=True)
        grid = grid + moved.permute(0, 2, 3, 1)
    return functional.grid_sample(x - BLACK, grid, align_corners=False) + BLACK
