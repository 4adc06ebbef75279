"""Why a layer cannot run: the arithmetic that fails, and what would fit."""

import math
from collections.abc import Mapping, Sequence

from model.design.records import Layer, Problem
from model.graph.shapes.records import Shape
from model.layers.windows import output_size
from model.receptive_field.records import Window
from model.records import format_sizes

_NEEDS_MAPS = {"conv", "max", "avg", "gap", "dropout2d"}
_AXES = ("Height", "Width")
_MOST_NAMED = 4  # layers or numbers that a sentence names
_MOST = 1_000_000_000_000  # outputs, parameters or multiply-accumulates of a layer


def count(shape: Shape) -> int:
    """Return how many numbers there are."""
    return math.prod(shape)


def too_large(output: int, parameters: int, multiply_accumulates: int) -> Problem | None:
    """Say that a layer has more of something than any computer would hold, and a browser counts exactly."""
    found = {"outputs": output, "parameters": parameters, "multiply-accumulates": multiply_accumulates}
    for what, value in found.items():
        if value > _MOST:
            return Problem(f"It has {value:,} {what}.", f"At most {_MOST:,} are worked out: give it fewer channels.")
    return None


def of(layer: Layer, given: Sequence[Shape], shapes: Mapping[int, Shape]) -> Problem | None:
    """Return why a layer cannot run on some shapes, or None.

    Args:
        layer: The layer.
        given: The shapes of its inputs, (C, H, W) or (features,).
        shapes: What each layer before gives, by position; 0 is the image.
    """
    first = given[0]
    if layer.kind in {"add", "cat"}:
        return _join(layer.kind, given, shapes)
    if layer.kind == "linear" and len(first) == 3:
        return Problem(
            f"A Linear takes a list of numbers, and gets maps of {format_sizes(first)}.",
            f"Put flatten before it ({count(first):,} numbers), or gap and flatten ({first[0]:,}).",
        )
    if layer.kind in _NEEDS_MAPS and len(first) != 3:
        return Problem(
            f"It takes maps with height and width, and gets a list of {first[0]:,} numbers.",
            "Put it before the flatten.",
        )
    if layer.kind == "conv":
        return _groups(layer, first[0]) or _same(layer) or _window(layer, first)
    return _padding(layer) or _window(layer, first) if layer.kind in {"max", "avg"} else None


def _groups(layer: Layer, channels: int) -> Problem | None:
    groups, kernels = layer.settings["groups"], layer.settings["kernels"]
    for number, what in ((channels, "channels"), (kernels, "kernels")):
        if number % groups:
            common = [
                each for each in range(1, math.gcd(channels, kernels) + 1) if channels % each == kernels % each == 0
            ]
            return Problem(
                f"{number} {what} cannot be split into {groups} groups: {number} / {groups} = {number / groups:.2f}.",
                f"Groups can be {', '.join(map(str, common))}.",
            )
    return None


def _same(layer: Layer) -> Problem | None:
    stride, size = layer.settings["stride"], layer.settings["size"]
    if layer.settings["padding"] != "same" or stride == (1, 1):
        return None
    return Problem(
        f"The padding 'same' keeps the size of the map, and a stride of {format_sizes(stride)} does not.",
        f"Set the stride to 1, or the padding to {_pair(size[0] // 2, size[1] // 2)}.",
    )


def _padding(layer: Layer) -> Problem | None:
    size, padding = layer.settings["size"], layer.settings["padding"]
    if all(2 * pad <= side for pad, side in zip(padding, size, strict=True)):
        return None
    return Problem(
        f"A pool's padding is at most half its window: {_pair(*padding)} is more than {_pair(*size)} / 2.",
        f"A padding of {_pair(size[0] // 2, size[1] // 2)} fits.",
    )


def _window(layer: Layer, given: Shape) -> Problem | None:
    """Say where a window is larger than the map with its padding."""
    s = layer.settings
    if s["padding"] == "same":
        return None
    window = Window(s["size"], s["stride"] or s["size"], s["padding"], s.get("dilation", (1, 1)))
    for axis, name in enumerate(_AXES):
        side, pad, dilation = given[axis + 1], window.padding[axis], window.dilation[axis]
        found = output_size(name, side, axis, window, after=pad, round_up=s.get("ceil", False))
        if found.result < 1:
            most = (side + 2 * pad - 1) // dilation + 1
            least = -(-(dilation * (window.kernel[axis] - 1) + 1 - side) // 2)
            more = "" if layer.kind != "conv" else f", or a padding of {least}"
            return Problem(
                f"{name}: {found.numbers} = {found.result}. Its window of {format_sizes(window.kernel)} is larger than "
                f"its map of {format_sizes(given[1:])}.",
                f"A size of at most {most} fits{more}.",
            )
    return None


def _join(kind: str, given: Sequence[Shape], shapes: Mapping[int, Shape]) -> Problem | None:
    first, second = given
    if _joins(kind, first, second):
        return None
    others = [str(position) for position, shape in shapes.items() if position and _joins(kind, first, shape)]
    what = f"give {format_sizes(first)}" if kind == "add" else f"have maps of {format_sizes(first[1:])}"
    named = ", ".join(others[-_MOST_NAMED:])
    fits = f"Of the layers before it, these {what}: {named}." if others else "No layer before it fits."
    needs = "the same shape" if kind == "add" else "the same height and width"
    return Problem(f"Both inputs need {needs}: {format_sizes(first)} ≠ {format_sizes(second)}.", fits)


def _joins(kind: str, first: Shape, second: Shape) -> bool:
    return first == second or (kind == "cat" and len(first) == len(second) and first[1:] == second[1:])


def _pair(y: int, x: int) -> str:
    return str(y) if y == x else f"{y}x{x}"
