"""What each operation gives and costs, worked out in Python alone, before anything is allocated.

Every number comes from a file that a stranger may have written. So each setting has a type and a range, each tensor a
shape that must fit, and sizes are Python's whole numbers, which do not overflow.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model.graph.records import Op

LARGEST = 1_024  # of a kernel, stride, padding or dilation
MAX_AXES = 8
Shape = tuple[int, ...]


class Misfit(Exception):  # noqa: N818 (it becomes a NetworkError that names the node)
    """What is wrong with a node and what is allowed, as two sentences."""


@dataclass(frozen=True, slots=True)
class Value:
    """The shape of a tensor (batch * N, *shape); ``batch`` is 0 where there is no axis for the batch."""

    batch: int
    shape: Shape

    @property
    def size(self) -> int:
        """Return how many numbers it has for one image."""
        return max(1, self.batch) * math.prod(self.shape)

    @property
    def sides(self) -> Shape:
        """Return the sizes of all axes; the batch counts as its factor."""
        return ((self.batch,) if self.batch else ()) + self.shape


@dataclass(frozen=True, slots=True)
class Given:
    """What a node is given: its inputs, its settings, and the shapes of its tensors by role."""

    inputs: Sequence[Value]
    settings: Mapping[str, Any]
    tensors: Mapping[str, Shape]

    @property
    def value(self) -> Value:
        """Return the first input."""
        return self.inputs[0]

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]

    def maps(self) -> tuple[int, int, int]:
        """Return (C, H, W) of the first input, or raise where it has no feature maps."""
        if not self.value.batch or len(self.value.shape) != 3:
            raise Misfit(f"Its input has the shape {self.value.sides}.", "It needs feature maps (N, C, H, W).")
        channels, height, width = self.value.shape
        return channels, height, width


@dataclass(frozen=True, slots=True)
class Result:
    """What a node gives, and what it takes for one image.

    Args:
        value: The shape of what it gives.
        multiply_accumulates: How many.
        working: How many numbers it may hold at once beside its input and output.
        comparisons: How many values its windows look at, where these are not multiplied.
    """

    value: Value
    multiply_accumulates: int = 0
    working: int = 0
    comparisons: int = 0


# Settings: each checks one value and returns it with tuples in the place of lists


Setting = Callable[[Any], Any]


def whole(low: int, high: int) -> Setting:
    """Accept a whole number."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Misfit(f"is {_said(value)}.", f"It is a whole number from {low:,} to {high:,}.")
        return value

    return check


def wholes(low: int, high: int, least: int = 0, most: int = MAX_AXES) -> Setting:
    """Accept a list of whole numbers."""

    def check(value: Any) -> tuple[int, ...]:
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            raise Misfit(f"is {_said(value)}.", f"It is a list of {least} to {most} whole numbers.")
        return tuple(whole(low, high)(each) for each in value)

    return check


def pair(low: int, high: int) -> Setting:
    """Accept two whole numbers (y, x)."""
    return wholes(low, high, 2, 2)


def number(low: float, high: float) -> Setting:
    """Accept a finite number."""

    def check(value: Any) -> float:
        if type(value) not in {int, float} or not low <= value <= high:
            raise Misfit(f"is {_said(value)}.", f"It is a number from {low:g} to {high:g}.")
        return float(value)

    return check


def optional(setting: Setting) -> Setting:
    """Accept null as well."""
    return lambda value: None if value is None else setting(value)


def flag(value: Any) -> bool:
    """Accept true or false."""
    if type(value) is not bool:
        raise Misfit(f"is {_said(value)}.", "It is true or false.")
    return value


