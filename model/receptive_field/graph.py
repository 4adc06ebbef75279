"""Receptive fields on a graph: windows change a field, joins unite fields, and rearrangements keep or lose places.

No pass is run: everything comes from the settings and the shapes of the nodes.

Source: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019, which joins
paths in this way. Where the jumps of two paths differ, it gives no answer either.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.errors import InputError
from model.graph.records import IMAGE, Graph, Node, Op
from model.layers.registry import of_op
from model.receptive_field.reach import beside_formula, of_pixels, slid, taken, united
from model.receptive_field.records import Field, NoSingleWindow, Reach, ReceptiveField, Window
from model.receptive_field.recurrence import PIXEL, next_field
from model.records import Pair

_BOTH = (0, 1)  # the axes y and x of a pair


@dataclass(frozen=True, slots=True)
class _Value:
    """What a node gives, and which pixels act on it.

    Attributes:
        sides: The size of each axis; the batch counts as its factor.
        field: Of one unit; None where no pixel acts on it.
        places: Which axes are y and x; None where all values have the same field.
    """

    sides: tuple[int, ...]
    field: Field | None
    places: Pair | None = None

    @property
    def size(self) -> Pair:
        """Return the number of units along y and x."""
        return (1, 1) if self.places is None else (self.sides[self.places[0]], self.sides[self.places[1]])

    @property
    def from_end(self) -> Pair | None:
        """Return which axes are y and x, counted from the last."""
        return None if self.places is None else (self.places[0] - len(self.sides), self.places[1] - len(self.sides))


class _Obstacle(Exception):  # noqa: N818 (it becomes a NoSingleWindow)
    """Why a step has no single window, and the fields that do not fit together."""

    def __init__(self, reason: str, *fields: ReceptiveField) -> None:
        super().__init__(reason)
        self.reason, self.fields = reason, fields


def of_graph(graph: Graph) -> dict[str, Field]:
    """Return the receptive field of every node that gives feature maps, in the order they run.

    At a join the field is the union of its inputs' fields, if their jumps agree: it begins where the first begins and
    ends where the last ends. A gate, which multiplies all places of a map by one number, is held fixed; ``held`` names
    it. An adaptive pool has the kernel in / out.

    Returns:
        By the node's name the field, unclipped, or why there is no single window.

    >>> nodes = (Node("a-1", Op.MAX_POOL, settings={"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1),
    ...     "dilation": (1, 1), "ceil": False}, shape=(1, 4, 4)), Node("a-2", Op.RELU, ("a-1",), shape=(1, 4, 4)))
    >>> of_graph(Graph(nodes, (1, 8, 8)))["a-2"]
    ReceptiveField(size=(3, 3), jump=(2, 2), center=(0.0, 0.0), held=())
    """
    image = graph.input_shape[1], graph.input_shape[2]
    values = {IMAGE: _Value((1, *graph.input_shape), replace(PIXEL, reach=of_pixels(image)), (2, 3))}
    for node in graph.nodes:
        values[node.name] = _value(node, [values[name] for name in node.inputs])
    found = {}
    for node in graph.nodes:
        field = values[node.name].field
        if len(node.shape) == 3 and node.batch and field is not None:
            found[node.name] = _listed(node, values[node.name], field, image)
    return found


def _listed(node: Node, value: _Value, field: Field, image: Pair) -> Field:
    """Return the field of maps; all units must have one of their own, except where there is one unit alone."""
    spread = node.shape[1] * node.shape[2] > 1
    if isinstance(field, ReceptiveField) and spread and value.places != (2, 3):
        return NoSingleWindow(node.name, "Its values are rearranged, so a place in a map is no place in the image.")
    if isinstance(field, ReceptiveField):
        return replace(field, reach=beside_formula(field, _reach(field), image))
    return field


def _value(node: Node, given: Sequence[_Value]) -> _Value:
    sides = ((node.batch,) if node.batch else ()) + node.shape
    moved = [value for value in given if value.field is not None]
    if not moved:
        return _Value(sides, None)
    for value in moved:
        if isinstance(value.field, NoSingleWindow):
            return _Value(sides, value.field, value.places)
    try:
        field, places = _RULES.get(node.op, _window)(node, moved, sides)
    except _Obstacle as obstacle:
        return _Value(sides, NoSingleWindow(node.name, obstacle.reason, obstacle.fields))
    return _Value(sides, field, places)


def _field(value: _Value) -> ReceptiveField:
    assert isinstance(value.field, ReceptiveField)  # noqa: S101 (all others end in _value)
    return value.field


def _reach(field: ReceptiveField) -> Reach:
    assert field.reach is not None  # noqa: S101 (on the way through a graph it is always known)
    return field.reach


def _after(field: ReceptiveField, window: Window, units: Pair) -> ReceptiveField:
    """Return the field after a window with so many units."""
    return replace(next_field(field, window), reach=slid(_reach(field), window, units))


_Found = tuple[ReceptiveField, Pair | None]
_Rule = Callable[[Node, Sequence[_Value], tuple[int, ...]], _Found]


def _window(node: Node, given: Sequence[_Value], sides: tuple[int, ...]) -> _Found:
    """A kind of layer with a window."""
    value, layer = given[0], of_op(node.op)
    if layer is None:
        raise _Obstacle(f"Nothing is known of the window of '{node.op}'.")
    if value.places not in {None, (2, 3)} or (value.places is None and math.prod(value.sides[2:]) > 1):
        raise _Obstacle("It slides over values that are rearranged.")
    try:
        window = layer.window(layer.settings_of(node), value.sides[1:], sides[1:])
    except InputError as error:
        raise _Obstacle(error.problem) from error
    return _after(_field(value), window, (sides[2], sides[3])), (2, 3)


def _same(_node: Node, given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
    """Each value depends on the value at its own place."""
    return _field(given[0]), given[0].places


def _over(value: _Value, axes: Sequence[int]) -> ReceptiveField:
    """Return the field of one number that sums up the axes."""
    places = value.places or ()
    kernel = [value.sides[place] if place in axes else 1 for place in places] or [1, 1]
    window, (height, width) = Window((kernel[0], kernel[1]), (kernel[0], kernel[1])), value.size
    return _after(_field(value), window, (height // kernel[0], width // kernel[1]))


def _whole(value: _Value) -> ReceptiveField:
    """Return the field of one number that sums up all places."""
    return _over(value, value.places or ())


def _linear(_node: Node, given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
    """A weighted sum over the last axis."""
    value = given[0]
    if value.places is None or len(value.sides) - 1 not in value.places:
        return _same(_node, given, _sides)
    return _whole(value), None


def _normalised(axes: Callable[[Node, _Value], Sequence[int]]) -> _Rule:
    """A step that divides by what it sums up over some axes of the image itself; that is held fixed."""

    def rule(node: Node, given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
        value = given[0]
        field = _field(value)
        spread = any(value.sides[place] > 1 for place in value.places or () if place in axes(node, value))
        return (replace(field, held=(*field.held, node.name)) if spread else field), value.places

    return rule


def _all_axes(_node: Node, value: _Value) -> Sequence[int]:
    return range(len(value.sides))


def _last_axes(node: Node, value: _Value) -> Sequence[int]:
    return range(len(value.sides) - len(node.settings["shape"]), len(value.sides))


def _batch_norm(node: Node, given: Sequence[_Value], sides: tuple[int, ...]) -> _Found:
    rule = _normalised(_all_axes) if node.settings["batch_statistics"] else _same
    return rule(node, given, sides)


def _reduced(node: Node, given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
    """A mean, sum or maximum over some axes."""
    value, axes = given[0], node.settings["dims"]
    field = _over(value, axes)
    if node.settings["keepdim"] or value.places is None:
        return field, value.places
    return field, _after_removing(replace(value, field=field), axes)


def _after_removing(value: _Value, axes: Sequence[int]) -> Pair | None:
    """Return the places once some axes are gone; None where no place is left."""
    if value.places is None:
        return None
    left = [place for place in value.places if place not in axes]
    if all(value.sides[place] == 1 for place in left):
        return None
    if len(left) < len(value.places):
        raise _Obstacle("It removes one of the axes y and x.")
    y, x = (place - sum(axis < place for axis in axes) for place in value.places)
    return y, x


# Joins


def _joined(node: Node, given: Sequence[_Value], sides: tuple[int, ...]) -> _Found:
    """The union of the fields of several inputs."""
    sizes = [value.size for value in given]
    most = max(sizes)
    spread = [value for value, size in zip(given, sizes, strict=True) if size == most]
    alike = [value for value in given if value not in spread]
    if most == (1, 1):
        places = given[0].places
        return _union(spread, jumps=False), places if places and len(given[0].sides) == len(sides) else None
    if len({value.from_end for value in spread}) > 1 or any(value.size != (1, 1) for value in alike):
        raise _Obstacle("It joins values at different places.", *map(_field, given))
    field = _union(spread, jumps=True)
    if alike and node.op != Op.MUL:
        raise _Obstacle("It joins maps with what is the same for all their places.", *map(_field, given))
    if alike:
        field = replace(field, held=_merged([*spread, *alike], (node.name,)))
    y, x = spread[0].from_end or (-2, -1)
    return field, (len(sides) + y, len(sides) + x)


def _concatenated(node: Node, given: Sequence[_Value], sides: tuple[int, ...]) -> _Found:
    if any(value.places and node.settings["dim"] in value.places and max(value.size) > 1 for value in given):
        raise _Obstacle("It puts maps beside one another.", *map(_field, given))
    return _joined(node, given, sides)


def _merged(given: Sequence[_Value], more: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(dict.fromkeys([name for value in given for name in _field(value).held] + [*more]))


def _union(given: Sequence[_Value], *, jumps: bool) -> ReceptiveField:
    """Unite fields: from the smallest start to the largest end.

    Args:
        given: With a field each.
        jumps: Whether the jumps must agree; they mean nothing where there is one unit.
    """
    fields = [_field(value) for value in given]
    if jumps and len({field.jump for field in fields}) > 1:
        distinct = {field.jump: field for field in fields}
        listed = " and ".join(f"{y} × {x}" for y, x in distinct)
        raise _Obstacle(f"Its inputs have different jumps: {listed}.", *distinct.values())
    reach = united([_reach(field) for field in fields])
    if reach is None:
        raise _Obstacle("Some windows of one of its inputs lie in the padding alone.", *fields)
    sizes, centers = [0, 0], [0.0, 0.0]
    for axis in _BOTH:
        start = min(field.center[axis] - (field.size[axis] - 1) / 2 for field in fields)
        end = max(field.center[axis] + (field.size[axis] - 1) / 2 for field in fields)
        sizes[axis], centers[axis] = round(end - start) + 1, (start + end) / 2
    return ReceptiveField((sizes[0], sizes[1]), fields[0].jump, (centers[0], centers[1]), _merged(given), reach)


# Rearrangements: where the axes y and x go

Positions = NDArray[np.int64]


def _own(positions: Positions, _count: int) -> Positions:
    return positions


def _reflected(positions: Positions, count: int) -> Positions:
    return count - 1 - abs(count - 1 - abs(positions))


def _repeated(positions: Positions, count: int) -> Positions:
    return positions.clip(0, count - 1)


_PADDED = {"reflect": _reflected, "replicate": _repeated}


def _viewed(_node: Node, given: Sequence[_Value], sides: tuple[int, ...]) -> _Found:
    """A reshape keeps an axis if there is one of the same size with as many values behind it."""
    value = given[0]
    if value.places is None or value.size == (1, 1):
        return _field(value), None
    found = [
        axis
        for place in value.places
        for axis in range(len(sides))
        if sides[axis] == value.sides[place]
        and math.prod(sides[axis + 1 :]) == math.prod(value.sides[place + 1 :])
        and (sides[axis] > 1 or axis == len(sides) - len(value.sides) + place)
    ]
    return (_field(value), (found[0], found[1])) if len(found) == 2 else (_whole(value), None)


def _expanded(_node: Node, given: Sequence[_Value], sides: tuple[int, ...]) -> _Found:
    value = given[0]
    extra = len(sides) - len(value.sides)
    if value.places is None or value.size == (1, 1):
        return _field(value), None
    y, x = (place + extra for place in value.places)
    if (sides[y], sides[x]) != value.size:
        raise _Obstacle("It repeats values along one of the axes y and x.")
    return _field(value), (y, x)


def _squeezed(node: Node, given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
    return _field(given[0]), _after_removing(given[0], node.settings["dims"])


def _unsqueezed(node: Node, given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
    value = given[0]
    if value.places is None:
        return _field(value), None
    y, x = (place + (place >= node.settings["dim"]) for place in value.places)
    return _field(value), (y, x)


def _permuted(node: Node, given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
    value = given[0]
    if value.places is None:
        return _field(value), None
    y, x = (node.settings["dims"].index(place) for place in value.places)
    return _field(value), (y, x)


def _along(
    value: _Value, axis: int, stride: int, before: int, units: int, taking: Callable[[Positions, int], Positions] = _own
) -> ReceptiveField:
    """Return the field after every ``stride``-th value along an axis, with ``before`` more or fewer at its start.

    Args:
        value: What is rearranged.
        axis: Along which.
        stride: From one value to the next.
        before: How many positions lie before the first value.
        units: How many values there are then.
        taking: Which values of a map of some size are put at some positions, where these lie beside the map.
    """
    if value.places is None or axis not in value.places:
        return _field(value)
    field, place = _field(value), value.places.index(axis)
    strides, pads, reach = [1, 1], [0, 0], [*_reach(field)]
    strides[place], pads[place] = stride, before
    positions = taking(np.arange(units) * stride - before, value.sides[axis])
    reach[place] = taken(reach[place], positions[:, None])
    moved = next_field(field, Window((1, 1), (strides[0], strides[1]), (pads[0], pads[1])))
    return replace(moved, reach=(reach[0], reach[1]))


def _sliced(node: Node, given: Sequence[_Value], sides: tuple[int, ...]) -> _Found:
    s = node.settings
    return _along(given[0], s["dim"], s["step"], -s["start"], sides[s["dim"]]), given[0].places


def _selected(node: Node, given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
    value, axis = given[0], node.settings["dim"]
    field = _along(value, axis, 1, -node.settings["index"], 1)
    sides = (*value.sides[:axis], 1, *value.sides[axis + 1 :])
    return field, _after_removing(_Value(sides, field, value.places), (axis,))


def _padded(node: Node, given: Sequence[_Value], sides: tuple[int, ...]) -> _Found:
    value, pads = given[0], node.settings["pads"]
    field = _field(value)
    for number, (before, after) in enumerate(zip(pads[::2], pads[1::2], strict=True), start=1):
        axis = len(value.sides) - number
        if (before or after) and value.places is not None and axis in value.places:
            if node.settings["mode"] == "circular":
                raise _Obstacle("It pads with values of the other side.")
            taking = _PADDED.get(node.settings["mode"], _own)
            field = _along(replace(value, field=field), axis, 1, before, sides[axis], taking)
    return field, value.places


def _spread(_node: Node, _given: Sequence[_Value], _sides: tuple[int, ...]) -> _Found:
    raise _Obstacle("It spreads values over several places.")


_ELEMENTWISE = (
    *(Op.RELU, Op.RELU6, Op.SELU, Op.SILU, Op.MISH, Op.SIGMOID, Op.TANH, Op.HARDSWISH, Op.HARDSIGMOID, Op.HARDTANH),
    *(Op.LEAKY_RELU, Op.ELU, Op.SOFTPLUS, Op.GELU, Op.PRELU, Op.CLAMP, Op.POW, Op.EXP, Op.LOG, Op.SQRT, Op.RSQRT),
    *(Op.ABS, Op.NEG, Op.RECIPROCAL, Op.DROPOUT, Op.DROPOUT2D, Op.IDENTITY, Op.CHANNEL_SHUFFLE),
)
_JOINS = (Op.ADD, Op.SUB, Op.RSUB, Op.MUL, Op.DIV, Op.MAXIMUM, Op.MINIMUM)
_RULES: dict[Op, _Rule] = {
    **dict.fromkeys(_ELEMENTWISE, _same),
    **dict.fromkeys(_JOINS, _joined),
    **dict.fromkeys((Op.MEAN, Op.SUM, Op.AMAX), _reduced),
    **dict.fromkeys((Op.SOFTMAX, Op.LOG_SOFTMAX), _normalised(lambda node, _: (node.settings["dim"],))),
    **dict.fromkeys((Op.INSTANCE_NORM, Op.GROUP_NORM), _normalised(_all_axes)),
    **dict.fromkeys((Op.FLATTEN, Op.VIEW), _viewed),
    Op.LAYER_NORM: _normalised(_last_axes),
    Op.BATCH_NORM: _batch_norm,
    Op.LINEAR: _linear,
    Op.CAT: _concatenated,
    Op.EXPAND: _expanded,
    Op.SQUEEZE: _squeezed,
    Op.UNSQUEEZE: _unsqueezed,
    Op.PERMUTE: _permuted,
    Op.SLICE: _sliced,
    Op.SELECT: _selected,
    Op.PAD: _padded,
    Op.PIXEL_SHUFFLE: _spread,
}
