"""What PyTorch's modules and functions are in a design: each call with its arguments becomes a layer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.errors import InputError

Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A layer as PyTorch text makes it.

    Args:
        kind: Of the layer; empty for what changes nothing, such as Identity, and for a softmax at the end.
        settings: Those that the text gives.
        channels: How many channels or numbers the text says come in; 0 where it does not say.
        notes: What the text asks for and a design does not have.
    """

    kind: str
    settings: Settings
    channels: int = 0
    notes: tuple[str, ...] = ()


def made(name: str, given: Sequence[Any], named: Mapping[str, Any]) -> Made:
    """Return the layer of a call, such as ``Conv2d(1, 8, 3)`` or ``max_pool2d(2)``.

    Args:
        name: Of the class of ``torch.nn``, or of the function without its first argument.
        given: The arguments.
        named: The arguments with names.

    Raises:
        InputError: It is no layer of a design, or an argument cannot be.

    >>> made("Conv2d", [1, 8, 3], {"padding": 1}).settings["kernels"]
    8
    """
    known = _CALLS.get(name)
    if known is None:
        raise InputError(
            f"'{name[:40]}' is no layer of a design.",
            f"Layers are {', '.join(each for each in _CALLS if each[0].isupper())}.",
            "Write another in its place.",
        )
    names, make = known
    if len(given) > len(names) or named.keys() - {*names}:
        unknown = [*map(str, given[len(names) :]), *({*named} - {*names})]
        raise InputError(
            f"'{name}' has an argument too much: {', '.join(unknown)[:60]}.",
            f"It takes {', '.join(names) or 'none'}.",
            "Correct the call.",
        )
    return make({**dict(zip(names, given, strict=False)), **named})


def _conv(s: Settings) -> Made:
    needed = _needed("Conv2d", s, "in_channels", "out_channels", "kernel_size")
    mode = s.pop("padding_mode", "zeros")
    notes = () if mode == "zeros" else (f"A convolution pads with '{mode}'; in a design with zeros.",)
    padding = s.get("padding", 0)
    settings = {
        "kernels": needed[1],
        "size": needed[2],
        "stride": s.get("stride", 1),
        "padding": 0 if padding == "valid" else padding,
        "dilation": s.get("dilation", 1),
        "groups": s.get("groups", 1),
        "bias": bool(s.get("bias", True)),
    }
    return Made("conv", settings, needed[0], notes)


def _linear(s: Settings) -> Made:
    features, units = _needed("Linear", s, "in_features", "out_features")
    return Made("linear", {"units": units, "bias": bool(s.get("bias", True))}, features)


def _norm(s: Settings) -> Made:
    (channels,) = _needed("BatchNorm2d", s, "num_features")
    usual = {"eps": 1e-5, "momentum": 0.1, "affine": True, "bias": True, "track_running_stats": True}
    other = [f"{name}={s[name]}" for name, value in usual.items() if s.get(name, value) != value]
    notes = (f"A batch norm has {', '.join(other)}; in a design it has PyTorch's usual values.",) if other else ()
    return Made("bn", {}, channels, notes)


def _pool(kind: str) -> Callable[[Settings], Made]:
    def make(s: Settings) -> Made:
        (size,) = _needed("A pool", s, "kernel_size")
        if _pair(s.get("dilation", 1)) != (1, 1) or s.get("divisor_override") or s.get("return_indices"):
            raise InputError(
                "A pool has a dilation, a divisor or indices.", "A design has none.", "Leave the argument out."
            )
        if not s.get("count_include_pad", True) and _pair(s.get("padding", 0)) != (0, 0):
            raise InputError("A mean leaves out the padding.", "In a design it counts.", "Leave the argument out.")
        stride = s.get("stride")
        settings = {
            "size": size,
            "stride": None if stride is None or _pair(stride) == _pair(size) else stride,
            "padding": s.get("padding", 0),
            "ceil": bool(s.get("ceil_mode", False)),
        }
        return Made(kind, settings)

    return make


def _whole(s: Settings) -> Made:
    (size,) = _needed("An adaptive pool", s, "output_size")
    if _pair(size) != (1, 1):
        raise InputError(
            f"An adaptive pool gives {size}.", "In a design it gives 1, the mean of each map.", "Write 1, or AvgPool2d."
        )
    return Made("gap", {})


