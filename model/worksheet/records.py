"""A worksheet: its tasks, and the answer to each."""

from dataclasses import dataclass, field

from model.receptive_field.records import Box
from model.records import Numbers, Pixels, Unit

DECIMALS = 3  # of each number that is printed
SAME = "as above"  # a figure below a gap that is the same: it would give the gap away


@dataclass(frozen=True, slots=True)
class Gap:
    """A figure that is left out of the table.

    Attributes:
        letter: What the sheet calls it.
        answer: The figure.
        arithmetic: How it is worked out.
    """

    letter: str
    answer: str
    arithmetic: str


@dataclass(frozen=True, slots=True)
class TableTask:
    """The network's table, with gaps.

    Attributes:
        titles: Of the columns.
        rows: For each row its cells; a gap takes the place of a figure, and ``SAME`` that of the same figure below it.
        left_out: How many rows of the network the table does not show.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[str | Gap, ...], ...]
    left_out: int = 0

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Return all gaps, in order."""
        return tuple(cell for row in self.rows for cell in row if isinstance(cell, Gap))


@dataclass(frozen=True, eq=False, slots=True)
class Patch:
    """Numbers that a unit is worked out from.

    Attributes:
        title: What they are.
        values: (H, W).
        weights: (H, W), the factor of each value; None where they are not multiplied.
    """

    title: str
    values: Numbers
    weights: Numbers | None = None


@dataclass(frozen=True, eq=False, slots=True)
class UnitTask:
    """A unit to work out by hand.

    Attributes:
        step: The name of its step.
        kind: The kind of operation.
        unit: (c, y, x).
        question: What is asked.
        patches: The numbers that go in.
        given: Other numbers by name: a bias, a mean.
        symbols: The formula.
        lines: The arithmetic of the answer, in the numbers that are printed.
        by_hand: What the printed numbers give.
        value: What the network computed.
    """

    step: str
    kind: str
    unit: Unit
    question: str
    patches: tuple[Patch, ...]
    given: tuple[tuple[str, float], ...]
    symbols: str
    lines: tuple[str, ...]
    by_hand: float
    value: float


@dataclass(frozen=True, slots=True)
class FieldTask:
    """A receptive field to draw on the picture.

    Attributes:
        step: The name of the step.
        unit: (y, x).
        given: What is known: size and jump of the field, and where that of the first unit begins.
        box: The field; with padding it may reach beyond the picture.
        arithmetic: How its first row and its first column are worked out.
    """

    step: str
    unit: tuple[int, int]
    given: str
    box: Box
    arithmetic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MistakeTask:
    """A few rows of a table with one wrong figure.

    Attributes:
        titles: Of the columns.
        rows: As they are printed.
        where: The row and the column of the wrong figure.
        printed: The wrong figure.
        right: The right one.
        why: The rule that went wrong.
        asked: The name of its row and of its column in the network's table.
        told: The same of all right figures.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    where: tuple[str, str]
    printed: str
    right: str
    why: str
    asked: tuple[str, str] = ("", "")
    told: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Worksheet:
    """All tasks of one sheet.

    Attributes:
        network: The title of the network.
        seed: Which of many sheets for this network and picture it is.
        picture: (H, W) or (H, W, 3) in 0..255.
        said: What the picture is, and what the network answers.
        table: The table with gaps.
        units: Units to work out, each of another kind.
        fields: Receptive fields to draw.
        mistake: A mistake to find; None where there is no table to make one in.
        missing: What this network does not allow to ask, a sentence each.
    """

    network: str
    seed: int
    picture: Pixels
    said: str
    table: TableTask | None
    units: tuple[UnitTask, ...]
    fields: tuple[FieldTask, ...]
    mistake: MistakeTask | None
    missing: tuple[str, ...] = field(default=())
