"""The kinds of layer of a design, with their settings: the editor draws its fields from this table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from model.design.records import Layer
from model.errors import InputError

Form = Literal["whole", "pair", "padding", "stride", "number", "flag"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a kind of layer.

    Args:
        name: In records and in text.
        label: On the page.
        form: ``whole`` number; ``pair`` of whole numbers (y, x); ``padding``, a pair or the word ``same``; ``stride``
            of a pool, a pair or None for the size of its window; ``number`` with decimals; ``flag``.
        default: Its value where nothing is written.
        low: The smallest number.
        high: The largest number.
        step: By which an arrow key changes it.
        bare: Whether a line of text always has it, without its name.
    """

    name: str
    label: str
    form: Form
    default: Any
    low: float = 0
    high: float = 1
    step: float = 1
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of layer.

    Args:
        name: In records and in text.
        title: On the page.
        group: Of the menu: ``Convolution``, ``Norm and dropout``, ``Activation``, ``Pool``, ``Head``, ``Join``.
        module: The class of ``torch.nn``; empty for a function call.
        settings: In the order of the text.
        joins: Whether it joins the layer before with an earlier one.
    """

    name: str
    title: str
    group: str
    module: str
    settings: tuple[Setting, ...] = ()
    joins: bool = False


_KERNELS = Setting("kernels", "Kernels", "whole", 16, 1, 1_024, bare=True)
_SIZE = Setting("size", "Size", "pair", (3, 3), 1, 64, bare=True)
_WINDOW = Setting("size", "Size", "pair", (2, 2), 1, 64, bare=True)
_STRIDE = Setting("stride", "Stride", "pair", (1, 1), 1, 32)
_POOL_STRIDE = Setting("stride", "Stride", "stride", None, 1, 32)
_PADDING = Setting("padding", "Padding", "padding", (0, 0), 0, 32)
_POOL_PADDING = Setting("padding", "Padding", "pair", (0, 0), 0, 32)
_DILATION = Setting("dilation", "Dilation", "pair", (1, 1), 1, 32)
_GROUPS = Setting("groups", "Groups", "whole", 1, 1, 1_024)
_BIAS = Setting("bias", "Bias", "flag", True)
_UP = Setting("ceil", "Round up", "flag", False)
_P = Setting("p", "p", "number", 0.1, 0, 0.95, 0.05, bare=True)
_UNITS = Setting("units", "Units", "whole", 10, 1, 4_096, bare=True)
_SLOPE = Setting("slope", "Slope below 0", "number", 0.01, 0, 1, 0.01, bare=True)

_NORM, _ACTIVATION, _POOL, _HEAD, _JOIN = "Norm and dropout", "Activation", "Pool", "Head", "Join"
_LISTED = (
    Kind(
        "conv", "Convolution", "Convolution", "Conv2d", (_KERNELS, _SIZE, _STRIDE, _PADDING, _DILATION, _GROUPS, _BIAS)
    ),
    Kind("bn", "Batch norm", _NORM, "BatchNorm2d"),
    Kind("dropout", "Dropout", _NORM, "Dropout", (_P,)),
    Kind("dropout2d", "Dropout of maps", _NORM, "Dropout2d", (_P,)),
    Kind("relu", "ReLU", _ACTIVATION, "ReLU"),
    Kind("relu6", "ReLU6", _ACTIVATION, "ReLU6"),
    Kind("leaky", "Leaky ReLU", _ACTIVATION, "LeakyReLU", (_SLOPE,)),
    Kind("prelu", "PReLU", _ACTIVATION, "PReLU"),
    Kind("gelu", "GELU", _ACTIVATION, "GELU"),
    Kind("silu", "SiLU", _ACTIVATION, "SiLU"),
    Kind("selu", "SELU", _ACTIVATION, "SELU"),
    Kind("mish", "Mish", _ACTIVATION, "Mish"),
    Kind("hardswish", "Hardswish", _ACTIVATION, "Hardswish"),
    Kind("tanh", "Tanh", _ACTIVATION, "Tanh"),
    Kind("sigmoid", "Sigmoid", _ACTIVATION, "Sigmoid"),
    Kind("max", "Max pool", _POOL, "MaxPool2d", (_WINDOW, _POOL_STRIDE, _POOL_PADDING, _UP)),
    Kind("avg", "Average pool", _POOL, "AvgPool2d", (_WINDOW, _POOL_STRIDE, _POOL_PADDING, _UP)),
    Kind("gap", "Global average pool", _POOL, "AdaptiveAvgPool2d"),
    Kind("flatten", "Flatten", _HEAD, "Flatten"),
    Kind("linear", "Linear", _HEAD, "Linear", (_UNITS, _BIAS)),
    Kind("add", "Add", _JOIN, "", joins=True),
    Kind("cat", "Concatenate", _JOIN, "", joins=True),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _LISTED})


def layer(kind: str, source: str = "", label: str = "", **settings: Any) -> Layer:
    """Return a layer with the defaults of its kind; one number is enough for a pair.

    Raises:
        InputError: There is no such kind or setting, or a value is not allowed.

    >>> layer("conv", kernels=8, size=3).settings["size"]
    (3, 3)
    """
    known = kind_of(kind).settings
    unknown = settings.keys() - {each.name for each in known}
    if unknown:
        raise InputError(
            f"'{kind}' has no setting '{min(unknown)}'.",
            f"Its settings are {', '.join(each.name for each in known) or 'none'}.",
            "Use one of these names.",
        )
    checked = {each.name: check(kind, each, settings.get(each.name, each.default)) for each in known}
    return Layer(kind, checked, source, label)


def kind_of(name: str) -> Kind:
    """Return a kind by its name.

    Raises:
        InputError: There is none.
    """
    if name not in KINDS:
        raise InputError(
            f"There is no layer '{name[:40]}'.", f"Layers are {', '.join(KINDS)}.", "Begin the line with one of them."
        )
    return KINDS[name]


def check(kind: str, setting: Setting, value: Any) -> Any:
    """Return the value of a setting in its own form: two numbers for a pair.

    Raises:
        InputError: It is not allowed.
    """
    if setting.form == "flag":
        if isinstance(value, bool):
            return value
    elif setting.form == "number":
        if isinstance(value, int | float) and not isinstance(value, bool) and setting.low <= value <= setting.high:
            return float(value)
    elif setting.form == "whole":
        if _is_whole(setting, value):
            return value
    elif (setting.form == "padding" and value == "same") or (setting.form == "stride" and value is None):
        return value
    else:
        both = tuple(value) if isinstance(value, tuple | list) else (value, value)
        if len(both) == 2 and all(_is_whole(setting, each) for each in both):
            return both
    raise InputError(f"'{kind}' has {setting.name} = {_said(value)}.", _allowed(setting), "Give such a value.")


def _is_whole(setting: Setting, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and setting.low <= value <= setting.high


def _said(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "x".join(_said(each) for each in value[:3])
    return str(value)[:40]


def _allowed(setting: Setting) -> str:
    if setting.form == "flag":
        return "It is yes or no."
    if setting.form == "number":
        return f"It is a number from {setting.low:g} to {setting.high:g}."
    form = "a whole number" if setting.form == "whole" else "a whole number, or two for y and x such as 3x1,"
    word = {"padding": ", or the word same", "stride": ", or left out for the size of its window"}.get(setting.form, "")
    return f"It is {form} from {setting.low:,} to {setting.high:,}{word}."
