"""What a design costs and sees, before any weight exists: shapes, parameters, fields, costs, and what does not fit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from model.design.nodes import Step, steps_of
from model.design.problems import count
from model.design.records import Assessment, Design, Layer, Mark, Problem, Row
from model.design.text import CLASSES, write_layer
from model.graph.records import Graph
from model.receptive_field.graph import of_graph
from model.receptive_field.records import Field, ReceptiveField
from model.receptive_field.recurrence import PIXEL
from model.records import Pair, format_sizes

_BYTES = 4  # of a float32
_SOURCE = "Richter et al. 2021"


def assess(design: Design) -> Assessment:
    r"""Return what is known of a design.

    No weight and no module is made for it. A layer that cannot run is marked; the layers that do not depend on it are
    worked out all the same.

    >>> from model.design.text import read
    >>> found = assess(read("conv 8 3\nmax 2\nconv 10 3\ngap"))
    >>> [(row.name, row.size, row.parameters) for row in found.rows[:2]], found.parameters, found.works
    ([('Conv2d-1', (3, 3), 80), ('MaxPool2d-2', (4, 4), 0)], 810, True)
    """
    steps = steps_of(design)
    nodes = tuple(step.node for step in steps if step.node is not None)
    fields = of_graph(Graph(nodes, design.input_shape))
    totals = accumulate(step.parameters for step in steps)
    rows = []
    for layer, step, total in zip(design.layers, steps, totals, strict=True):
        field = fields.get(step.name) if step.node else None
        rows.append(_row(layer, step, total, field, _marks(layer, step, steps, fields, design)))
    return Assessment(tuple(rows), problem_of(design, steps))


def _row(layer: Layer, step: Step, total: int, field: Field | None, marks: tuple[Mark, ...]) -> Row:
    node = step.node
    if node is None:
        return Row(step.name, write_layer(layer), step.inputs, running_total=total, problem=step.problem)
    return Row(
        step.name,
        write_layer(layer),
        step.inputs,
        node.shape,
        step.parameters,
        total,
        field,
        node.multiply_accumulates,
        _BYTES * count(node.shape),
        marks=marks,
    )


def _marks(
    layer: Layer, step: Step, steps: Sequence[Step], fields: Mapping[str, Field], design: Design
) -> tuple[Mark, ...]:
    """Say what is doubtful about a layer whose window has more than one value; what ends in one unit is left out.

    Source: Richter, Schöning, Wiedenroth, Krumnack, "Should You Go Deeper? Optimizing Convolutional Neural Network
    Architectures without Training", ICMLA 2021: behind the border layer, whose input already sees the whole image,
    layers hardly add to the accuracy. Their images are squares; here the field must cover both axes.
    """
    size, image = layer.settings.get("size", (1, 1)), design.input_shape[1:]
    if step.node is None or size == (1, 1):
        return ()
    source = steps[step.inputs[0] - 1] if step.inputs[0] else None
    given = source.node.shape[1:] if source and source.node else image
    if step.node.shape[1:] == (1, 1) != given:
        return ()
    before, after = fields.get(source.name) if source else PIXEL, fields.get(step.name)
    if not isinstance(before, ReceptiveField) or not isinstance(after, ReceptiveField):
        return ()
    found = []
    if all(side >= whole for side, whole in zip(before.size, image, strict=True)):
        found.append(
            Mark(
                "larger",
                f"What comes in already sees {format_sizes(before.size)} pixels, and the image has "
                f"{format_sizes(image)}: this window combines, but cannot see further ({_SOURCE}).",
            )
        )
    seen = _most_seen(before, given, image)
    if seen == _most_seen(after, step.node.shape[1:], image):
        found.append(
            Mark(
                "no growth",
                f"Its window is {format_sizes(size)}, but no unit sees more than {format_sizes(seen)} pixels of the "
                "image, as before it.",
            )
        )
    return tuple(found)


def _most_seen(field: ReceptiveField, units: Sequence[int], image: Sequence[int]) -> Pair:
    """Return the largest part of the image, along y and along x, that a unit sees."""
    y, x = (int(np.max(np.diff(_ends(field, axis, units[axis]).clip(0, image[axis]), axis=0))) for axis in (0, 1))
    return y, x


def _ends(field: ReceptiveField, axis: int, units: int) -> NDArray[np.int64]:
    """Return where the fields of units begin and end along an axis, (2, units)."""
    if field.reach is not None:
        return field.reach[axis]
    first = round(field.center[axis] - (field.size[axis] - 1) / 2) + np.arange(units) * field.jump[axis]
    return np.stack([first, first + field.size[axis]])


def problem_of(design: Design, steps: Sequence[Step]) -> Problem | None:
    """Say why layers that can all run make no network: there are none, one leads nowhere, or the end does not fit."""
    if not steps:
        return Problem("The design has no layer.", "Begin with a convolution: conv 8 3.")
    if any(step.node is None for step in steps):
        return None
    read = {position for step in steps for position in step.inputs}
    lost = [position for position in range(1, len(steps)) if position not in read]
    if lost:
        return Problem(
            f"Layer {lost[0]} ({steps[lost[0] - 1].name}) leads nowhere: no later layer reads from it.",
            f"Join it with @{lost[0]} in a later add or cat, or remove it.",
        )
    shape, classes = steps[-1].node.shape if steps[-1].node else (), design.classes
    if shape in {(classes,), (classes, 1, 1)}:
        return None
    said = f"The last layer gives {format_sizes(shape)}"
    if len(shape) == 3 and shape[1:] != (1, 1):
        return Problem(
            f"{said} = {count(shape):,} numbers, and {classes} classes need {classes}.",
            f"End with conv {classes} 1 and gap, or with gap, flatten and linear {classes}.",
        )
    return Problem(
        f"{said} numbers, and {classes} classes need {classes}.",
        f"End with conv {classes} 1 before flatten, or with linear {classes} after it.",
    )


def ended(design: Design) -> Design:
    """Return a design for as many classes as its last layer has, where a design can have so many."""
    last = assess(design).rows[-1].shape
    return replace(design, classes=last[0]) if last and last[0] in CLASSES else design
