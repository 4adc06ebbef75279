"""What could discredit a map of a digit; imported by the page that shows it alone, for Captum takes long to import.

Each test is made of pieces no longer than a map or a few forward passes. While they are made, ``show`` is called with
what there is so far; it draws, and a person who has moved on stops the run there.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import streamlit as st
from torch import nn

from model.images import digits
from model.images.records import Digit
from model.saliency.records import Attribution, AttributionPlan, Collapse, PixelCurves, Reaction, Robustness
from model.sanity_checks import evidence, pixel_curves, randomization
from model.sanity_checks import robustness as shaken
from viz.app import queued_cache
from viz.app.queued_cache import NotKeptError, in_turn
from viz.app.shared import network
from viz.saliency import cache

T = TypeVar("T")

_OFTEN = 0.1  # seconds between two pictures of what there is so far


def rows() -> tuple[str, ...]:
    """Return the rows that are made random, the last one of the network first."""
    return randomization.learned_rows(network())


def collapse(digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[Collapse], object]) -> Collapse:
    """Return a map while the network's rows are made random, one by one from the top."""
    with suppress(NotKeptError):  # to look up one thing is cheaper than each of its stages
        return _collapse.kept(digit.key, plan, seed, digit)
    names = rows()
    _gathered(_stages(digit, plan, seed), lambda found: show(evidence.collapsed(names, found)))
    return _collapse(digit.key, plan, seed, digit)


@in_turn(max_entries=256)
def _collapse(key: str, plan: AttributionPlan, seed: int, _digit: Digit) -> Collapse:
    return evidence.collapsed(rows(), list(_stages(_digit, plan, seed)))


def of_untrained(digit: Digit, plan: AttributionPlan, seed: int) -> Attribution:
    """Return the map of a network that never learned: where ``collapse`` with the same seed ends."""
    return _stage(digit.key, plan, seed, len(rows()) - 1, digit)


def _stages(digit: Digit, plan: AttributionPlan, seed: int) -> Iterator[Attribution]:
    yield cache.attribute(digit, plan)
    for number in range(len(rows())):
        yield _stage(digit.key, plan, seed, number, digit)


@in_turn(max_entries=4096)
def _stage(key: str, plan: AttributionPlan, seed: int, number: int, _digit: Digit) -> Attribution:
    return cache.explain(plan, _forgetful(seed)[number], digits.to_input(_digit))


@st.cache_resource(max_entries=4, show_spinner=False)
def _forgetful(seed: int) -> tuple[nn.Sequential, ...]:
    """Return the network after each row that is made random; like the trained one they are only ever read."""
    return tuple(forgetful for _, forgetful in randomization.cascade(network(), seed))


def reaction(
    digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[Sequence[Attribution]], object]
) -> Reaction:
    """Hold what forgetting did to a map, as ``collapse`` has it, against the maps of other digits."""
    with suppress(NotKeptError):
        return _reaction.kept(digit.key, plan, seed, digit)
    _gathered(_others(digit, plan), show)
    return _reaction(digit.key, plan, seed, digit)


@in_turn(max_entries=256)
def _reaction(key: str, plan: AttributionPlan, seed: int, _digit: Digit) -> Reaction:
    return evidence.reaction(_collapse(key, plan, seed, _digit), list(_others(_digit, plan)))


def _others(digit: Digit, plan: AttributionPlan) -> Iterator[Attribution]:
    return (cache.attribute(other, plan) for other in evidence.other_digits(digit))


def curves(digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[PixelCurves], object]) -> PixelCurves:
    """Return how the target fares while pixels are taken away, or brought back, in order of a map and by chance."""
    x = digits.to_input(digit)
    gather = partial(pixel_curves.gathered, x, pixel_curves.STEPS)
    pieces = pixel_curves.each_order(network(), x, cache.attribute(digit, plan), seed=seed)
    kept = _kept(_shelf("curves", digit.key, plan, seed), queued_cache.each(pieces))
    return gather(_gathered(kept, lambda found: show(gather(found))))


def robustness(
    digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[Sequence[float]], object]
) -> tuple[Robustness, tuple[float, ...]]:
    """Return how a map fares when the digit changes a little, and how far it moved in each trial."""
    x, explain = digits.to_input(digit), partial(cache.explain, plan)
    pieces = shaken.changed_maps(network(), x, explain, cache.attribute(digit, plan), seed=seed)
    changes = tuple(_gathered(_kept(_shelf("changes", digit.key, plan, seed), queued_cache.each(pieces)), show))
    return _measured(digit.key, plan, seed, changes, digit), changes


@in_turn(max_entries=512)
def _measured(key: str, plan: AttributionPlan, seed: int, changes: tuple[float, ...], _digit: Digit) -> Robustness:
    found = cache.attribute(_digit, plan)
    return shaken.measured(network(), digits.to_input(_digit), found, changes, seed=seed)


def _gathered(pieces: Iterable[T], show: Callable[[list[T]], object]) -> list[T]:
    """Gather pieces; now and then, while they are made, show those that are there."""
    found: list[T] = []
    shown = time.monotonic()
    for piece in pieces:
        found.append(piece)
        if time.monotonic() - shown > _OFTEN:
            show(found)
            shown = time.monotonic()
    return found


@st.cache_resource(max_entries=1024, show_spinner=False)
def _shelf(test: str, key: str, plan: AttributionPlan, seed: int) -> list[Any]:
    """Return a place for the pieces of a test that can only be made in their order; it is empty until all are."""
    return []


def _kept(shelf: list[T], pieces: Iterator[T]) -> Iterator[T]:
    """Take pieces from their shelf; where it is empty, make them, and put them there when none is missing."""
    if shelf:
        yield from tuple(shelf)
        return
    found = []
    for piece in pieces:
        found.append(piece)
        yield piece
    shelf[:] = found
