"""Words and choices of the page on parameters that depend on the network."""

from collections.abc import Sequence

from viz.app import current
from viz.app.error_boundary import or_show_error
from viz.mistakes import cache
from viz.parameters import limits
from viz.parameters.figures import Line, weighted


def about() -> str:
    """Say what the table is."""
    if current.is_assignment():
        return "Every number of the assignment's table, computed from the network, beside the printed figure."
    return "Shape, parameters and cost of every row, computed from the network."


def how_to_read() -> str:
    """Say how to use the table."""
    printed = ""
    if current.is_assignment():
        printed = "A printed figure that is struck through is wrong; the measured figure is beside it. "
    return f"Click a row to see its arithmetic. {printed}Multiply-accumulates are for one image."


def limits_of(lines: Sequence[Line]) -> tuple[limits.Limit, ...]:
    """Check the network against the assignment's limits."""
    if current.is_assignment():
        return limits.check(lines, or_show_error(cache.weights_card) or {})
    shown = current.network()
    return limits.check(lines, shown.card, len(shown.history) or None, own=False)


def ideas(lines: Sequence[Line]) -> tuple[str, ...]:
    """Return things to try."""
    hidden = "Show the hidden steps. What do they add to the parameters, and what to the memory?"
    if current.is_assignment():
        return (
            "Go to Conv2d-13. What can a 1 × 1 window learn? Count its weights by hand.",
            hidden,
            "Go to Conv2d-23. Its maps have one unit each. How does it differ from a fully connected layer?",
        )
    found = weighted(lines)
    most, busiest = (max(found, key=key).name for key in (_parameters, _work))
    return (
        f"Go to {most}, which has most parameters. Count them by hand.",
        hidden,
        f"Go to {busiest}, which does most of the work. How often is each of its weights used?",
    )


def _parameters(line: Line) -> int:
    return line.parameters


def _work(line: Line) -> int:
    return line.multiply_accumulates