def choice(*words: str) -> Setting:
    """Accept one of some words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Misfit(f"is {_said(value)}.", f"It is one of {', '.join(words)}.")
        return value

    return check


def padding_or_same(value: Any) -> Any:
    """Accept a padding (y, x), or the word ``same``."""
    return value if value == "same" else pair(0, LARGEST)(value)


def _said(value: Any) -> str:
    """Return a short form of any value, in ASCII."""
    if isinstance(value, str | int | float | bool | None):
        text = ascii(value)
    else:
        text = f"a {type(value).__name__} of {len(value):,}"
    return text if len(text) <= 40 else f"{text[:40]}..."


ANY = number(-3e38, 3e38)
STRIDE, DILATION, KERNEL = pair(1, LARGEST), pair(1, LARGEST), pair(1, LARGEST)
PADDING = pair(0, LARGEST)
EPS = number(1e-12, 1.0)
AXIS = whole(0, MAX_AXES)
SIZE = 1 << 31  # of an axis; what it makes in all is limited elsewhere


# Shapes


def _unchanged(given: Given) -> Result:
    return Result(given.value)


def _rearranged(value: Value, sides: Sequence[int]) -> Result:
    """Return a value whose first axis is still the batch, where there is one."""
    return Result(Value(sides[0], tuple(sides[1:])) if value.batch else Value(0, tuple(sides)))


def _fits(given: Given, role: str, shape: Shape) -> None:
    found = given.tensors.get(role)
    if found is not None and found != shape:
        raise Misfit(f"Its {role} has the shape {_shape(found)}.", f"It must be {_shape(shape)}.")


def _shape(shape: Sequence[int]) -> str:
    return f"({', '.join(_said(side) for side in shape)})"


def _conv(given: Given) -> Result:
    channels, *sides = given.maps()
    weight, groups = given.tensors["weight"], given["groups"]
    if len(weight) != 4 or weight[1] * groups != channels or weight[0] % groups:
        raise Misfit(
            f"Its weight {_shape(weight)} in {groups} groups does not fit {channels} channels.",
            "It is (out, in / groups, height, width).",
        )
    _check_kernel(given)
    out = weight[0]
    _fits(given, "bias", (out,))
    spread = [d * (k - 1) + 1 for d, k in zip(given["dilation"], weight[2:], strict=True)]
    if given["padding"] == "same":
        if given["stride"] != (1, 1):
            raise Misfit("Its padding is 'same' with a stride.", "'same' needs the stride (1, 1).")
    else:
        reach = zip(sides, given["padding"], spread, given["stride"], strict=True)
        sides = [(side + 2 * padding - size) // stride + 1 for side, padding, size, stride in reach]
    _check_sides(sides, given.value)
    columns = given.value.batch * math.prod(weight[1:]) * groups * math.prod(sides)
    return Result(Value(given.value.batch, (out, *sides)), columns // groups * out, columns)


def _conv_transpose(given: Given) -> Result:
    channels, *sides = given.maps()
    weight, groups = given.tensors["weight"], given["groups"]
    if len(weight) != 4 or weight[0] != channels or channels % groups:
        raise Misfit(
            f"Its weight {_shape(weight)} in {groups} groups does not fit {channels} channels.",
            "It is (in, out / groups, height, width).",
        )
    _check_kernel(given)
    out, kernel = weight[1] * groups, weight[2:]
    _fits(given, "bias", (out,))
    found = []
    for axis, side in enumerate(sides):
        stride, dilation, extra = (given[name][axis] for name in ("stride", "dilation", "output_padding"))
        if extra >= max(stride, dilation):
            raise Misfit(f"Its output padding is {extra}.", "It is smaller than the stride or the dilation.")
        reach = dilation * (kernel[axis] - 1) + 1
        found.append((side - 1) * stride - 2 * given["padding"][axis] + reach + extra)
    _check_sides(found, given.value)
    columns = given.value.batch * math.prod(kernel) * out * math.prod(sides)
    return Result(Value(given.value.batch, (out, *found)), columns // groups * channels, columns)


def _check_kernel(given: Given) -> None:
    kernel = given.tensors["weight"][2:]
    if kernel != given["kernel"]:
        raise Misfit(f"Its kernel is {_shape(given['kernel'])}, its weight's {_shape(kernel)}.", "They must agree.")


def _check_sides(sides: Sequence[int], value: Value) -> None:
    if min(sides) < 1:
        raise Misfit(f"It would give maps of {_shape(sides)} from {_shape(value.shape)}.", "Each side is at least 1.")


def _linear(given: Given) -> Result:
    weight, value = given.tensors["weight"], given.value
    if len(weight) != 2 or not value.shape or value.shape[-1] != weight[1]:
        raise Misfit(f"Its weight {_shape(weight)} does not fit an input {_shape(value.shape)}.", "It is (out, in).")
    _fits(given, "bias", (weight[0],))
    result = Value(value.batch, (*value.shape[:-1], weight[0]))
    return Result(result, result.size * weight[1])


def _per_channel(given: Given) -> Result:
    """Give the same shape; each tensor has one number for each channel."""
    value = given.value
    if not value.batch or not 1 <= len(value.shape) <= 3:
        raise Misfit(f"Its input has the shape {value.sides}.", "It needs (N, C), (N, C, L) or (N, C, H, W).")
    for role in ("weight", "bias", "running_mean", "running_var"):
        _fits(given, role, (value.shape[0],))
    return Result(value)


def _batch_norm(given: Given) -> Result:
    _fits(given, "num_batches_tracked", ())
    tracked = ("running_mean" in given.tensors) + ("running_var" in given.tensors)
    if tracked == 1 or given["batch_statistics"] == bool(tracked):
        raise Misfit("Its running statistics are not complete.", "It has both, or neither and batch_statistics.")
    return _per_channel(given)


def _group_norm(given: Given) -> Result:
    found = _per_channel(given)
    if given.value.shape[0] % given["groups"]:
        raise Misfit(f"It has {given['groups']} groups for {given.value.shape[0]} channels.", "Groups are equal.")
    return found


def _instance_norm(given: Given) -> Result:
    given.maps()
    return _per_channel(given)


def _layer_norm(given: Given) -> Result:
    shape, value = given["shape"], given.value
    if len(shape) > len(value.shape) or value.shape[len(value.shape) - len(shape) :] != shape:
        raise Misfit(f"It norms {_shape(shape)} of an input {_shape(value.shape)}.", "It must be the last axes.")
    for role in ("weight", "bias"):
        _fits(given, role, shape)
    return Result(value)


def _pool(given: Given) -> Result:
    channels, *sides = given.maps()
    found = []
    for axis, side in enumerate(sides):
        kernel, stride, padding = (given[name][axis] for name in ("kernel", "stride", "padding"))
        dilation = given["dilation"][axis] if "dilation" in given.settings else 1
        if padding > kernel // 2:
            raise Misfit(f"Its padding is {padding} and its kernel {kernel}.", "A padding is at most half the kernel.")
        room = side + 2 * padding - dilation * (kernel - 1) - 1
        out = (room + (stride - 1 if given["ceil"] else 0)) // stride + 1 if room >= 0 or given["ceil"] else 0
        if given["ceil"] and (out - 1) * stride >= side + padding:
            out -= 1
        found.append(out)
    _check_sides(found, given.value)
    result = Value(given.value.batch, (channels, *found))
    return Result(result, comparisons=result.size * math.prod(given["kernel"]))


def _adaptive(given: Given) -> Result:
    channels, *_ = given.maps()
    return Result(Value(given.value.batch, (channels, *given["size"])))


def _reduced(given: Given) -> Result:
    sides, dims = given.value.sides, given["dims"]
    _check_axes(dims, given.value)
    kept = given["keepdim"]
    return _rearranged(given.value, [1 if a in dims else n for a, n in enumerate(sides) if kept or a not in dims])


def _check_axes(axes: Sequence[int], value: Value) -> None:
    first = 1 if value.batch else 0
    if not axes or len({*axes}) < len(axes) or not all(first <= axis < len(value.sides) for axis in axes):
        raise Misfit(f"It works on the axes {_shape(axes)}.", f"They are from {first} to {len(value.sides) - 1}.")


def _along_axis(given: Given) -> Result:
    _check_axes([given["dim"]], given.value)
    return Result(given.value)


def _cat(given: Given) -> Result:
    axis, first = given["dim"], given.value
    _check_axes([axis], first)
    others = {value.sides[:axis] + value.sides[axis + 1 :] for value in given.inputs}
    if len(others) > 1 or len({(bool(value.batch), len(value.sides)) for value in given.inputs}) > 1:
        shapes = ", ".join(_shape(value.shape) for value in given.inputs[:4])
        raise Misfit(f"It joins {shapes}.", "All axes but one must agree.")
    sides = list(first.sides)
    sides[axis] = sum(value.sides[axis] for value in given.inputs)
    return _rearranged(first, sides)


def _padded(given: Given) -> Result:
    pads, sides = given["pads"], list(given.value.shape)
    limited = given["mode"] != "constant"
    if len(pads) % 2 or len(pads) // 2 > len(sides) or (limited and (len(pads), len(sides)) != (4, 3)):
        raise Misfit(f"It pads {len(pads)} sides of {_shape(sides)}.", "Pads come in pairs, the last axis first.")
    for axis, (before, after) in enumerate(zip(pads[::2], pads[1::2], strict=True), start=1):
        side = sides[-axis]
        most = {"reflect": side - 1, "circular": side}.get(given["mode"], LARGEST)
        if max(before, after) > most:
            raise Misfit(f"It pads {before} and {after} to {side} with '{given['mode']}'.", f"At most {most} fit.")
        sides[-axis] = before + side + after
    return Result(Value(given.value.batch, tuple(sides)))


def _flatten(given: Given) -> Result:
    start, end, sides = given["start"], given["end"], given.value.sides
    if not start <= end < len(sides):
        raise Misfit(f"It flattens the axes {start} to {end} of {len(sides)}.", "The first comes first.")
    return _rearranged(given.value, [*sides[:start], math.prod(sides[start : end + 1]), *sides[end + 1 :]])


def _view(given: Given) -> Result:
    result = Value(given["batch"], given["shape"])
    if result.size != given.value.size or bool(result.batch) != bool(given.value.batch):
        raise Misfit(f"It turns {given.value.sides} into {result.sides}.", "As many numbers must come out as go in.")
    return Result(result)


def _expand(given: Given) -> Result:
    result, value = Value(given["batch"], given["shape"]), given.value
    extra = len(result.shape) - len(value.shape)
    fits = result.batch == value.batch and extra >= 0 and not (extra and value.batch)
    if not fits or any(old not in {1, new} for old, new in zip(value.shape, result.shape[extra:], strict=True)):
        raise Misfit(f"It turns {value.sides} into {result.sides}.", "Only axes of size 1 can be repeated.")
    return Result(result)


def _squeeze(given: Given) -> Result:
    sides, dims = given.value.sides, given["dims"]
    if dims:
        _check_axes(dims, given.value)
    if any(sides[axis] != 1 for axis in dims):
        raise Misfit(f"It removes the axes {_shape(dims)} of {sides}.", "Only axes of size 1 can be removed.")
    return _rearranged(given.value, [side for axis, side in enumerate(sides) if axis not in dims])


def _unsqueeze(given: Given) -> Result:
    sides, axis = list(given.value.sides), given["dim"]
    if not (1 if given.value.batch else 0) <= axis <= len(sides):
        raise Misfit(f"It adds the axis {axis}.", f"It is from 1 to {len(sides)}.")
    return _rearranged(given.value, [*sides[:axis], 1, *sides[axis:]])


def _permute(given: Given) -> Result:
    sides, dims = given.value.sides, given["dims"]
    if sorted(dims) != list(range(len(sides))) or (given.value.batch and dims[0] != 0):
        raise Misfit(f"It orders the axes {_shape(dims)}.", "Each axis comes once, and the batch first.")
    return _rearranged(given.value, [sides[axis] for axis in dims])


def _slice(given: Given) -> Result:
    axis, start, end, step = (given[name] for name in ("dim", "start", "end", "step"))
    _check_axes([axis], given.value)
    sides = list(given.value.sides)
    if not start < end <= sides[axis]:
        raise Misfit(f"It takes {start} to {end} of {sides[axis]}.", "It must take at least one and no more than all.")
    sides[axis] = -(-(end - start) // step)
    return _rearranged(given.value, sides)


def _select(given: Given) -> Result:
    axis, sides = given["dim"], given.value.sides
    _check_axes([axis], given.value)
    if given["index"] >= sides[axis]:
        raise Misfit(f"It takes number {given['index']} of {sides[axis]}.", "Numbers begin at 0.")
    return _rearranged(given.value, [*sides[:axis], *sides[axis + 1 :]])


def _channel_shuffle(given: Given) -> Result:
    if given.maps()[0] % given["groups"]:
        raise Misfit(f"It has {given['groups']} groups for {given.maps()[0]} channels.", "Groups are equal.")
    return Result(given.value)


def _pixel_shuffle(given: Given) -> Result:
    channels, height, width = given.maps()
    factor = given["factor"]
    if channels % factor**2:
        raise Misfit(f"Its factor is {factor} for {channels} channels.", "Its square must divide them.")
    return Result(Value(given.value.batch, (channels // factor**2, height * factor, width * factor)))


def _prelu(given: Given) -> Result:
    if given.tensors["weight"] not in {(1,), given.value.shape[:1]}:
        raise Misfit(f"Its weight is {_shape(given.tensors['weight'])}.", "It is (1,) or has a number a channel.")
    return Result(given.value)


def _two(given: Given) -> Result:
    """Broadcast two tensors; a number in the place of the second changes no shape."""
    if ("value" in given.settings) == (len(given.inputs) == 2):
        raise Misfit("It has not two operands.", "It has two inputs, or one and a number.")
    if len(given.inputs) == 1:
        return Result(given.value)
    one, other = sorted(given.inputs, key=lambda value: not value.batch)  # one with a batch first
    if one.batch:
        small = other.batch in {0, one.batch} and len(other.sides) <= len(one.sides)
        aligned = other.batch and len(other.sides) == len(one.sides)
        if not small or not (
            aligned or (not other.batch and (other.sides[:1] == (1,) or len(other.sides) < len(one.sides)))
        ):
            raise Misfit(f"Its inputs are {one.sides} and {other.sides}.", "Batch must meet batch.")
    longest = max(len(one.sides), len(other.sides))
    rows = [(1,) * (longest - len(value.sides)) + value.sides for value in (one, other)]
    if any(a != b and 1 not in {a, b} for a, b in zip(*rows, strict=True)):
        raise Misfit(f"Its inputs are {one.sides} and {other.sides}.", "Sizes must agree or be 1.")
    return _rearranged(one, [max(a, b) for a, b in zip(*rows, strict=True)])


def _div(given: Given) -> Result:
    if given.settings.get("value") == 0:
        raise Misfit("It divides by 0.", "A divisor is not 0.")
    return _two(given)


def _stored(given: Given) -> Result:
    return Result(Value(0, given.tensors["value"]))


# The list


@dataclass(frozen=True, slots=True)
class Rule:
    """What a node of one operation must have, and what it gives."""

    infer: Callable[[Given], Result] = _unchanged
    settings: Mapping[str, Setting] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()
    inputs: tuple[int, int] = (1, 1)
    may_miss: frozenset[str] = frozenset()  # settings that may be left out


_WEIGHT, _AFFINE = frozenset({"weight"}), frozenset({"weight", "bias"})
_GROUPS = whole(1, 1 << 16)
_VIEW = {"batch": whole(0, 1 << 20), "shape": wholes(1, SIZE)}
_POOL: dict[str, Setting] = {"kernel": KERNEL, "stride": STRIDE, "padding": PADDING, "ceil": flag}
_CONV: dict[str, Setting] = {"kernel": KERNEL, "stride": STRIDE, "dilation": DILATION, "groups": _GROUPS}
_OVER: dict[str, Setting] = {"dims": wholes(0, MAX_AXES), "keepdim": flag}
_DROP: dict[str, Setting] = {"p": number(0, 1), "when": choice("training", "always", "guarded")}


def _binary(infer: Callable[[Given], Result] = _two, *, scaled: bool = False) -> Rule:
    settings = {"value": ANY} | ({"alpha": ANY} if scaled else {})
    return Rule(infer, settings, inputs=(1, 2), may_miss=frozenset(settings))


RULES: dict[Op, Rule] = {
    Op.CONV: Rule(_conv, _CONV | {"padding": padding_or_same}, _WEIGHT, _AFFINE),
    Op.CONV_TRANSPOSE: Rule(_conv_transpose, _CONV | {"padding": PADDING, "output_padding": PADDING}, _WEIGHT, _AFFINE),
    Op.LINEAR: Rule(_linear, {}, _WEIGHT, _AFFINE),
    Op.BATCH_NORM: Rule(
        _batch_norm,
        {"eps": EPS, "momentum": optional(number(0, 1)), "batch_statistics": flag},
        possible=_AFFINE | {"running_mean", "running_var", "num_batches_tracked"},
    ),
    Op.INSTANCE_NORM: Rule(_instance_norm, {"eps": EPS}, possible=_AFFINE),
    Op.GROUP_NORM: Rule(_group_norm, {"groups": _GROUPS, "eps": EPS}, possible=_AFFINE),
    Op.LAYER_NORM: Rule(_layer_norm, {"shape": wholes(1, SIZE, 1), "eps": EPS}, possible=_AFFINE),
    Op.MAX_POOL: Rule(_pool, _POOL | {"dilation": DILATION}),
    Op.AVG_POOL: Rule(_pool, _POOL | {"count_include_pad": flag, "divisor": optional(whole(1, 1 << 20))}),
    Op.ADAPTIVE_AVG_POOL: Rule(_adaptive, {"size": pair(1, 512)}),
    Op.ADAPTIVE_MAX_POOL: Rule(_adaptive, {"size": pair(1, 512)}),
    Op.HARDTANH: Rule(settings={"min_val": ANY, "max_val": ANY}),
    Op.LEAKY_RELU: Rule(settings={"negative_slope": ANY}),
    Op.ELU: Rule(settings={"alpha": ANY, "scale": ANY, "input_scale": ANY}),
    Op.SOFTPLUS: Rule(settings={"beta": number(1e-6, 1e6), "threshold": ANY}),
    Op.GELU: Rule(settings={"approximate": choice("none", "tanh")}),
    Op.PRELU: Rule(_prelu, {}, _WEIGHT, _WEIGHT),
    Op.CLAMP: Rule(settings={"min": optional(ANY), "max": optional(ANY)}),
    Op.POW: Rule(settings={"exponent": number(-16, 16)}),
    Op.DROPOUT: Rule(settings=_DROP),
    Op.DROPOUT2D: Rule(settings=_DROP),
    Op.MEAN: Rule(_reduced, _OVER),
    Op.SUM: Rule(_reduced, _OVER),
    Op.AMAX: Rule(_reduced, _OVER),
    Op.SOFTMAX: Rule(_along_axis, {"dim": AXIS}),
    Op.LOG_SOFTMAX: Rule(_along_axis, {"dim": AXIS}),
    Op.CAT: Rule(_cat, {"dim": AXIS}, inputs=(1, 256)),
    Op.PAD: Rule(
        _padded,
        {
            "pads": wholes(0, LARGEST, 2),
            "mode": choice("constant", "reflect", "replicate", "circular"),
            "value": ANY,
        },
    ),
    Op.FLATTEN: Rule(_flatten, {"start": AXIS, "end": AXIS}),
    Op.VIEW: Rule(_view, _VIEW),
    Op.EXPAND: Rule(_expand, _VIEW),
    Op.SQUEEZE: Rule(_squeeze, {"dims": wholes(0, MAX_AXES)}),
    Op.UNSQUEEZE: Rule(_unsqueeze, {"dim": AXIS}),
    Op.PERMUTE: Rule(_permute, {"dims": wholes(0, MAX_AXES)}),
    Op.SLICE: Rule(_slice, {"dim": AXIS, "start": whole(0, SIZE), "end": whole(1, SIZE), "step": whole(1, LARGEST)}),
    Op.SELECT: Rule(_select, {"dim": AXIS, "index": whole(0, SIZE)}),
    Op.CHANNEL_SHUFFLE: Rule(_channel_shuffle, {"groups": _GROUPS}),
    Op.PIXEL_SHUFFLE: Rule(_pixel_shuffle, {"factor": whole(1, 64)}),
    Op.ADD: _binary(scaled=True),
    Op.SUB: _binary(scaled=True),
    Op.RSUB: _binary(scaled=True),
    Op.MUL: _binary(),
    Op.DIV: _binary(_div),
    Op.MAXIMUM: _binary(),
    Op.MINIMUM: _binary(),
    Op.PARAMETER: Rule(_stored, {}, frozenset({"value"}), frozenset({"value"}), (0, 0)),
    Op.CONSTANT: Rule(_stored, {}, frozenset({"value"}), frozenset({"value"}), (0, 0)),
    **{
        op: Rule()
        for op in (
            *(Op.RELU, Op.RELU6, Op.SELU, Op.SILU, Op.MISH, Op.SIGMOID, Op.TANH, Op.HARDSWISH, Op.HARDSIGMOID),
            *(Op.EXP, Op.LOG, Op.SQRT, Op.RSQRT, Op.ABS, Op.NEG, Op.RECIPROCAL, Op.IDENTITY),
        )
    },
}


def check_settings(op: Op, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a node, each checked; raise Misfit for one that is wrong, missing or unknown."""
    rule = RULES[op]
    if settings.keys() - rule.settings.keys() or rule.settings.keys() - settings.keys() - rule.may_miss:
        raise Misfit(
            f"It has the settings {_names(settings)}.",
            f"'{op}' has {_names(rule.settings)}.",
        )
    checked = {}
    for name, value in settings.items():
        try:
            checked[name] = rule.settings[name](value)
        except Misfit as error:
            raise Misfit(f"Its {name} {error.args[0]}", error.args[1]) from None
    return checked


def _names(names: Mapping[str, Any]) -> str:
    return ", ".join(ascii(name)[:24] for name in sorted(names)[:12]) or "none"


def infer(op: Op, given: Given) -> Result:
    """Return what a node gives.

    Raises:
        Misfit: It has too few inputs, a tensor that is not its own, or shapes that do not fit.
    """
    rule = RULES[op]
    least, most = rule.inputs
    if not least <= len(given.inputs) <= most:
        raise Misfit(f"It has {len(given.inputs)} inputs.", f"'{op}' has {least} to {most}.")
    roles = given.tensors.keys()
    if rule.needed - roles or roles - rule.needed - rule.possible:
        raise Misfit(
            f"It has the tensors {_names(given.tensors)}.",
            f"'{op}' needs {', '.join(sorted(rule.needed)) or 'none'} and may have "
            f"{', '.join(sorted(rule.possible)) or 'no other'}.",
        )
    result = rule.infer(given)
    if len(result.value.sides) > MAX_AXES:
        raise Misfit(f"It would give {len(result.value.sides)} axes.", f"At most {MAX_AXES} are allowed.")
    return result
