"""Which pixels can affect a unit, and how that grows."""

from dataclasses import dataclass

from model.records import Activation, Pair


@dataclass(frozen=True, slots=True)
class Window:
    """What one unit of a step takes from the step before it; each pair is (y, x).

    Attributes:
        kernel: How many values it takes.
        stride: How far it moves from one unit to the next.
        padding: How many places it starts before the first value.
        dilation: How far apart the values are that it takes.
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
        """How many pixels it is high."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """How many pixels it is wide."""
        return self.right - self.left

    def clipped(self, shape: Pair) -> "Box":
        """Return the part of it that lies on an image of (H, W); an empty box if none does.

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
        size: In pixels, from the first that matters to the last.
        jump: How many pixels lie from one unit to the next.
        center: Of unit (0, 0), in pixels, where the centre of pixel (0, 0) is (0, 0).
    """

    size: Pair
    jump: Pair
    center: tuple[float, float]

    def center_of(self, unit: tuple[float, float]) -> tuple[float, float]:
        """Return where a unit looks: ``center + unit * jump``, in pixels.

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).center_of((1, 0))
        (5.5, 3.5)
        """
        y, x = (c + u * j for c, u, j in zip(self.center, unit, self.jump, strict=True))
        return y, x

    def unit_at(self, pixel: tuple[float, float]) -> tuple[float, float]:
        """Return which unit looks there: ``(pixel - center) / jump``, a fraction between two units.

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).unit_at((5.5, 3.5))
        (1.0, 0.0)
        """
        y, x = ((p - c) / j for p, c, j in zip(pixel, self.center, self.jump, strict=True))
        return y, x

    def box(self, unit: Pair) -> Box:
        """Return the region of a unit; padding can make it reach beyond the image (see ``Box.clipped``).

        >>> ReceptiveField(size=(8, 8), jump=(2, 2), center=(3.5, 3.5)).box((1, 0))
        Box(top=2, left=0, bottom=10, right=8)
        """
        top, left = (int(c - (s - 1) / 2) for c, s in zip(self.center_of(unit), self.size, strict=True))
        return Box(top, left, top + self.size[0], left + self.size[1])


@dataclass(frozen=True, slots=True)
class Growth:
    """How one step changes the receptive field; the arithmetic is that of the y axis.

    Attributes:
        name: Of the step.
        number: Of its row; None where it is hidden.
        window: What one of its units takes.
        before: The field of what goes in.
        after: The field of what comes out.
        units: How many units its maps have, (y, x).
        size: The arithmetic of the size, such as ``7 + (2 − 1) × 1 × 1 = 8``.
        jump: Likewise.
        center: Likewise.
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

    @property
    def changes(self) -> bool:
        """Whether the field is another one after the step."""
        return self.before != self.after

    @property
    def middle(self) -> Pair:
        """The unit in the middle of its maps."""
        return self.units[0] // 2, self.units[1] // 2


@dataclass(frozen=True, eq=False, slots=True)
class EffectiveField:
    """How strongly each pixel really affects one unit.

    Attributes:
        name: Of the step.
        unit: (y, x).
        values: Mean absolute gradient, (H, W).
        box: The receptive field of the unit, not clipped.
        inner_share: How much of the sum of ``values`` lies in the middle of the box, half as high and half as
            wide: 0.25 if it were spread evenly. Not a number if no pixel has any effect.
    """

    name: str
    unit: Pair
    values: Activation
    box: Box
    inner_share: float
