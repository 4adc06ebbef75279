"""Distorted images: a whole batch at once, on the device where it lies."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from model.images.preparation import SIDE
from model.images.records import MEAN, STD
from model.training.recipe import Affine

POINTS = 5  # in each direction; seven pixels apart
STILL = Affine(0, 0, 0, 0)
BLACK = -MEAN / STD  # a normalised pixel without ink


def draw_matrices(affine: Affine, count: int, generator: torch.Generator) -> Tensor:
    """Draw one map for each image: where, in the image, each place of the distorted image looks.

    ``A = R(rotation) S(shear) / (1 + scale)``, beside the shift. Places run from -1 to 1 across the image.

    Args:
        affine: The widths of the draws.
        count: How many images.
        generator: Of the draws; the maps come to lie on its device.

    Returns:
        (count, 2, 3): how to find x, and y, from x, y and 1.
    """
    drawn = torch.rand(5, count, generator=generator, device=generator.device) * 2 - 1
    angle, lean = drawn[0] * math.radians(affine.rotation), torch.tan(drawn[1] * math.radians(affine.shear))
    size = 1 + drawn[2] * affine.scale
    cosine, sine = torch.cos(angle) / size, torch.sin(angle) / size
    right, down = drawn[3:] * affine.shift * (2 / SIDE)
    rows = [cosine, lean * cosine - sine, right, sine, lean * sine + cosine, down]
    return torch.stack(rows, dim=1).view(count, 2, 3)


def draw_bends(pixels: float, count: int, generator: torch.Generator) -> Tensor:
    """Draw how far ``POINTS`` x ``POINTS`` points, evenly over each image, are moved out of their places.

    Args:
        pixels: At most, in y and in x.
        count: How many images.
        generator: Of the draws; they come to lie on its device.

    Returns:
        (count, 2, POINTS, POINTS): by how much in x, and in y, as shares of half the side.
    """
    drawn = torch.rand(count, 2, POINTS, POINTS, generator=generator, device=generator.device)
    return (drawn * 2 - 1) * pixels * (2 / SIDE)


def distort(x: Tensor, matrices: Tensor, bends: Tensor | None = None) -> Tensor:
    """Distort normalised images (N, 1, 28, 28), bilinearly; what comes in from outside is black.

    ``affine_grid`` would find the same places by a product of matrices for each image, which takes ten times as long.

    Args:
        x: The images.
        matrices: Of ``draw_matrices``, one for each.
        bends: Of ``draw_bends``, one for each: between its points, places move as bicubic interpolation has it.

    Source: bends are the elastic distortions of Simard, Steinkraus, Platt, "Best Practices for Convolutional Neural
    Networks", 2003, with draws at few points in place of draws at each pixel, blurred.
    """
    across = (torch.arange(SIDE, device=x.device, dtype=x.dtype) + 0.5) * (2 / SIDE) - 1  # centres of pixels
    by_x, by_y, shift = matrices[:, None, None].unbind(dim=-1)  # (N, 1, 1, 2) each
    grid = across[None, None, :, None] * by_x + across[None, :, None, None] * by_y + shift  # (N, 28, 28, 2)
    if bends is not None:
        moved = functional.interpolate(bends, (SIDE, SIDE), mode="bicubic", align_corners=True)
        grid = grid + moved.permute(0, 2, 3, 1)
    return functional.grid_sample(x - BLACK, grid, align_corners=False) + BLACK
