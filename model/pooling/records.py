"""Records of pooling: winners, gradients, accuracies, and the maps of a shifted picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.receptive_field.records import Window
from model.records import Activation, Pair, Pixels


def places(window: Window, units: Pair) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which rows and which columns each window covers, (h, kH) and (w, kW); in padding these are no places.

    >>> places(Window((3, 1), (2, 1), (1, 0)), (2, 2))[0].tolist()
    [[-1, 0, 1], [1, 2, 3]]
    """
    rows, columns = (
        stride * np.arange(count)[:, None] - padding + dilation * np.arange(kernel)
        for count, kernel, stride, padding, dilation in zip(
            units, window.kernel, window.stride, window.padding, window.dilation, strict=True
        )
    )
    return rows, columns


@dataclass(frozen=True, slots=True)
class PoolTotals:
    """Counts and sums of the inputs and outputs of a max pool, for one map or for all.

    Attributes:
        inputs: Number of input values.
        outputs: Number of output values.
        input_sum: Sum of the inputs.
        output_sum: Sum of the outputs; it can be larger, because discarded values can be negative.
        input_magnitude: Sum of the absolute inputs.
        output_magnitude: Sum of the absolute outputs.
        windows: Number of windows.
        tied: Number of windows in which two or more values are the largest.
        tied_at_relu_zero: Number of these windows in which the largest value comes from a 0 of the ReLU.
    """

    inputs: int
    outputs: int
    input_sum: float
    output_sum: float
    input_magnitude: float
    output_magnitude: float
    windows: int
    tied: int
    tied_at_relu_zero: int


@dataclass(frozen=True, eq=False, slots=True)
class Pooled:
    """A max pool on one activation. Windows can overlap, so one value can win several of them.

    Attributes:
        name: Name of the pool.
        source: Name of the step whose output is the input, or ``image``.
        window: Window of the pool.
        input: (C, H, W).
        output: (C, h, w).
        winners: Position (y, x) in the input of the winner of each window, (C, h, w, 2). Of equal values the first is
            the winner; padding never wins.
        ties: How many values of each window equal its largest, (C, h, w); 1 without a tie.
        at_relu_zero: Whether a winner comes from a value that the ReLU before set to 0, (C, h, w).
    """

    name: str
    source: str
    window: Window
    input: Activation
    output: Activation
    winners: NDArray[np.int64]
    ties: NDArray[np.int64]
    at_relu_zero: NDArray[np.bool_]

    @property
    def wins(self) -> NDArray[np.int64]:
        """How many windows each input value wins, (C, H, W)."""
        counts = np.zeros(self.input.shape, dtype=np.int64)
        channel = np.arange(len(counts))[:, None, None]
        np.add.at(counts, (channel, self.winners[..., 0], self.winners[..., 1]), 1)
        return counts

    @property
    def won(self) -> NDArray[np.bool_]:
        """Which input values win a window, (C, H, W); the others are discarded."""
        return self.wins > 0

    @property
    def uncovered(self) -> Pair:
        """How many rows and how many columns of the input no window covers, (y, x)."""
        sides = self.input.shape[1:]
        rows, columns = (
            side - len({*each[(each >= 0) & (each < side)].tolist()})
            for side, each in zip(sides, places(self.window, (self.output.shape[1], self.output.shape[2])), strict=True)
        )
        return rows, columns

    def totals(self, channel: int | None = None) -> PoolTotals:
        """Return counts and sums of one map, or of all maps if the channel is None."""
        part = slice(None) if channel is None else slice(channel, channel + 1)
        before, after = (values[part].astype(np.float64) for values in (self.input, self.output))
        tied = self.ties[part] > 1
        return PoolTotals(
            inputs=before.size,
            outputs=after.size,
            input_sum=float(before.sum()),
            output_sum=float(after.sum()),
            input_magnitude=float(np.abs(before).sum()),
            output_magnitude=float(np.abs(after).sum()),
            windows=tied.size,
            tied=int(tied.sum()),
            tied_at_relu_zero=int((tied & self.at_relu_zero[part]).sum()),
        )


@dataclass(frozen=True, eq=False, slots=True)
class PoolGradient:
    """The gradient of one logit around a pool.

    Attributes:
        target: The class of the logit.
        max_pool: Gradient at the input of the max pool, (C, H, W).
        output: Gradient at the output of the max pool, (C, h, w).
        average_pool: Gradient at the input of an average pool in its place, (C, H, W).
    """

    target: int
    max_pool: Activation
    output: Activation
    average_pool: Activation


@dataclass(frozen=True, slots=True)
class PoolAccuracy:
    """How many images are classified correctly with the max pool, and with an average pool in its place."""

    images: int
    max_pool: int
    average_pool: int

    def __add__(self, other: "PoolAccuracy") -> "PoolAccuracy":
        """Return the accuracy over both sets of images."""
        return PoolAccuracy(
            self.images + other.images, self.max_pool + other.max_pool, self.average_pool + other.average_pool
        )


@dataclass(frozen=True, slots=True)
class Offset:
    """The difference to the maps before the shift, after shifting the maps back by whole units.

    Attributes:
        units: Number of units (y, x).
        largest: Largest absolute difference, over all maps.
        mean: Mean absolute difference.
    """

    units: Pair
    largest: float
    mean: float


@dataclass(frozen=True, eq=False, slots=True)
class ShiftedMaps:
    """The maps of one step before and after the shift of the picture.

    Attributes:
        label: Which maps these are: ``into the pool``, ``max pool`` or ``average pool``.
        before: (C, H, W).
        after: (C, H, W).
        offsets: One for each whole number of units next to the shift of the picture in units.
        equivariant: Whether one of the offsets leaves only a rounding error.
    """

    label: str
    before: Activation
    after: Activation
    offsets: tuple[Offset, ...]
    equivariant: bool

    @property
    def best(self) -> Offset:
        """The offset with the smallest mean difference."""
        return min(self.offsets, key=lambda offset: offset.mean)

    @property
    def mean_magnitude(self) -> float:
        """The mean absolute value of the maps before the shift."""
        return float(np.abs(self.before).mean())

    def difference(self, channel: int) -> Activation:
        """Return a map shifted back by the best offset, minus the map before the shift, where they overlap."""
        y, x = self.best.units
        height, width = self.after.shape[1:]
        difference: Activation = self.after[channel, y:, x:] - self.before[channel, : height - y, : width - x]
        return difference


@dataclass(frozen=True, eq=False, slots=True)
class Shift:
    """A picture shifted by whole pixels, and the maps around a pool.

    Attributes:
        pixels: The shifted picture, (H, W) or (H, W, 3).
        by: Number of pixels down and to the right, (y, x).
        cut_off: Number of pixels that are not black and left the image.
        maps: Input of the pool, its output, and the output of an average pool in its place.
        prediction: The class predicted for the shifted picture.
    """

    pixels: Pixels
    by: Pair
    cut_off: int
    maps: tuple[ShiftedMaps, ...]
    prediction: int
