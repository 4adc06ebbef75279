"""What the editor of a design shows of each layer and of all together; a table of the same numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from model.design.records import Assessment, Row
from model.parameters.records import Limit
from model.receptive_field.records import Box, ReceptiveField
from model.records import Pair
from viz.pictures import words
from viz.pictures.swatches import as_csv

_TAGS = {"larger": "its input sees the whole image", "no growth": "sees no more of the image"}  # of what is doubtful
Lines = Sequence[tuple[str, str]]
_COLUMNS = (
    "layer",
    "name",
    "text",
    "output shape",
    "parameters",
    "running total",
    "receptive field",
    "jump",
    "multiply-accumulates",
    "activation bytes",
    "problem",
)


def rows(assessment: Assessment, worked: Sequence[Lines]) -> list[dict[str, Any]]:
    """Return for each layer what its line of the editor shows; a layer that cannot run has no numbers.

    Args:
        assessment: Its numbers.
        worked: For each layer, names and lines of arithmetic.
    """
    sizes = [(1, 1), *(row.size for row in assessment.rows)]
    pairs = zip(assessment.rows, worked, strict=True)
    return [_row(row, [sizes[position] for position in row.inputs], lines) for row, lines in pairs]


def _row(row: Row, before: Sequence[Pair | None], lines: Lines) -> dict[str, Any]:
    return {
        "output": words.shape(row.shape) if row.works else "",
        "parameters": row.parameters,
        "total": f"{row.running_total:,}" if row.works else "",
        "work": f"{row.multiply_accumulates:,}" if row.works else "",
        "size": _pair(row.size),
        "box": _middle_box(row),
        "grows": row.size not in before,
        "facts": _facts(row) if row.works else [],
        "worked": lines,
        "problem": {"sentence": row.problem.sentence, "fits": row.problem.fits} if row.problem else None,
        "marks": [mark.sentence for mark in row.marks],
        "tag": _TAGS[row.marks[0].name] if row.marks else "",
    }


def _facts(row: Row) -> list[tuple[str, str]]:
    """Return names and numbers of a layer that can run, for the panel beside the list."""
    return [
        ("Name", row.name),
        ("Output", words.shape(row.shape)),
        ("Parameters", f"{row.parameters:,}"),
        ("Running total", f"{row.running_total:,}"),
        ("Receptive field", _pair(row.size) or "no single one"),
        ("Jump", _pair(row.jump) or "none"),
        ("Multiply-accumulates", f"{row.multiply_accumulates:,}"),
        ("Activation", f"{row.memory:,} bytes"),
    ]


def _middle_box(row: Row) -> list[int] | None:
    """Return the box that the middle unit of a layer sees; None where it has no single field."""
    if not isinstance(row.field, ReceptiveField) or len(row.shape) != 3:
        return None
    box: Box = row.field.box((row.shape[1] // 2, row.shape[2] // 2))
    return [box.top, box.left, box.bottom, box.right]


def _pair(pair: Pair | None) -> str:
    return words.shape(pair) if pair else ""


def totals(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the sums over all layers that can run, and the largest field; ``value`` is None for what has no sum."""
    sizes = [row.size for row in assessment.rows if row.size]
    size = max(sizes, key=lambda each: each[0] * each[1], default=(1, 1))
    sums: Mapping[str, int] = {
        "parameters": assessment.parameters,
        "multiply-accumulates for one image": assessment.multiply_accumulates,
        "bytes of activations": assessment.memory,
    }
    counted = [{"name": name, "text": f"{value:,}", "value": value} for name, value in sums.items()]
    field = {"name": "pixels in the largest receptive field", "text": words.shape(size), "value": None}
    return [counted[0], field, *counted[1:]]


def limits(checked: Sequence[Limit]) -> list[dict[str, Any]]:
    """Return the limits with whether each holds, None where nothing says it, and why."""
    return [{"name": each.name, "holds": each.holds, "evidence": each.evidence} for each in checked]


def most(assessment: Assessment) -> int:
    """Return the parameters of the layer that has most."""
    return max((row.parameters for row in assessment.rows), default=0)


def say(assessment: Assessment, image: Pair) -> str:
    """Say how large a design is, what it sees of the image (H, W), and the first layer that cannot run."""
    count = len(assessment.rows)
    said = (
        f"{count} {'layer' if count == 1 else 'layers'}, {assessment.parameters:,} parameters, "
        f"{assessment.multiply_accumulates:,} multiply-accumulates for one image. {_say_sight(assessment, image)}"
    )
    for number, row in enumerate(assessment.rows, 1):
        if row.problem:
            return f"{said} Layer {number} cannot run: {row.problem.sentence}"
    return f"{said} {assessment.problem.sentence}" if assessment.problem else said


def _say_sight(assessment: Assessment, image: Pair) -> str:
    """Say from which layer on a field is as large as the image, or how large the largest is."""
    for number, row in enumerate(assessment.rows, 1):
        if row.size and row.size[0] >= image[0] and row.size[1] >= image[1]:
            return f"From layer {number} on, a receptive field is as large as the image, {words.shape(image)}."
    return f"No receptive field is as large as the image, {words.shape(image)}."


def table_csv(assessment: Assessment) -> str:
    """Return all numbers of all layers as CSV."""
    return as_csv([_COLUMNS, *(_cells(number, row) for number, row in enumerate(assessment.rows, 1))])


def _cells(number: int, row: Row) -> Sequence[object]:
    problem = row.problem.sentence if row.problem else ""
    if not row.works:
        return (number, row.name, row.text, *[""] * 7, problem)
    return (
        number,
        row.name,
        row.text,
        words.shape(row.shape),
        row.parameters,
        row.running_total,
        _pair(row.size),
        _pair(row.jump),
        row.multiply_accumulates,
        row.memory,
        problem,
    )
