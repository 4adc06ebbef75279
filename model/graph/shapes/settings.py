"""Settings of nodes: each is a check that returns a value, with tuples in the place of lists, or raises Misfit."""

from collections.abc import Callable
from typing import Any

from model.graph.shapes.records import LARGEST, MAX_AXES, Misfit, said

Setting = Callable[[Any], Any]


def whole(low: int, high: int) -> Setting:
    """Accept a whole number."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Misfit(f"is {said(value)}.", f"It is a whole number from {low:,} to {high:,}.")
        return value

    return check


def wholes(low: int, high: int, least: int = 0, most: int = MAX_AXES) -> Setting:
    """Accept a list of whole numbers."""

    def check(value: Any) -> tuple[int, ...]:
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            raise Misfit(f"is {said(value)}.", f"It is a list of {least} to {most} whole numbers.")
        return tuple(whole(low, high)(each) for each in value)

    return check


def pair(low: int, high: int) -> Setting:
    """Accept two whole numbers (y, x)."""
    return wholes(low, high, 2, 2)


def number(low: float, high: float) -> Setting:
    """Accept a finite number."""

    def check(value: Any) -> float:
        if type(value) not in {int, float} or not low <= value <= high:
            raise Misfit(f"is {said(value)}.", f"It is a number from {low:g} to {high:g}.")
        return float(value)

    return check


def optional(setting: Setting) -> Setting:
    """Accept null as well."""
    return lambda value: None if value is None else setting(value)


def flag(value: Any) -> bool:
    """Accept true or false."""
    if type(value) is not bool:
        raise Misfit(f"is {said(value)}.", "It is true or false.")
    return value


def choice(*words: str) -> Setting:
    """Accept one of some words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise Misfit(f"is {said(value)}.", f"It is one of {', '.join(words)}.")
        return value

    return check


def padding_or_same(value: Any) -> Any:
    """Accept a padding (y, x), or the word ``same``."""
    return value if value == "same" else pair(0, LARGEST)(value)


ANY = number(-3e38, 3e38)
STRIDE, DILATION, KERNEL = pair(1, LARGEST), pair(1, LARGEST), pair(1, LARGEST)
PADDING = pair(0, LARGEST)
EPS = number(1e-12, 1.0)
AXIS = whole(0, MAX_AXES)
SIZE = 1 << 31  # of an axis; what it makes in all is limited elsewhere
