"""What a max pool keeps, where its gradient goes, and what it makes of a digit that moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.receptive_field.records import Window
from model.records import Activation, Pair, Pixels


@dataclass(frozen=True, slots=True)
class Account:
    """What goes into a max pool and what of it comes out, for one map or for all.

    Attributes:
        values: How many go in.
        kept: How many of them come out.
        total: The sum of what goes in, with signs.
        kept_total: The sum of what comes out; it can be larger, as what is lost may be negative.
        magnitude: The sum of the absolute values that go in.
        kept_magnitude: The sum of those that come out.
        windows: How many windows there are.
        tied: In how many of them two or more values are the largest.
        silent: In how many of these the largest value is what the network makes of a ReLU's 0.
    """

    values: int
    kept: int
    total: float
    kept_total: float
    magnitude: float
    kept_magnitude: float
    windows: int
    tied: int
    silent: int


@dataclass(frozen=True, eq=False, slots=True)
class Pooled:
    """What a max pool did to one activation; its windows lie side by side.

    Attributes:
        name: Of the pool.
        source: Of the step whose output goes in, or ``image``.
        window: What slides.
        input: (C, H, W).
        output: (C, h, w).
        winners: Where each window's winner lies in its map, (C, h, w, 2), last (y, x). Of equal ones it is the first.
        ties: How many values of each window equal its largest, (C, h, w); 1 where nothing ties.
        silent: Whether a winner comes of a value that the ReLU before made 0, (C, h, w).
    """

    name: str
    source: str
    window: Window
    input: Activation
    output: Activation
    winners: NDArray[np.int64]
    ties: NDArray[np.int64]
    silent: NDArray[np.bool_]

    @property
    def won(self) -> NDArray[np.bool_]:
        """Which input values won their window, (C, H, W)."""
        mask = np.zeros(self.input.shape, dtype=np.bool_)
        channel = np.arange(len(mask))[:, None, None]
        mask[channel, self.winners[..., 0], self.winners[..., 1]] = True
        return mask

    def account(self, channel: int | None = None) -> Account:
        """Count and add up what is kept of one map; of all of them where None is given."""
        part = slice(None) if channel is None else slice(channel, channel + 1)
        before, after = (values[part].astype(np.float64) for values in (self.input, self.output))
        tied = self.ties[part] > 1
        return Account(
            values=before.size,
            kept=after.size,
            total=float(before.sum()),
            kept_total=float(after.sum()),
            magnitude=float(np.abs(before).sum()),
            kept_magnitude=float(np.abs(after).sum()),
            windows=tied.size,
            tied=int(tied.sum()),
            silent=int((tied & self.silent[part]).sum()),
        )


@dataclass(frozen=True, eq=False, slots=True)
class PoolGradient:
    """How one logit changes with each value that goes into a pool.

    Attributes:
        target: The class of the logit.
        kept: With the max pool, (C, H, W).
        passed: Of what the max pool puts out, (C, h, w).
        shared: With an average pool in its place, (C, H, W).
    """

    target: int
    kept: Activation
    passed: Activation
    shared: Activation


@dataclass(frozen=True, slots=True)
class PoolScore:
    """How many images are read right with the max pool, and with an average pool in its place."""

    images: int
    maximum: int
    mean: int

    def __add__(self, other: "PoolScore") -> "PoolScore":
        """Return the score over both sets of images."""
        return PoolScore(self.images + other.images, self.maximum + other.maximum, self.mean + other.mean)


@dataclass(frozen=True, slots=True)
class Offset:
    """What is left when maps are moved back by whole units and held against those before, where both lie.

    Attributes:
        units: How far they are moved back, (y, x).
        largest: The largest absolute difference, over all maps.
        mean: The mean absolute difference.
    """

    units: Pair
    largest: float
    mean: float


@dataclass(frozen=True, eq=False, slots=True)
class Moved:
    """The maps of one step before and after the digit moved.

    Attributes:
        what: Which maps these are: ``into the pool``, ``max pool`` or ``average pool``.
        before: (C, H, W).
        after: Likewise.
        offsets: Every whole number of units next to how far the digit moved, in units.
        equivariant: Whether one of them leaves nothing but rounding.
    """

    what: str
    before: Activation
    after: Activation
    offsets: tuple[Offset, ...]
    equivariant: bool

    @property
    def best(self) -> Offset:
        """The offset that leaves least."""
        return min(self.offsets, key=lambda offset: offset.mean)

    @property
    def strength(self) -> float:
        """The mean absolute value of the maps before, to hold a difference against."""
        return float(np.abs(self.before).mean())

    def difference(self, channel: int) -> Activation:
        """Return a map moved back by the best offset, less the one before, where both lie."""
        y, x = self.best.units
        height, width = self.after.shape[1:]
        left: Activation = self.after[channel, y:, x:] - self.before[channel, : height - y, : width - x]
        return left


@dataclass(frozen=True, eq=False, slots=True)
class Shift:
    """A digit moved by whole pixels, and what became of the maps around a pool.

    Attributes:
        pixels: The digit as it lies now, (28, 28).
        by: How far it moved down and to the right, (y, x).
        cut_off: How many pixels with ink left the image.
        maps: Into the pool, out of it, and out of an average pool in its place.
        prediction: What the network reads now.
    """

    pixels: Pixels
    by: Pair
    cut_off: int
    maps: tuple[Moved, ...]
    prediction: int
