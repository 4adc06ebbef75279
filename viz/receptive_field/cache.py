"""Two recurrences for the network of this run: what the pages show of a wrong rule."""

from model.parameters import recurrences
from model.parameters.causes import Passed
from model.parameters.records import Line
from model.parameters.steps import along, steps_of
from viz.app import shared
from viz.app.current import of_network, structure
from viz.receptive_field import growth


@of_network(max_entries=64)
def printed() -> tuple[Line, ...]:
    """Return the recurrence that gives the printed fields, beside the right one; empty where none is printed."""
    fields = {row.name: row.printed_field for row in shared.comparisons() if row.printed_field is not None}
    return recurrences.of_printed(_passed(), fields) if fields else ()


@of_network(max_entries=64)
def doubled() -> tuple[Line, ...]:
    """Return the recurrence where a pool multiplies the field and the jump is forgotten, beside the right one."""
    return recurrences.of_habits(_passed())


def _passed() -> list[Passed]:
    """Return the steps with a window on the way with the largest field."""
    shown = structure()
    way, _ = growth.way(shown.graph, shared.growth())
    return along({step.name: step for step in steps_of(shown)}, [step.name for step in way]) or []
