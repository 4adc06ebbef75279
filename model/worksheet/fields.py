"""Receptive fields to draw on the picture."""

from collections.abc import Mapping
from random import Random

from model.receptive_field.records import Box, ReceptiveField
from model.records import Pair, format_sizes
from model.trace.records import Trace
from model.worksheet.records import FieldTask

_COUNT, _TRIES = 3, 100
_AXES = ("row", "column")


def fields_to_draw(trace: Trace, fields: Mapping[str, ReceptiveField], chance: Random) -> tuple[FieldTask, ...]:
    """Return units of different steps whose fields are larger than a pixel and smaller than the picture.

    Args:
        trace: Of the picture.
        fields: The receptive field of each step that has a single one.
        chance: Chooses steps and units.
    """
    picture = (trace.image.shape[1], trace.image.shape[2])
    different = {field.size: name for name, field in reversed([*fields.items()]) if _is_telling(field, picture)}
    names = [name for name in fields if name in {*different.values()}]
    count = max(1, min(_COUNT, len(names) // 2))  # the table asks for others
    chosen = sorted(chance.sample(names, min(count, len(names))), key=names.index)
    return tuple(_task(name, fields[name], _units(trace, name), picture, chance) for name in chosen)


def _is_telling(field: ReceptiveField, picture: Pair) -> bool:
    within = all(size < side for size, side in zip(field.size, picture, strict=True))
    return max(field.size) > 1 and within and not field.held


def _units(trace: Trace, name: str) -> Pair:
    _, height, width = trace[name].maps.shape
    return height, width


def _task(name: str, field: ReceptiveField, units: Pair, picture: Pair, chance: Random) -> FieldTask:
    tried = [(chance.randrange(units[0]), chance.randrange(units[1])) for _ in range(_TRIES)]
    inside = (each for each in tried if field.box(each).clipped(picture) == _formula(field, each))
    unit = next(inside, (units[0] // 2, units[1] // 2))
    first, box = _formula(field, (0, 0)), field.box(unit)
    begins = f"unit y 0, x 0 begins at row {first.top}, column {first.left}"
    given = f"field {_said(field.size)}, jump {_said(field.jump)}; {begins}"
    starts, corner = (first.top, first.left), (box.top, box.left)
    lines = tuple(
        f"{axis}: {start} + {place} × {jump} = {start + place * jump}, to {begin + size - 1}"
        for axis, start, place, jump, begin, size in zip(
            _AXES, starts, unit, field.jump, corner, (box.height, box.width), strict=True
        )
    )
    return FieldTask(name, unit, given.replace("-", "−"), box, tuple(line.replace("-", "−") for line in lines))


def _formula(field: ReceptiveField, unit: Pair) -> Box:
    """Return the box by size, jump and centre alone: at a border the pixels that a unit sees can be fewer."""
    top, left = (int(c - (s - 1) / 2) for c, s in zip(field.center_of(unit), field.size, strict=True))
    return Box(top, left, top + field.size[0], left + field.size[1])


def _said(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else format_sizes(pair)
