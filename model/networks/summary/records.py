"""A network's table and its totals, as records."""

from dataclasses import dataclass

from model.records import Pair


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
        is_worked_out: Whether each of its units can be worked out term by term.
        is_hidden: Whether it comes after the logits, so that the network here leaves it out.
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
    is_worked_out: bool = True
    is_hidden: bool = False


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
