"""What was printed, beside what is measured."""

from dataclasses import dataclass

from model.records import Pair


@dataclass(frozen=True, slots=True)
class Mistake:
    """One printed figure that measuring contradicts.

    Attributes:
        what: ``shape``, ``parameters``, ``input`` or ``field``.
        sentence: Why the printed figure cannot be.
    """

    what: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RowComparison:
    """What the assignment printed for a row, beside what is measured; None where it printed nothing.

    Attributes:
        name: Of the row.
        printed_shape: Of the output, (-1, C, H, W).
        measured_shape: Likewise.
        printed_parameters: How many numbers the row learns.
        measured_parameters: Likewise.
        printed_input: What goes in, (H, W, C) as the comments write it, or (H, W).
        measured_input: (H, W, C).
        printed_field: The side of the receptive field after the row, in pixels, as the notebook has it.
        measured_field: (y, x).
        mistakes: Where the two differ.
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
        """What differs: some of ``shape``, ``parameters``, ``input`` and ``field``."""
        return tuple(mistake.what for mistake in self.mistakes)

    @property
    def agrees(self) -> bool:
        """Whether the printed table is right about the row: its shape and its parameters.

        What comments and the notebook say of inputs and receptive fields is in ``mistakes`` alone.
        """
        return not {"shape", "parameters"} & {*self.disagreements}
