"""How PyTorch code writes each operation: as a module where the author has one, and as a function."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from model.graph.records import Node, Op

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]  # of each tensor, by role
Settings = Mapping[str, Any]


def value(of: Any) -> str:
    """Return a setting as code: numbers, words, None, and lists of them.

    >>> value((3, 3)), value((2, 1)), value(float("inf")), value(0.5)
    ('3', '(2, 1)', 'float("inf")', '0.5')
    """
    if isinstance(of, tuple | list):
        return value(of[0]) if len(of) == 2 and of[0] == of[1] else listed(of)
    if isinstance(of, float) and not math.isfinite(of):
        return f'float("{of}")'
    return repr(of)


def listed(of: Sequence[Any]) -> str:
    """Return a list of settings as code."""
    return repr(tuple(of))


def call(name: str, *parts: str, **named: tuple[Any, Any]) -> str:
    """Return a call with some arguments, and with those named ones that are not what PyTorch takes by itself.

    Args:
        name: What is called.
        parts: Arguments in their order.
        named: For each the value, and what it is where nothing is written.
    """
    given = [*parts, *(f"{key}={value(each)}" for key, (each, usual) in named.items() if each != usual)]
    return f"{name}({', '.join(given)})"


# As modules: the class that an author uses, what makes it, and the roles of the tensors that it must have


def _conv(s: Settings, t: Shapes, _shape: Shape) -> str:
    out, inside = t["weight"][:2]
    sizes = (str(inside * s["groups"]), str(out), value(s["kernel"]))
    return call("nn.Conv2d", *sizes, **_spread(s), groups=(s["groups"], 1), bias=("bias" in t, True))


def _conv_transpose(s: Settings, t: Shapes, _shape: Shape) -> str:
    inside, out = t["weight"][:2]
    sizes = (str(inside), str(out * s["groups"]), value(s["kernel"]))
    more = {"output_padding": (s["output_padding"], (0, 0)), "groups": (s["groups"], 1), "bias": ("bias" in t, True)}
    return call("nn.ConvTranspose2d", *sizes, **_spread(s), **more)


_USUAL = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "output_padding": (0, 0), "groups": 1}


def _spread(s: Settings) -> dict[str, tuple[Any, Any]]:
    return {name: (s[name], _USUAL[name]) for name in ("stride", "padding", "dilation")}


def _linear(_s: Settings, t: Shapes, _shape: Shape) -> str:
    out, inside = t["weight"]
    return call("nn.Linear", str(inside), str(out), bias=("bias" in t, True))


def _batch_norm(s: Settings, t: Shapes, shape: Shape) -> str:
    return call(
        "nn.BatchNorm2d" if len(shape) == 3 else "nn.BatchNorm1d",
        str(shape[0]),
        eps=(s["eps"], 1e-5),
        momentum=(s["momentum"], 0.1),
        affine=("weight" in t, True),
        track_running_stats=(not s["batch_statistics"], True),
    )


def _group_norm(s: Settings, t: Shapes, shape: Shape) -> str:
    return call("nn.GroupNorm", str(s["groups"]), str(shape[0]), eps=(s["eps"], 1e-5), affine=("weight" in t, True))


def _layer_norm(s: Settings, t: Shapes, _shape: Shape) -> str:
    more = {"elementwise_affine": ("weight" in t, True), "bias": ("bias" in t or "weight" not in t, True)}
    return call("nn.LayerNorm", listed(s["shape"]), eps=(s["eps"], 1e-5), **more)


def _instance_norm(s: Settings, t: Shapes, shape: Shape) -> str:
    return call("nn.InstanceNorm2d", str(shape[0]), eps=(s["eps"], 1e-5), affine=("weight" in t, False))


def _max_pool(s: Settings, _t: Shapes, _shape: Shape) -> str:
    more = {"dilation": (s["dilation"], (1, 1)), "ceil_mode": (s["ceil"], False)}
    return call("nn.MaxPool2d", value(s["kernel"]), stride=(s["stride"], s["kernel"]), **_padded(s), **more)


def _avg_pool(s: Settings, _t: Shapes, _shape: Shape) -> str:
    more = {"count_include_pad": (s["count_include_pad"], True), "divisor_override": (s["divisor"], None)}
    sizes = {"stride": (s["stride"], s["kernel"]), **_padded(s), "ceil_mode": (s["ceil"], False)}
    return call("nn.AvgPool2d", value(s["kernel"]), **sizes, **more)


def _padded(s: Settings) -> dict[str, tuple[Any, Any]]:
    return {"padding": (s["padding"], (0, 0))}


def _flatten(s: Settings, _t: Shapes, shape: Shape) -> str:
    return call("nn.Flatten", start_dim=(s["start"], 1), end_dim=(s["end"], len(shape)))


def _plain(name: str, *settings: str) -> "Make":
    return lambda s, t, shape: f"nn.{name}({', '.join(value(s[each]) for each in settings)})"


Make = Callable[[Settings, Shapes, Shape], str]
MODULES: Mapping[Op, Mapping[str, Make]] = {
    Op.CONV: {"Conv2d": _conv},
    Op.CONV_TRANSPOSE: {"ConvTranspose2d": _conv_transpose},
    Op.LINEAR: {"Linear": _linear},
    Op.BATCH_NORM: {"BatchNorm2d": _batch_norm, "BatchNorm1d": _batch_norm},
    Op.GROUP_NORM: {"GroupNorm": _group_norm},
    Op.LAYER_NORM: {"LayerNorm": _layer_norm},
    Op.INSTANCE_NORM: {"InstanceNorm2d": _instance_norm},
    Op.MAX_POOL: {"MaxPool2d": _max_pool},
    Op.AVG_POOL: {"AvgPool2d": _avg_pool},
    Op.ADAPTIVE_AVG_POOL: {"AdaptiveAvgPool2d": _plain("AdaptiveAvgPool2d", "size")},
    Op.ADAPTIVE_MAX_POOL: {"AdaptiveMaxPool2d": _plain("AdaptiveMaxPool2d", "size")},
    Op.FLATTEN: {"Flatten": _flatten},
    Op.DROPOUT: {"Dropout": _plain("Dropout", "p")},
    Op.DROPOUT2D: {"Dropout2d": _plain("Dropout2d", "p")},
    Op.LEAKY_RELU: {"LeakyReLU": _plain("LeakyReLU", "negative_slope")},
    Op.HARDTANH: {"Hardtanh": _plain("Hardtanh", "min_val", "max_val")},
    Op.SOFTPLUS: {"Softplus": _plain("Softplus", "beta", "threshold")},
    Op.GELU: {"GELU": lambda s, t, shape: call("nn.GELU", approximate=(s["approximate"], "none"))},
    Op.PRELU: {"PReLU": lambda s, t, shape: f"nn.PReLU({math.prod(t['weight'])})"},
    **{
        op: {name: _plain(name)}
        for op, name in {
            Op.RELU: "ReLU",
            Op.RELU6: "ReLU6",
            Op.SELU: "SELU",
            Op.SILU: "SiLU",
            Op.MISH: "Mish",
            Op.SIGMOID: "Sigmoid",
            Op.TANH: "Tanh",
            Op.HARDSWISH: "Hardswish",
            Op.HARDSIGMOID: "Hardsigmoid",
            Op.IDENTITY: "Identity",
        }.items()
    },
}


def as_module(node: Node, tensors: Shapes, shape: Shape) -> str:
    """Return the code of the module that computes a node, or nothing where its author has no such module.

    Args:
        node: The node.
        tensors: The shape of each of its tensors, by role.
        shape: Of its input.
    """
    make = MODULES.get(node.op, {}).get(node.kind)
    own = {role: f"{node.path}.{role}" for role in node.tensors}
    if make is None or not node.path or dict(node.tensors) != own:
        return ""
    if node.op is Op.BATCH_NORM and not _whole_norm(node):
        return ""
    if node.op in {Op.GROUP_NORM, Op.INSTANCE_NORM} and len(tensors) == 1:
        return ""
    return make(node.settings, tensors, shape)


def _whole_norm(node: Node) -> bool:
    """Tell whether a batch norm has what a module of PyTorch has: both of a kind, or none."""
    pairs = ({"weight", "bias"}, {"running_mean", "running_var", "num_batches_tracked"})
    kept = [len(pair & node.tensors.keys()) in {0, len(pair)} for pair in pairs]
    return all(kept) and bool(pairs[1] & node.tensors.keys()) is not node.settings["batch_statistics"]


# As functions

Write = Callable[[Sequence[str], Settings, Mapping[str, str]], str]


def _function(name: str, *settings: str, lists: bool = False) -> Write:
    write = listed if lists else value
    return lambda i, s, t: f"{name}({', '.join([i[0], *(write(s[each]) for each in settings)])})"


def _weighted(name: str, *settings: str) -> Write:
    def write(i: Sequence[str], s: Settings, t: Mapping[str, str]) -> str:
        usual = {each: (s[each], _USUAL[each]) for each in settings}
        return call(name, i[0], t["weight"], t.get("bias", "None"), **usual)

    return write


def _normed(i: Sequence[str], s: Settings, t: Mapping[str, str]) -> str:
    roles = [t.get(role, "None") for role in ("running_mean", "running_var", "weight", "bias")]
    if s["batch_statistics"]:
        return f"F.batch_norm({i[0]}, None, None, {', '.join(roles[2:])}, True, eps={value(s['eps'])})"
    momentum = value(0.0 if s["momentum"] is None else s["momentum"])
    return f"F.batch_norm({i[0]}, {', '.join(roles)}, self.training, {momentum}, {value(s['eps'])})"


def _affine(name: str, *settings: str) -> Write:
    def write(i: Sequence[str], s: Settings, t: Mapping[str, str]) -> str:
        before = [listed(s[each]) if each == "shape" else value(s[each]) for each in settings]
        named = [f"{role}={t[role]}" for role in ("weight", "bias") if role in t]
        return f"{name}({', '.join([i[0], *before, *named, 'eps=' + value(s['eps'])])})"

    return write


def _pool(name: str, **named: tuple[str, Any]) -> Write:
    def write(i: Sequence[str], s: Settings, t: Mapping[str, str]) -> str:
        usual = {key: (s[setting], each) for key, (setting, each) in named.items()}
        return call(name, i[0], value(s["kernel"]), stride=(s["stride"], s["kernel"]), **_padded(s), **usual)

    return write


def _two(sign: str, *, turned: bool = False) -> Write:
    def write(i: Sequence[str], s: Settings, t: Mapping[str, str]) -> str:
        one, other = i[0], i[1] if len(i) > 1 else _bracketed(value(s["value"]))
        scale = s.get("alpha", 1.0)
        one, other = (other, one) if turned else (one, other)
        return f"{one} {sign} {other}" if scale == 1 else f"{one} {sign} {_bracketed(value(scale))} * {other}"

    return write


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def _of_two(name: str) -> Write:
    return lambda i, s, t: f"{name}({', '.join(i)})"


def _sized(name: str) -> Write:
    return lambda i, s, t: f"{i[0]}.{name}({', '.join(map(str, [*([-1] if s['batch'] else []), *s['shape']]))})"


def _slice(i: Sequence[str], s: Settings, t: Mapping[str, str]) -> str:
    end = "" if s["end"] >= 1 << 31 else str(s["end"])
    part = f"{s['start'] or ''}:{end}" + ("" if s["step"] == 1 else f":{s['step']}")
    return f"{i[0]}[{', '.join([':'] * s['dim'] + [part])}]"


def _pad(i: Sequence[str], s: Settings, t: Mapping[str, str]) -> str:
    filled = s["value"] if s["mode"] == "constant" else None
    return call("F.pad", i[0], listed(s["pads"]), mode=(s["mode"], "constant"), value=(filled, None))


def _elu(i: Sequence[str], s: Settings, t: Mapping[str, str]) -> str:
    if s["scale"] == s["input_scale"] == 1:
        return f"F.elu({i[0]}, {value(s['alpha'])})"
    return _function("torch.ops.aten.elu.default", "alpha", "scale", "input_scale")(i, s, t)


def _dropout(name: str) -> Write:
    return lambda i, s, t: f"{name}({i[0]}, {value(s['p'])}, self.training)"


def _over(name: str) -> Write:
    return lambda i, s, t: call(name, i[0], listed(s["dims"]), keepdim=(s["keepdim"], False))


FUNCTIONS: Mapping[Op, Write] = {
    Op.CONV: _weighted("F.conv2d", "stride", "padding", "dilation", "groups"),
    Op.CONV_TRANSPOSE: _weighted("F.conv_transpose2d", "stride", "padding", "output_padding", "groups", "dilation"),
    Op.LINEAR: _weighted("F.linear"),
    Op.BATCH_NORM: _normed,
    Op.INSTANCE_NORM: _affine("F.instance_norm"),
    Op.GROUP_NORM: _affine("F.group_norm", "groups"),
    Op.LAYER_NORM: _affine("F.layer_norm", "shape"),
    Op.MAX_POOL: _pool("F.max_pool2d", dilation=("dilation", (1, 1)), ceil_mode=("ceil", False)),
    Op.AVG_POOL: _pool(
        "F.avg_pool2d",
        ceil_mode=("ceil", False),
        count_include_pad=("count_include_pad", True),
        divisor_override=("divisor", None),
    ),
    Op.ADAPTIVE_AVG_POOL: _function("F.adaptive_avg_pool2d", "size"),
    Op.ADAPTIVE_MAX_POOL: _function("F.adaptive_max_pool2d", "size"),
    Op.HARDTANH: _function("F.hardtanh", "min_val", "max_val"),
    Op.LEAKY_RELU: _function("F.leaky_relu", "negative_slope"),
    Op.ELU: _elu,
    Op.SOFTPLUS: _function("F.softplus", "beta", "threshold"),
    Op.GELU: lambda i, s, t: call("F.gelu", i[0], approximate=(s["approximate"], "none")),
    Op.PRELU: lambda i, s, t: f"F.prelu({i[0]}, {t['weight']})",
    Op.CLAMP: _function("torch.clamp", "min", "max"),
    Op.POW: lambda i, s, t: f"{i[0]} ** {_bracketed(value(s['exponent']))}",
    Op.DROPOUT: _dropout("F.dropout"),
    Op.DROPOUT2D: _dropout("F.dropout2d"),
    Op.IDENTITY: lambda i, s, t: i[0],
    Op.MEAN: _over("torch.mean"),
    Op.SUM: _over("torch.sum"),
    Op.AMAX: _over("torch.amax"),
    Op.SOFTMAX: _function("torch.softmax", "dim"),
    Op.LOG_SOFTMAX: _function("torch.log_softmax", "dim"),
    Op.CAT: lambda i, s, t: f"torch.cat([{', '.join(i)}], {s['dim']})",
    Op.PAD: _pad,
    Op.FLATTEN: _function("torch.flatten", "start", "end"),
    Op.VIEW: _sized("reshape"),
    Op.EXPAND: _sized("expand"),
    Op.SQUEEZE: lambda i, s, t: f"{i[0]}.squeeze({listed(s['dims'])})",
    Op.UNSQUEEZE: _function("torch.unsqueeze", "dim"),
    Op.PERMUTE: lambda i, s, t: f"{i[0]}.permute({listed(s['dims'])})",
    Op.SLICE: _slice,
    Op.SELECT: _function("torch.select", "dim", "index"),
    Op.CHANNEL_SHUFFLE: _function("F.channel_shuffle", "groups"),
    Op.PIXEL_SHUFFLE: _function("F.pixel_shuffle", "factor"),
    Op.ADD: _two("+"),
    Op.SUB: _two("-"),
    Op.RSUB: _two("-", turned=True),
    Op.MUL: _two("*"),
    Op.DIV: _two("/"),
    Op.MAXIMUM: _of_two("torch.maximum"),
    Op.MINIMUM: _of_two("torch.minimum"),
    **{op: _function(f"F.{op}") for op in (Op.RELU, Op.RELU6, Op.SELU, Op.SILU, Op.MISH)},
    **{op: _function(f"F.{op}") for op in (Op.HARDSWISH, Op.HARDSIGMOID)},
    **{
        op: _function(f"torch.{op}")
        for op in (Op.SIGMOID, Op.TANH, Op.EXP, Op.LOG, Op.SQRT, Op.RSQRT, Op.ABS, Op.NEG, Op.RECIPROCAL)
    },
}
