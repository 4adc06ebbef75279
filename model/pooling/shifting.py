"""A picture shifted by whole pixels: the maps around a max pool before and after, and with an average pool."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from model.errors import InputError
from model.images.inputs import DIGIT, normalise
from model.networks.records import ImageSpec
from model.pooling.max_pool import average_pool_like, replaceable_pool
from model.pooling.records import Offset, Shift, ShiftedMaps
from model.receptive_field.records import Field, NoSingleWindow
from model.records import IMAGE, Activation, Pair, Pixels
from model.trace import run
from model.trace.records import Trace

_ROUNDING = 1e-5  # relative to the largest value; sums of a few hundred float32 products differ by less


def shift_image(pixels: Pixels, by: Pair) -> Pixels:
    """Shift an image down and to the right; new pixels are 0, and pixels beyond the edge are lost.

    Args:
        pixels: (H, W) or (H, W, 3).
        by: Number of pixels (y, x), neither below 0.

    Raises:
        InputError: The shift is up or to the left.

    >>> shift_image(np.array([[1, 2], [3, 4]], dtype=np.uint8), (0, 1)).tolist()
    [[0, 1], [0, 3]]
    """
    if min(by) < 0:
        raise InputError(f"An image cannot be shifted by {by}.", "The least is (0, 0).", "Give larger numbers.")
    height, width = pixels.shape[:2]
    down, right = by
    shifted = np.zeros_like(pixels)
    shifted[down:, right:] = pixels[: max(height - down, 0), : max(width - right, 0)]
    return shifted


def shift(
    network: nn.Module,
    trace: Trace,
    pixels: Pixels,
    by: Pair,
    fields: Mapping[str, Field],
    name: str,
    image: ImageSpec = DIGIT,
) -> Shift:
    """Shift a picture, and compare the maps around a max pool with those before the shift.

    Args:
        network: In evaluation mode; not changed.
        trace: Trace of the picture before the shift.
        pixels: The picture before the shift, (H, W) or (H, W, 3), as large as the network takes it.
        by: Number of pixels (y, x).
        fields: Receptive fields of the network, for the jump of each step.
        name: Name of the pool.
        image: What the network takes.

    Raises:
        InputError: The shift is up or to the left, or moves all maps away, the maps have no jump, or see
            ``replaceable_pool``.
    """
    pool = replaceable_pool(network, name)
    shifted, step, source = shift_image(pixels, by), trace[name], trace.source(name)
    input_jump, output_jump = (_jump(fields, each) for each in (source, name))
    average, x = average_pool_like(pool), normalise(shifted[None], image)
    with torch.no_grad():
        inputs = run(network, x, give=source)
        outputs = pool(inputs)
        prediction = int(run(network, x, {name: outputs}).argmax())
        means = [average(maps)[0].numpy() for maps in (torch.tensor(step.input)[None], inputs)]
    maps = (
        _compare("into the pool", step.input, inputs[0].numpy(), by, input_jump),
        _compare("max pool", step.output, outputs[0].numpy(), by, output_jump),
        _compare("average pool", means[0], means[1], by, output_jump),
    )
    cut_off = int(np.atleast_3d(pixels).any(axis=2).sum() - np.atleast_3d(shifted).any(axis=2).sum())
    return Shift(shifted, by, cut_off, maps, prediction)


def _jump(fields: Mapping[str, Field], name: str) -> Pair:
    """Return how many pixels lie between neighbouring units of a step."""
    if name == IMAGE:
        return 1, 1
    field = fields[name]
    if isinstance(field, NoSingleWindow):
        raise InputError(
            f"How many units of {name} a shift is cannot be said. {field.reason}",
            "Neighbouring units must be the same number of pixels apart, whichever way they are reached.",
            "Choose a pool before the ways meet.",
        )
    return field.jump


def _compare(label: str, before: Activation, after: Activation, by: Pair, jump: Pair) -> ShiftedMaps:
    """Compare maps before and after a shift, for each whole number of units next to the shift."""
    down, across = (sorted({amount // each, -(-amount // each)}) for amount, each in zip(by, jump, strict=True))
    height, width = before.shape[1:]
    offsets = tuple(_difference_after(before, after, (y, x)) for y in down for x in across if y < height and x < width)
    if not offsets:
        raise InputError(
            f"A shift by {by} moves all maps {label} out of the image.",
            f"They have {height} × {width} units, {jump[0]} × {jump[1]} pixels apart.",
            "Choose a smaller shift.",
        )
    equivariant = min(offset.largest for offset in offsets) <= _ROUNDING * float(np.abs(before).max())
    return ShiftedMaps(label, before, after, offsets, equivariant)


def _difference_after(before: Activation, after: Activation, units: Pair) -> Offset:
    """Compare the maps where they overlap after shifting them back."""
    y, x = units
    height, width = before.shape[1:]
    difference = np.abs(after[:, y:, x:] - before[:, : height - y, : width - x])
    return Offset(units, float(difference.max()), float(difference.mean()))
