"""Make a worksheet for a network and a picture; each seed gives another one."""

from collections.abc import Mapping
from random import Random

from model.layers.records import Arithmetic
from model.networks.records import Network
from model.networks.summary.records import Table
from model.parameters.comparison import Comparison
from model.receptive_field.records import Growth, ReceptiveField
from model.records import Pixels
from model.trace.records import Trace
from model.worksheet.fields import fields_to_draw
from model.worksheet.mistake import mistake_to_find
from model.worksheet.records import MistakeTask, Worksheet
from model.worksheet.table import table_with_gaps
from model.worksheet.units import units


def make(
    network: Network,
    picture: Pixels,
    said: str,
    trace: Trace,
    table: Table,
    arithmetic: Mapping[str, Arithmetic],
    fields: Mapping[str, ReceptiveField],
    growth: Mapping[str, Growth],
    comparison: Comparison,
    seed: int,
) -> Worksheet:
    """Return the worksheet of a seed: the same each time.

    Args:
        network: What it is about.
        picture: (H, W) or (H, W, 3) in 0..255, as the network takes it.
        said: What the picture is.
        trace: Its forward pass.
        table: The network's table.
        arithmetic: Of every step.
        fields: The receptive field of each step that has a single one.
        growth: How each step with maps changes the receptive field.
        comparison: Checks printed tables of the network.
        seed: Which sheet.
    """
    chance = Random(f"{network.id} {seed}")  # noqa: S311 (a choice of tasks, no secret)
    worked, missing = units(trace, chance)
    wrong = mistake_to_find(comparison, table, trace, arithmetic, growth, chance)
    drawn = fields_to_draw(trace, _without(fields, wrong), chance)
    given = [(task.step, column) for task in drawn for column in ("receptive_field", "jump")]
    told = [*given, *(wrong.told if wrong else ())]
    gaps = table_with_gaps(table, arithmetic, growth, chance, told, wrong.asked if wrong else None)
    said_missing = [
        *(["No figure of its table has to be worked out."] if not gaps.gaps else []),
        *missing,
        *(
            []
            if drawn
            else ["No step has a receptive field that is smaller than the picture and the same for all units."]
        ),
        *([] if wrong else ["No figure of its table is one that a common mistake gets wrong."]),
    ]
    return Worksheet(
        network.title,
        seed,
        picture,
        said,
        gaps if gaps.gaps else None,
        worked,
        drawn,
        wrong,
        tuple(said_missing),
    )


def _without(fields: Mapping[str, ReceptiveField], wrong: MistakeTask | None) -> Mapping[str, ReceptiveField]:
    """Leave out the fields that give away what is right instead of a wrong figure, where others remain."""
    if wrong is None:
        return fields
    sizes = {name: "×".join(map(str, dict.fromkeys(field.size))) for name, field in fields.items()}
    return {name: field for name, field in fields.items() if sizes[name] != wrong.right}
