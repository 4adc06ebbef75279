"""Windows, receptive fields, and how each step changes them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.records import Activation, Pair

Reach = tuple[NDArray[np.int64], NDArray[np.int64]]  # along y and x, (2, units): the first pixel, and after the last


@dataclass(frozen=True, slots=True)
class Window:
    """The window of a step: which input units one output unit uses. Each pair is (y, x).

    Attributes:
        kernel: Number of input units along each axis.
        stride: Distance between the windows of neighbouring units.
        padding: Number of positions that the first window starts before the first value.
        dilation: Distance between neighbouring values in the window.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels ``top <= y < bottom`` and ``left <= x < right``."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Its height in pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return self.right - self.left

    def clipped(self, shape: Pair) -> "Box":
        """Return its part on an image of (H, W); an empty box if there is none.

        >>> Box(-1, -1, 2, 2).clipped((28, 28))
        Box(top=0, left=0, bottom=2, right=2)
        """
        height, width = shape
        top, bottom = (min(max(y, 0), height) for y in (self.top, self.bottom))
        left, right = (min(max(x, 0), width) for x in (self.left, self.right))
        return Box(top, left, bottom, right)


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The image region that can affect a unit, for all units of one step; each pair is (y, x).

    Attributes:
        size: Number of pixels from the first to the last that can affect the unit.
        jump: Number of pixels between the centres of neighbouring units.
        center: The centre for unit (0, 0), in pixels; the centre of pixel (0, 0) is (0, 0).
        held: Steps through which every pixel can affect the unit, and which are held fixed here: a gate (squeeze and
            excitation), or a norm with statistics of the image itself. With them counted, the region is the image.
        reach: Where the boxes of units begin and end, if for some unit the formula names pixels that it cannot see:
            a stride leaves out the last row, and a later window reaches over the edge, where that row would be.
    """

    size: Pair
    jump: Pair
    center: tuple[float, float]
    held: tuple[str, ...] = ()
    reach: Reach | None = field(default=None, compare=False, repr=False)

    def center_of(self, unit: tuple[float, float]) -> tuple[float, float]:
        """Return the centre of a unit's receptive field, ``center + unit * jump``, in pixels.

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).center_of((1, 0))
        (5.5, 3.5)
        """
        y, x = (c + u * j for c, u, j in zip(self.center, unit, self.jump, strict=True))
        return y, x

    def unit_at(self, pixel: tuple[float, float]) -> tuple[float, float]:
        """Return the unit whose receptive field has this centre, ``(pixel - center) / jump``; it can be a fraction.

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).unit_at((5.5, 3.5))
        (1.0, 0.0)
        """
        y, x = ((p - c) / j for p, c, j in zip(pixel, self.center, self.jump, strict=True))
        return y, x

    def box(self, unit: Pair) -> Box:
        """Return the region of a unit; with padding it can reach beyond the image (see ``Box.clipped``).

        On the image it is the smallest box around all pixels that can affect the unit, if the sizes of the maps are
        known, as they are to ``of_network``; from windows alone, a box at the border can be too large.

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).box((1, 0))
        Box(top=2, left=0, bottom=10, right=8)
        """
        top, left = (int(c - (s - 1) / 2) for c, s in zip(self.center_of(unit), self.size, strict=True))
        bottom, right = top + self.size[0], left + self.size[1]
        if self.reach is not None:
            (top, bottom), (left, right) = (
                (int(along[0][u]), int(along[1][u])) if 0 <= u < along.shape[1] else formula
                for along, u, formula in zip(self.reach, unit, ((top, bottom), (left, right)), strict=True)
            )
        return Box(top, left, bottom, right)


@dataclass(frozen=True, slots=True)
class NoSingleWindow:
    """The units of a step have no window of one size and jump; their regions can only be measured.

    Attributes:
        step: The first step without one, on the way to this step.
        reason: Why, as a sentence.
        fields: The receptive fields that do not fit together, where there are any.
    """

    step: str
    reason: str
    fields: tuple[ReceptiveField, ...] = ()


Field = ReceptiveField | NoSingleWindow


@dataclass(frozen=True, slots=True)
class Growth:
    """How one step changes the receptive field.

    Attributes:
        name: The step's name.
        number: The number of its row; None where the step is hidden.
        window: The step's window.
        before: The receptive field of its input.
        after: The receptive field of its output.
        units: Number of units of its maps, (y, x).
        size: The arithmetic of the size along y, such as ``7 + (2 − 1) × 1 × 1 = 8``.
        jump: The arithmetic of the jump along y.
        center: The arithmetic of the centre along y.
        across: The same three lines along x.
        is_union: Whether several fields meet here, so that no window gives the new one.
    """

    name: str
    number: int | None
    window: Window
    before: ReceptiveField
    after: ReceptiveField
    units: Pair
    size: str
    jump: str
    center: str
    across: tuple[str, str, str]
    is_union: bool = False

    @property
    def changes(self) -> bool:
        """Whether the step changes the receptive field, or joins different ones."""
        return self.is_union or self.before != self.after

    @property
    def middle(self) -> Pair:
        """The middle unit of its maps."""
        return self.units[0] // 2, self.units[1] // 2


@dataclass(frozen=True, eq=False, slots=True)
class EffectiveField:
    """The effective receptive field: how strongly each pixel affects one unit.

    Attributes:
        name: The step's name.
        unit: (y, x).
        values: Mean absolute gradient, (H, W).
        box: The receptive field of the unit, not clipped; the image where there is no single window.
        inner_share: Share of the sum of ``values`` in the inner half of the box, half as high and half as wide;
            0.25 if all values are equal. Not a number if no pixel has an effect.
    """

    name: str
    unit: Pair
    values: Activation
    box: Box
    inner_share: float
