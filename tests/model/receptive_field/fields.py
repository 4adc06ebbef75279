"""Stacks of windows, and what is known of their receptive fields without the code that is tested."""

from collections.abc import Callable, Iterable

from hypothesis import strategies as st

from model.receptive_field import from_windows
from model.receptive_field.records import ReceptiveField, Window

Rule = Callable[[list[Window]], list[ReceptiveField]]

TRUE_FIELDS = {  # field, jump, centre of unit 0, output side
    "Conv2d-1": (3, 1, 1, 26),
    "Conv2d-4": (5, 1, 2, 24),
    "Conv2d-7": (7, 1, 3, 22),
    "MaxPool2d-10": (8, 2, 3.5, 11),
    "Conv2d-13": (8, 2, 3.5, 11),
    "Conv2d-16": (12, 2, 5.5, 9),
    "Conv2d-19": (16, 2, 7.5, 7),
    "AvgPool2d-22": (28, 14, 13.5, 1),
    "Conv2d-23": (28, 14, 13.5, 1),
}
WINDOWED = list(TRUE_FIELDS)


def square(kernel: int, stride: int = 1, padding: int = 0) -> Window:
    return Window((kernel, kernel), (stride, stride), (padding, padding))


ASSIGNMENT = [square(3), square(3), square(3), square(2, 2), square(1), square(3), square(3), square(7, 7), square(1)]


def pairs(least: int, most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(least, most), st.integers(least, most))


WINDOWS = st.builds(Window, pairs(1, 4), pairs(1, 3), pairs(0, 3), pairs(1, 3))
STACKS = st.lists(WINDOWS, min_size=1, max_size=4)


def indices(windows: Iterable[Window], unit: int, axis: int, lengths: list[int] | None = None) -> set[int]:
    """Return which places of the input one unit of a stack takes in, along an axis.

    With ``lengths``, of what goes into each window, padding is left out as no place of the input reaches it.
    """
    seen = {unit}
    for depth, window in reversed(list(enumerate(windows))):
        start, step, apart = -window.padding[axis], window.stride[axis], window.dilation[axis]
        seen = {u * step + start + tap * apart for u in seen for tap in range(window.kernel[axis])}
        if lengths:
            seen = {place for place in seen if 0 <= place < lengths[depth]}
    return seen


def doubling(windows: list[Window]) -> list[ReceptiveField]:
    """Misread a stride as the notebook does: it multiplies the field there and then."""
    sizes, size = [], 1
    for window in windows:
        size = size * window.stride[0] if window.stride[0] > 1 else size + window.kernel[0] - 1
        sizes.append((size, size))
    return [
        ReceptiveField(size, field.jump, field.center) for size, field in zip(sizes, from_windows(windows), strict=True)
    ]
