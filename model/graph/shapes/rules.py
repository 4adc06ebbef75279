"""The rule of each operation: the settings and tensors that a node must have, and what it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from model.graph.records import Op
from model.graph.shapes import axes, channels, joins, windows
from model.graph.shapes.records import LARGEST, MAX_AXES, Given, Misfit, Result
from model.graph.shapes.settings import (
    ANY,
    AXIS,
    DILATION,
    EPS,
    KERNEL,
    PADDING,
    SIZE,
    STRIDE,
    Setting,
    choice,
    flag,
    number,
    optional,
    padding_or_same,
    pair,
    whole,
    wholes,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a node of one operation must have, and what it gives."""

    infer: Callable[[Given], Result] = channels.unchanged
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


def _binary(infer: Callable[[Given], Result] = joins.two, *, scaled: bool = False) -> Rule:
    settings = {"value": ANY} | ({"alpha": ANY} if scaled else {})
    return Rule(infer, settings, inputs=(1, 2), may_miss=frozenset(settings))


RULES: dict[Op, Rule] = {
    Op.CONV: Rule(windows.conv, _CONV | {"padding": padding_or_same}, _WEIGHT, _AFFINE),
    Op.CONV_TRANSPOSE: Rule(
        windows.conv_transpose, _CONV | {"padding": PADDING, "output_padding": PADDING}, _WEIGHT, _AFFINE
    ),
    Op.LINEAR: Rule(channels.linear, {}, _WEIGHT, _AFFINE),
    Op.BATCH_NORM: Rule(
        channels.batch_norm,
        {"eps": EPS, "momentum": optional(number(0, 1)), "batch_statistics": flag},
        possible=_AFFINE | {"running_mean", "running_var", "num_batches_tracked"},
    ),
    Op.INSTANCE_NORM: Rule(channels.instance_norm, {"eps": EPS}, possible=_AFFINE),
    Op.GROUP_NORM: Rule(channels.group_norm, {"groups": _GROUPS, "eps": EPS}, possible=_AFFINE),
    Op.LAYER_NORM: Rule(channels.layer_norm, {"shape": wholes(1, SIZE, 1), "eps": EPS}, possible=_AFFINE),
    Op.MAX_POOL: Rule(windows.pool, _POOL | {"dilation": DILATION}),
    Op.AVG_POOL: Rule(windows.pool, _POOL | {"count_include_pad": flag, "divisor": optional(whole(1, 1 << 20))}),
    Op.ADAPTIVE_AVG_POOL: Rule(windows.adaptive, {"size": pair(1, 512)}),
    Op.ADAPTIVE_MAX_POOL: Rule(windows.adaptive, {"size": pair(1, 512)}),
    Op.HARDTANH: Rule(settings={"min_val": ANY, "max_val": ANY}),
    Op.LEAKY_RELU: Rule(settings={"negative_slope": ANY}),
    Op.ELU: Rule(settings={"alpha": ANY, "scale": ANY, "input_scale": ANY}),
    Op.SOFTPLUS: Rule(settings={"beta": number(1e-6, 1e6), "threshold": ANY}),
    Op.GELU: Rule(settings={"approximate": choice("none", "tanh")}),
    Op.PRELU: Rule(channels.prelu, {}, _WEIGHT, _WEIGHT),
    Op.CLAMP: Rule(settings={"min": optional(ANY), "max": optional(ANY)}),
    Op.POW: Rule(settings={"exponent": number(-16, 16)}),
    Op.DROPOUT: Rule(settings=_DROP),
    Op.DROPOUT2D: Rule(settings=_DROP),
    Op.MEAN: Rule(axes.reduced, _OVER),
    Op.SUM: Rule(axes.reduced, _OVER),
    Op.AMAX: Rule(axes.reduced, _OVER),
    Op.SOFTMAX: Rule(axes.along_axis, {"dim": AXIS}),
    Op.LOG_SOFTMAX: Rule(axes.along_axis, {"dim": AXIS}),
    Op.CAT: Rule(joins.cat, {"dim": AXIS}, inputs=(1, 256)),
    Op.PAD: Rule(
        axes.padded,
        {
            "pads": wholes(0, LARGEST, 2),
            "mode": choice("constant", "reflect", "replicate", "circular"),
            "value": ANY,
        },
    ),
    Op.FLATTEN: Rule(axes.flatten, {"start": AXIS, "end": AXIS}),
    Op.VIEW: Rule(axes.view, _VIEW),
    Op.EXPAND: Rule(axes.expand, _VIEW),
    Op.SQUEEZE: Rule(axes.squeeze, {"dims": wholes(0, MAX_AXES)}),
    Op.UNSQUEEZE: Rule(axes.unsqueeze, {"dim": AXIS}),
    Op.PERMUTE: Rule(axes.permute, {"dims": wholes(0, MAX_AXES)}),
    Op.SLICE: Rule(
        axes.sliced, {"dim": AXIS, "start": whole(0, SIZE), "end": whole(1, SIZE), "step": whole(1, LARGEST)}
    ),
    Op.SELECT: Rule(axes.select, {"dim": AXIS, "index": whole(0, SIZE)}),
    Op.CHANNEL_SHUFFLE: Rule(channels.channel_shuffle, {"groups": _GROUPS}),
    Op.PIXEL_SHUFFLE: Rule(channels.pixel_shuffle, {"factor": whole(1, 64)}),
    Op.ADD: _binary(scaled=True),
    Op.SUB: _binary(scaled=True),
    Op.RSUB: _binary(scaled=True),
    Op.MUL: _binary(),
    Op.DIV: _binary(joins.div),
    Op.MAXIMUM: _binary(),
    Op.MINIMUM: _binary(),
    Op.PARAMETER: Rule(joins.stored, {}, frozenset({"value"}), frozenset({"value"}), (0, 0)),
    Op.CONSTANT: Rule(joins.stored, {}, frozenset({"value"}), frozenset({"value"}), (0, 0)),
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
