"""Printed figures beside measured ones."""

from dataclasses import dataclass

from model.records import Pair


@dataclass(frozen=True, slots=True)
class Mistake:
    """One printed figure that measurement contradicts.

    Attributes:
        what: ``shape``, ``parameters``, ``input`` or ``field``.
        sentence: Why the printed figure is wrong.
    """

    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RowComparison:
    """The printed and the measured figures of one row; None where nothing was printed.

    Attributes:
        name: The row's name.
        printed_shape: Output shape, (-1, C, H, W).
        measured_shape: Likewise.
        printed_parameters: Number of parameters.
        measured_parameters: Likewise.
        printed_input: Input shape, (H, W, C) as the comments write it, or (H, W).
        measured_input: (H, W, C).
        printed_field: The side of the receptive field after the row, in pixels, from the notebook.
        measured_field: (y, x).
        mistakes: The printed figures that are wrong.
    """

    name: str
    printed_shape: tuple[int, ...]
    measured_shape: tuple[int, ...]
    printed_parameters: int
    measured_parameters: int
    printed_input: tuple[int, ...] | None
    measured_input: tuple[int, ...]
    printed_field: int | None
    measured_field: Pair
    mistakes: tuple[Mistake, ...]

    @property
    def disagreements(self) -> tuple[str, ...]:
        """The wrong figures: some of ``shape``, ``parameters``, ``input`` and ``field``."""
        return tuple(mistake.what for mistake in self.mistakes)

    @property
    def agrees(self) -> bool:
        """Whether the printed table gives the row's shape and parameters correctly.

        The figures from comments (inputs, receptive fields) do not count here; ``mistakes`` has them.
        """
        return not {"shape", "parameters"} & {*self.disagreements}


@dataclass(frozen=True, slots=True)
class PrintedMistake:
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
class Line:
    """One step in both recurrences, along one axis.

    Attributes:
        name: The step's name.
        wrong: The arithmetic of the wrong recurrence; empty where no common mistake gives the printed number.
        size: The field after the step by the wrong recurrence.
        right: The arithmetic of the right recurrence.
        right_size: The field after the step.
        mistake: What goes wrong at this step; empty where both use the same rule.
        habit: The kind of mistake, as ``model.parameters.causes.Rule`` names it.
        is_printed: Whether the wrong size is printed.
    """

    name: str
    wrong: str
    size: int
    right: str
    right_size: int
    mistake: str = ""
    habit: str = ""
    is_printed: bool = False


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
