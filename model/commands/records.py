"""A network's table, and what a check of it finds, as records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.records import Pair

RANDOM = "The weights are random: trained ones were not given (--weights)."  # kept in the network's file


@dataclass(frozen=True, slots=True)
class TableRow:
    """A step of a network, with what a printed summary says of it and more.

    Args:
        name: ``Conv2d-1``; of a function call ``relu-1``.
        path: Where its author keeps it.
        op: What it computes.
        shape: What it gives for one image.
        parameters: How many it has.
        kernel: Of its window, (y, x); None where it has none. So are stride and padding.
        field: The receptive field of its units, (y, x); None where they have no single one.
        jump: Likewise.
        multiply_accumulates: For one image.
        is_numbered: Whether a printed summary has a row for it.
    """

    name: str
    path: str
    op: str
    shape: tuple[int, ...]
    parameters: int
    kernel: Pair | None = None
    stride: Pair | None = None
    padding: Pair | str | None = None
    field: Pair | None = None
    jump: Pair | None = None
    multiply_accumulates: int = 0
    is_numbered: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """The steps of a network and its totals.

    Args:
        title: Of the network.
        input_shape: (C, H, W).
        rows: In the order they run.
        used: Number of parameters that the scores depend on.
        owned: Number of parameters that the author's module has.
        unused: Path and parameters of each module that never runs.
        reasons: Why some steps have no single receptive field, a sentence each.
    """

    title: str
    input_shape: tuple[int, ...]
    rows: tuple[TableRow, ...]
    used: int
    owned: int
    unused: tuple[tuple[str, int], ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def multiply_accumulates(self) -> int:
        """Return how many one image takes."""
        return sum(row.multiply_accumulates for row in self.rows)


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that a network must keep.

    Args:
        name: Such as ``at most 20,000 parameters``.
        holds: None where nothing says it.
        evidence: The numbers.
    """

    name: str
    holds: bool | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """A printed figure that cannot be.

    Args:
        where: The step and the figure, and where it is printed.
        printed: What is printed.
        right: What it is.
        why: The arithmetic, and the mistake behind it where that is known.
    """

    where: str
    printed: str
    right: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Args:
        limits: Those that were asked for.
        mistakes: In the order they are printed.
        compared: How many printed figures were compared.
    """

    limits: tuple[Limit, ...]
    mistakes: tuple[Mistake, ...]
    compared: int = 0

    @property
    def holds(self) -> bool:
        """Return whether nothing fails."""
        return not self.mistakes and all(each.holds for each in self.limits)

    def plain(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return it as JSON has it."""
        return {
            "limits": [{"name": x.name, "holds": x.holds, "evidence": x.evidence} for x in self.limits],
            "mistakes": [
                {"where": x.where, "printed": x.printed, "right": x.right, "why": x.why} for x in self.mistakes
            ],
        }
