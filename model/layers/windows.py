"""The arithmetic of sliding windows, for convolutions and pools."""

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from model.layers.records import Calculation
from model.receptive_field.records import Window
from model.records import Pair


def pair(value: Any) -> Pair:
    """Return (y, x) for a setting that is one number or two in PyTorch.

    >>> pair(3), pair((3, 1))
    ((3, 3), (3, 1))
    """
    y, x = value if isinstance(value, tuple | list) else (value, value)
    return int(y), int(x)


def each_axis(formula: Callable[..., int], *pairs: tuple[Any, Any]) -> Pair:
    """Apply a formula to y, then to x."""
    y, x = map(formula, *pairs)
    return y, x


def output_size(name: str, size: int, axis: int, window: Window, *, after: int, round_up: bool = False) -> Calculation:
    """Work out the number of positions of a window along one axis.

    ``floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1``, with the padding before and
    after. With ``round_up``, a last window that would begin after the values and the padding before them is left out.

    Args:
        name: Name of the axis.
        size: Size of the input along it.
        axis: 0 for y, 1 for x.
        window: The sliding window.
        after: Padding after the last value; the padding before the first value is the window's.
        round_up: Whether a window may reach over the edge (``ceil_mode``).

    Source: the documentation of ``torch.nn.Conv2d`` and ``torch.nn.MaxPool2d``.

    >>> output_size("height", 28, 0, Window((3, 3)), after=0).numbers
    '⌊(28 − 1 × (3 − 1) − 1) / 1⌋ + 1'
    """
    kernel, stride = window.kernel[axis], window.stride[axis]
    before, dilation = window.padding[axis], window.dilation[axis]
    room = size + before + after - dilation * (kernel - 1) - 1
    count = (math.ceil(room / stride) if round_up else room // stride) + 1
    left_out = round_up and (count - 1) * stride >= size + before
    opening, closing = "⌈⌉" if round_up else "⌊⌋"
    pads, padding = ("", "") if before == after == 0 else (" + padding", f" + {before + after}")
    tail, tail_why = (" − 1", " − 1 that would begin outside") if left_out else ("", "")
    return Calculation(
        name,
        f"{opening}({name} in{pads} − dilation × (kernel − 1) − 1) / stride{closing} + 1{tail_why}",
        f"{opening}({size}{padding} − {dilation} × ({kernel} − 1) − 1) / {stride}{closing} + 1{tail}",
        count - left_out,
    )


def covered_positions(window: Window, unit: Pair, size: Pair) -> list[tuple[Pair, Pair]]:
    """Return the positions in a window that lie on a map of (H, W), each with its position on the map.

    Positions in the padding are left out.

    >>> covered_positions(Window((2, 2), padding=(1, 1)), (0, 0), (5, 5))
    [((1, 1), (0, 0))]
    """
    inside = [_along(window, axis, unit[axis], size[axis]) for axis in (0, 1)]
    return [((ky, kx), (y, x)) for (ky, y), (kx, x) in product(*inside)]


def covered_along(window: Window, units: Pair, size: Pair) -> dict[str, list[list[Pair]]]:
    """Return for each y and each x of a map of units the positions in the window, each with its position on the input.

    >>> covered_along(Window((2, 1)), (1, 2), (2, 2))
    {'rows': [[(0, 0), (1, 1)]], 'columns': [[(0, 0)], [(0, 1)]]}
    """
    rows, columns = ([_along(window, axis, unit, size[axis]) for unit in range(units[axis])] for axis in (0, 1))
    return {"rows": rows, "columns": columns}


def _along(window: Window, axis: int, unit: int, length: int) -> list[Pair]:
    """Return the positions in a window along one axis that lie on a map, each with its position on the map."""
    start, dilation = unit * window.stride[axis] - window.padding[axis], window.dilation[axis]
    places = ((k, start + k * dilation) for k in range(window.kernel[axis]))
    return [(k, place) for k, place in places if 0 <= place < length]


def sliding(settings: Mapping[str, Any]) -> Window:
    """Return the window of a pool."""
    return Window(
        pair(settings["kernel_size"]),
        pair(settings["stride"]),
        pair(settings["padding"]),
        pair(settings.get("dilation", 1)),
    )
