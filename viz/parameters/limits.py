"""What the assignment asks of a network, each limit with the evidence for and against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from model.trace.records import LayerKind
from viz.parameters.figures import Line
from viz.training import origin

_MOST_PARAMETERS, _MOST_EPOCHS, _LEAST_ACCURACY = 20_000, 20, 0.994
_CLAIMED_ACCURACY = 0.9941  # what the assignment reports


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that the assignment sets, and what is measured; ``met`` is None where nobody knows."""

    limit: str
    evidence: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """``met``, ``not met`` or ``not known``."""
        return {True: "met", False: "not met", None: "not known"}[self.met]


def check(every: Sequence[Line], card: Mapping[str, Any]) -> tuple[Limit, ...]:
    """Hold the network against what the assignment asks for.

    Args:
        every: All lines.
        card: What is known of the weights; epochs and test accuracy need not be.
    """
    epochs, accuracy = (card.get("recipe") or {}).get("epochs"), card.get("test_accuracy")
    parameters = sum(line.parameters for line in every)
    linear = [line.name for line in every if line.kind is LayerKind.LINEAR]
    claimed = (
        f"The assignment's own {_CLAIMED_ACCURACY:.2%} is the best of its epochs, chosen on the test images themselves."
    )
    return (
        Limit(
            f"Under {_MOST_PARAMETERS:,} parameters",
            f"It has {parameters:,}.",
            parameters < _MOST_PARAMETERS,
        ),
        Limit(
            "No fully connected layer",
            f"These are fully connected: {', '.join(linear)}." if linear else f"None of its {len(every)} steps is one.",
            not linear,
        ),
        Limit(
            f"Under {_MOST_EPOCHS} epochs",
            "The weights' card does not say." if epochs is None else f"The weights were trained for {epochs}.",
            None if epochs is None else epochs < _MOST_EPOCHS,
        ),
        Limit(
            f"{_spaced(f'{_LEAST_ACCURACY:.1%}')} of the test images right",
            _spaced(
                "The weights' card does not say."
                if accuracy is None
                else f"These weights reach {accuracy:.2%}. {origin.say(card)} {claimed}"
            ),
            None if accuracy is None else accuracy >= _LEAST_ACCURACY,
        ),
    )


def checklist(them: Sequence[Limit]) -> str:
    """Draw the limits in HTML, each with a mark, its verdict in words and the evidence."""
    marks = {True: "✓", False: "✗", None: "?"}
    items = "".join(
        f'<li><i aria-hidden="true">{marks[each.met]}</i><div><b>{escape(each.limit)}: {each.verdict}.</b> '
        f"{escape(each.evidence)}</div></li>"
        for each in them
    )
    return f'<ul class="checklist">{items}</ul>'


def _spaced(text: str) -> str:
    return text.replace("%", "\xa0%")
