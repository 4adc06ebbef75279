"""The limits that the assignment sets, each with the evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from model.trace.records import LayerKind
from viz.parameters.figures import Line
from viz.training import origin

_MAX_PARAMETERS, _MAX_EPOCHS, _MIN_ACCURACY = 20_000, 20, 0.994
_REPORTED_ACCURACY = 0.9941  # by the assignment


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit that the assignment sets, and the evidence; ``met`` is None where it is unknown."""

    limit: str
    evidence: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """``met``, ``not met`` or ``not known``."""
        return {True: "met", False: "not met", None: "not known"}[self.met]


def check(
    every: Sequence[Line], card: Mapping[str, Any], epochs: int | None = None, *, own: bool = True
) -> tuple[Limit, ...]:
    """Check a network against the assignment's limits.

    Args:
        every: All lines.
        card: The card of the weights; epochs and test accuracy may be missing.
        epochs: How many its history has, where its card does not say.
        own: Whether it is the assignment's own network, whose author reported an accuracy.
    """
    epochs, accuracy = (card.get("recipe") or {}).get("epochs", epochs), card.get("test_accuracy")
    parameters = every[-1].running_total
    linear = [line.name for line in every if line.kind is LayerKind.LINEAR]
    reported = f" The assignment's {_REPORTED_ACCURACY:.2%} is its best epoch, chosen on the test images."
    return (
        Limit(
            f"Under {_MAX_PARAMETERS:,} parameters",
            f"It has {parameters:,}.",
            parameters < _MAX_PARAMETERS,
        ),
        Limit(
            "No fully connected layer",
            f"These are fully connected: {', '.join(linear)}."
            if linear
            else f"None of its {len(every)} steps is fully connected.",
            not linear,
        ),
        Limit(
            f"Under {_MAX_EPOCHS} epochs",
            "The card of the weights does not say."
            if epochs is None
            else f"The weights were trained for {epochs} epochs.",
            None if epochs is None else epochs < _MAX_EPOCHS,
        ),
        Limit(
            f"{_spaced(f'{_MIN_ACCURACY:.1%}')} of the test images correct",
            _spaced(
                "The card of the weights does not say."
                if accuracy is None
                else f"These weights reach {accuracy:.2%}. {origin.say(card)}{reported if own else ''}"
            ),
            None if accuracy is None else accuracy >= _MIN_ACCURACY,
        ),
    )


def checklist(limits: Sequence[Limit]) -> str:
    """Draw the limits in HTML, each with a mark, its verdict in words, and the evidence."""
    marks = {True: "✓", False: "✗", None: "?"}
    items = "".join(
        f'<li><i aria-hidden="true">{marks[each.met]}</i><div><b>{escape(each.limit)}: {each.verdict}.</b> '
        f"{escape(each.evidence)}</div></li>"
        for each in limits
    )
    return f'<ul class="checklist">{items}</ul>'


def _spaced(text: str) -> str:
    return text.replace("%", "\xa0%")
