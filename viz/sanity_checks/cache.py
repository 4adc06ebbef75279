"""Cached sanity checks of a map; only the page that shows them imports this module, because Captum imports slowly.

Each check consists of pieces no longer than a map or a few forward passes. Between the pieces ``show`` is called with
the results so far; it draws them, and the run stops there if the user opens another page.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from torch import nn

from model.images.records import Digit
from model.saliency.records import Attribution, AttributionPlan
from model.sanity_checks import edges, pixel_curves, randomization, robustness, weight_dependence
from model.sanity_checks.records import EdgeComparison, PixelCurves, Randomization, Robustness, WeightDependence
from viz.app import current, queued_cache
from viz.app.current import of_network
from viz.app.queued_cache import NotCachedError, queued
from viz.app.shared import fitted, is_small, network, samples, to_input
from viz.saliency import cache

T = TypeVar("T")

_OTHERS = 9
_STEPS_OF_LARGE, _PROBES_OF_LARGE = 7, 16  # of a large network, so that no piece takes longer than some maps
_INTERVAL = 0.1  # seconds between two updates of the figures, at least
_REST = 4  # times as long as an update takes there is none: most of the time is for the checks


def rows() -> tuple[str, ...]:
    """Return the rows that are randomized, the last row of the network first."""
    return randomization.learned_rows(network().module)


def kept_rows() -> tuple[str, ...]:
    """Return the rows whose learned numbers are not randomized."""
    return randomization.kept_rows(network().module)


def randomized(
    digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[Sequence[Attribution]], object]
) -> Randomization:
    """Return the maps of a digit while the network's rows are randomized one by one, the last row first.

    ``show`` gets those that are ready, that of the trained network first.
    """
    with suppress(NotCachedError):  # one look-up is cheaper than one for each stage
        return _randomized.cached(digit.key, plan, seed, ())
    return _randomized(digit.key, plan, seed, _gather(_stages(digit, plan, seed), show))


@queued(max_entries=256)
def _randomized(key: str, plan: AttributionPlan, seed: int, _stages: Sequence[Attribution]) -> Randomization:
    return weight_dependence.compare(rows(), _stages)


def map_of_random_weights(digit: Digit, plan: AttributionPlan, seed: int) -> Attribution:
    """Return the map of a network with random weights only: the last of ``randomized`` with the same seed."""
    return _stage(digit.key, plan, seed, len(rows()) - 1, digit)


def _stages(digit: Digit, plan: AttributionPlan, seed: int) -> Iterator[Attribution]:
    yield cache.attribute(digit, plan)
    for number in range(len(rows())):
        yield _stage(digit.key, plan, seed, number, digit)


@queued(max_entries=4096)
def _stage(key: str, plan: AttributionPlan, seed: int, number: int, _digit: Digit) -> Attribution:
    return cache.explain(plan, _random_networks(seed)[number], to_input(_digit), scored=False)


@of_network(max_entries=48, of_large=4)
def _random_networks(seed: int) -> tuple[nn.Module, ...]:
    """Return the network after each row that is randomized; they are shared and must not be changed."""
    return tuple(each for _, each in randomization.cascade(network().module, seed))


def dependence(
    digit: Digit,
    plan: AttributionPlan,
    seed: int,
    found: Randomization,
    show: Callable[[Sequence[Attribution]], object],
) -> WeightDependence:
    """Compare the effect of ``randomized`` weights on a map with the effect of other pictures."""
    with suppress(NotCachedError):
        return _dependence.cached(digit.key, plan, seed, found, ())
    return _dependence(digit.key, plan, seed, found, _gather(_others(digit, plan), show))


@queued(max_entries=256)
def _dependence(
    key: str, plan: AttributionPlan, seed: int, _found: Randomization, _others: Sequence[Attribution]
) -> WeightDependence:
    return weight_dependence.weight_dependence(_found, _others)


def _others(digit: Digit, plan: AttributionPlan) -> Iterator[Attribution]:
    return (cache.attribute(other, plan) for other in other_pictures(digit))


def other_pictures(digit: Digit) -> tuple[Digit, ...]:
    """Return the pictures whose maps set the limit: a digit of each other class, or else other samples."""
    if current.takes_digits():
        return tuple(fitted(other) for other in weight_dependence.other_digits(digit))
    return tuple(other for other in samples() if other.key != digit.key)[:_OTHERS]


def edges_of(digit: Digit, plan: AttributionPlan) -> EdgeComparison:
    """Compare a map with the edges of its picture."""
    return edges.compare(cache.attribute(digit, plan), digit.pixels)


def curves(digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[PixelCurves], object]) -> PixelCurves:
    """Return the probability of the target while pixels are deleted or inserted, in order of a map and at random."""
    x = to_input(digit)
    steps = pixel_curves.steps_for(x) if is_small(network()) else _STEPS_OF_LARGE
    combine = partial(pixel_curves.from_curves, x, steps)
    pieces = pixel_curves.curves_by_order(network().module, x, cache.attribute(digit, plan), steps=steps, seed=seed)
    stored = _stored(_store("curves", digit.key, plan, seed), queued_cache.each_queued(pieces))
    return combine(_gather(stored, lambda found: show(combine(found))))


def robust(
    digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[Sequence[float]], object]
) -> tuple[Robustness, tuple[float, ...]]:
    """Return how a map behaves when the picture changes a little, and how much it changes in each trial."""
    x, explain = to_input(digit), partial(cache.explain, plan, scored=False)
    pieces = robustness.map_changes(network().module, x, explain, cache.attribute(digit, plan), seed=seed)
    changes = tuple(_gather(_stored(_store("changes", digit.key, plan, seed), queued_cache.each_queued(pieces)), show))
    return _robust(digit.key, plan, seed, changes, digit), changes


@queued(max_entries=512)
def _robust(key: str, plan: AttributionPlan, seed: int, changes: tuple[float, ...], _digit: Digit) -> Robustness:
    found = cache.attribute(_digit, plan)
    probes = robustness.PROBES if is_small(network()) else _PROBES_OF_LARGE
    return robustness.from_changes(network().module, to_input(_digit), found, changes, probes=probes, seed=seed)


def _gather(pieces: Iterable[T], show: Callable[[list[T]], object]) -> list[T]:
    """Collect pieces; at intervals show those that are ready."""
    found: list[T] = []
    next_update = time.monotonic() + _INTERVAL
    for piece in pieces:
        found.append(piece)
        if (began := time.monotonic()) > next_update:
            show(found)
            shown = time.monotonic()
            next_update = shown + max(_INTERVAL, _REST * (shown - began))
    return found


@of_network(max_entries=1024)
def _store(check: str, key: str, plan: AttributionPlan, seed: int) -> list[Any]:
    """Return the list that stores the pieces of a check; it is empty until all pieces are ready."""
    return []


def _stored(store: list[T], pieces: Iterator[T]) -> Iterator[T]:
    """Yield stored pieces; if there are none, compute them and store them once all are ready."""
    if store:
        yield from tuple(store)
        return
    found = []
    for piece in pieces:
        found.append(piece)
        yield piece
    store[:] = found
