"""Test parameters: the quick suite takes a few of them, and the exhaustive suite takes all."""

from collections.abc import Iterable, Sequence

import pytest
from _pytest.mark import ParameterSet

from model.images import digits
from model.images.records import Digit


def few(values: Sequence[object], count: int, ids: Iterable[str] | None = None) -> list[ParameterSet]:
    """Return test parameters; all after the first ``count`` are marked exhaustive."""
    names = map(str, values) if ids is None else ids
    return [
        pytest.param(value, id=name, marks=() if place < count else pytest.mark.exhaustive)
        for place, (value, name) in enumerate(zip(values, names, strict=True))
    ]


def few_digits(chosen: Sequence[Digit], count: int) -> pytest.MarkDecorator:
    """Parametrise a test over digits; all after the first ``count`` are marked exhaustive."""
    return pytest.mark.parametrize("digit", few(chosen, count, [digit.key for digit in chosen]))


TWENTY = digits.samples()[::2][:20]
_SPREAD = (TWENTY[3], TWENTY[10])  # of two classes
_ORDERED = [*_SPREAD, *(digit for digit in TWENTY if digit not in _SPREAD)]
each_digit = few_digits(_ORDERED, 2)
one_digit = few_digits(_ORDERED, 1)
