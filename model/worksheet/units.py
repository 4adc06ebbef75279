"""Units to work out by hand, with the numbers that go in: a weighted sum, a pool or a norm, and the head."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from model import layers
from model.errors import InputError
from model.trace.records import LayerKind, Step, Trace
from model.worksheet.records import UnitTask
from model.worksheet.worked import norm, pool, probability, product_count, weighted

FEW_TERMS = 16  # of a sum that is worked out by hand
MOST_TERMS = 32  # where a network has no shorter sum
MOST_VALUES = 16  # of a window that is compared or averaged
_MOST_CLASSES = 12
_TRIES = 6
ROUNDING = 0.02  # of a result, or 0.02: so far may it be off by the rounding of what is printed
_SUMS = {LayerKind.CONVOLUTION, LayerKind.LINEAR}
_POOLS = {LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL, "mean"}


def units(trace: Trace, chance: Random) -> tuple[tuple[UnitTask, ...], tuple[str, ...]]:
    """Return a unit of each kind that this network has, and a sentence for each kind that it lacks.

    Args:
        trace: The picture's forward pass.
        chance: Chooses among what can be asked.
    """
    logits = _logits(trace)
    asked: Sequence[tuple[Callable[[], UnitTask | None], str]] = (
        (
            lambda: _sum(trace, chance, logits),
            f"No convolution or linear step has units of at most {MOST_TERMS} products.",
        ),
        (
            lambda: _pool_or_norm(trace, chance),
            f"There is no batch norm, and no pool with a window of at most {MOST_VALUES} values.",
        ),
        (
            lambda: _head(trace, chance, logits),
            f"A logit has more than {MOST_TERMS} products, and there are more than {_MOST_CLASSES} classes.",
        ),
    )
    made = [(make(), why) for make, why in asked]
    return tuple(task for task, _ in made if task), tuple(why for task, why in made if not task)


def _logits(trace: Trace) -> Step | None:
    """Return the step with weights that gives the logits, where nothing but a reshape follows it."""
    for step in reversed(trace.steps):
        if step.kind in _SUMS:
            same = step.maps.size == trace.logits.size and np.array_equal(step.maps.ravel(), trace.logits)
            return step if same else None
    return None


def _sum(trace: Trace, chance: Random, logits: Step | None) -> UnitTask | None:
    few = [
        step for step in trace.steps if step.kind in _SUMS and step is not logits and product_count(step) <= MOST_TERMS
    ]
    few = [step for step in few if product_count(step) <= FEW_TERMS] or few
    windows = [step for step in few if step.kind == LayerKind.CONVOLUTION and step.weights["weight"][0, 0].size > 1]
    if not few:
        return None
    step = chance.choice(windows or few)
    return _closest(lambda: weighted(trace, step, chance))


def _closest(make: Callable[[], UnitTask]) -> UnitTask:
    """Return a task whose printed, rounded numbers give what the network has, where some tries find one."""
    tasks = []
    for _ in range(_TRIES):
        tasks.append(make())
        if abs(tasks[-1].by_hand - tasks[-1].value) <= ROUNDING * max(1.0, abs(tasks[-1].value)):
            return tasks[-1]
    return min(tasks, key=lambda task: abs(task.by_hand - task.value))


def _pool_or_norm(trace: Trace, chance: Random) -> UnitTask | None:
    pools = [step for step in trace.steps if step.kind in _POOLS and 1 < _window_of(trace, step) <= MOST_VALUES]
    norms = [step for step in trace.steps if step.kind == LayerKind.BATCH_NORM and "running_var" in step.buffers]
    kinds: dict[str, list[Step]] = {}
    for step in (*pools, *norms):
        kinds.setdefault(step.kind, []).append(step)
    if not kinds:
        return None
    kind = chance.choice(sorted(kinds))
    step = chance.choice(kinds[kind])
    make = norm if kind == LayerKind.BATCH_NORM else pool
    return _closest(lambda: make(trace, step, chance))


def _window_of(trace: Trace, step: Step) -> int:
    """Return how many values the first unit of a step is worked out from; 0 where there is no rule for it."""
    try:
        return len(layers.explain(trace, step.name, (0, 0, 0)).terms)
    except InputError:
        return 0


def _head(trace: Trace, chance: Random, logits: Step | None) -> UnitTask | None:
    """Return the logit of a class, or the probability of one where a logit has too many products."""
    target = chance.choice(np.argsort(-trace.logits)[:3].tolist())
    most = FEW_TERMS if len(trace.logits) <= _MOST_CLASSES else MOST_TERMS
    if logits is not None and product_count(logits) <= most:
        task = weighted(trace, logits, chance, (target, 0, 0))
        asked = task.question[:1].lower() + task.question[1:]
        return replace(task, question=f"The logit of class {trace.class_name(target)}: {asked}")
    return probability(trace, trace.prediction) if len(trace.logits) <= _MOST_CLASSES else None
