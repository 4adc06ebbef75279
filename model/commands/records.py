"""What a check of a network finds, as records, and the table that it prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.networks.summary.records import Table, TableRow
from model.parameters.records import Limit
from model.parameters.records import PrintedMistake as Mistake

__all__ = ["RANDOM", "Limit", "Mistake", "Report", "Table", "TableRow"]

RANDOM = "The weights are random: trained ones were not given (--weights)."  # kept in the network's file


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