def _dropped(kind: str) -> Callable[[Settings], Made]:
    return lambda s: Made(kind, {"p": s.get("p", 0.5)})


def _prelu(s: Settings) -> Made:
    if s.get("num_parameters", 1) != 1:
        raise InputError("A PReLU has a slope for each channel.", "In a design it has one.", "Write nn.PReLU().")
    return Made("prelu", {})


def _gelu(s: Settings) -> Made:
    said = s.get("approximate", "none")
    return Made("gelu", {}, notes=() if said == "none" else ("A GELU is approximated; in a design it is exact.",))


def _plain(kind: str) -> Callable[[Settings], Made]:
    return lambda s: Made(kind, {})


def _softmax(_settings: Settings) -> Made:
    return Made("", {}, notes=("The softmax at the end is left out: a design ends in logits.",))


def _needed(what: str, s: Settings, *names: str) -> list[Any]:
    missing = [name for name in names if name not in s]
    if missing:
        raise InputError(f"{what} has no {missing[0]}.", f"It needs {', '.join(names)}.", "Complete the call.")
    return [s[name] for name in names]


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[-1]) if isinstance(value, tuple | list) and value else (value, value)


_IN_PLACE = ("inplace",)
_MAX = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_AVG = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats", "bias")
_CONV = (
    "in_channels",
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "groups",
    "bias",
    "padding_mode",
)
_ACTIVATIONS = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SiLU": "silu",
    "SELU": "selu",
    "Mish": "mish",
    "Hardswish": "hardswish",
}
_CALLS: Mapping[str, tuple[tuple[str, ...], Callable[[Settings], Made]]] = {
    "Conv2d": (_CONV, _conv),
    "Linear": (("in_features", "out_features", "bias"), _linear),
    "BatchNorm2d": (_NORM, _norm),
    "BatchNorm1d": (_NORM, _norm),
    "Dropout": (("p", *_IN_PLACE), _dropped("dropout")),
    "Dropout2d": (("p", *_IN_PLACE), _dropped("dropout2d")),
    "MaxPool2d": (("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"), _pool("max")),
    "AvgPool2d": (_AVG, _pool("avg")),
    "AdaptiveAvgPool2d": (("output_size",), _whole),
    "Flatten": (("start_dim", "end_dim"), _plain("flatten")),
    **{name: (_IN_PLACE, _plain(kind)) for name, kind in _ACTIVATIONS.items()},
    "LeakyReLU": (("negative_slope", *_IN_PLACE), lambda s: Made("leaky", {"slope": s.get("negative_slope", 0.01)})),
    "PReLU": (("num_parameters", "init"), _prelu),
    "GELU": (("approximate",), _gelu),
    "Tanh": ((), _plain("tanh")),
    "Sigmoid": ((), _plain("sigmoid")),
    "Identity": ((), _plain("")),
    "Softmax": (("dim",), _softmax),
    "LogSoftmax": (("dim",), _softmax),
    # Functions and methods, without the tensor that they work on
    **{name.lower(): (_IN_PLACE, _plain(kind)) for name, kind in _ACTIVATIONS.items()},
    "leaky_relu": (("negative_slope", *_IN_PLACE), lambda s: Made("leaky", {"slope": s.get("negative_slope", 0.01)})),
    "gelu": (("approximate",), _gelu),
    "tanh": ((), _plain("tanh")),
    "sigmoid": ((), _plain("sigmoid")),
    "max_pool2d": (_MAX, _pool("max")),
    "avg_pool2d": (_AVG, _pool("avg")),
    "adaptive_avg_pool2d": (("output_size",), _whole),
    "dropout": (("p", "training", *_IN_PLACE), _dropped("dropout")),
    "dropout2d": (("p", "training", *_IN_PLACE), _dropped("dropout2d")),
    "flatten": (("start_dim", "end_dim"), _plain("flatten")),
    "squeeze": (("dim",), _plain("flatten")),
    "softmax": (("dim", "dtype"), _softmax),
    "log_softmax": (("dim", "dtype"), _softmax),
}
