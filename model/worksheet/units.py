"""Units to work out by hand, with the numbers that go in: a weighted sum, a pool or a norm, and the head."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from model import layers
from model.errors import InputError
from model.layers.layer import format_number, position_of
from model.layers.records import Explanation, Term
from model.records import Numbers, Unit
from model.trace.records import LayerKind, Step, Trace
from model.worksheet.records import DECIMALS, Patch, UnitTask

FEW_TERMS = 16  # of a sum that is worked out by hand
MOST_TERMS = 32  # where a network has no shorter sum
MOST_VALUES = 16  # of a window that is compared or averaged
_MOST_CLASSES = 12
_TRIES = 60
ROUNDING = 0.02  # of a result, or 0.02: so far may it be off by the rounding of what is printed
_LEAST = 0.05  # a smaller result tells little
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


# Sums of products


def _sum(trace: Trace, chance: Random, logits: Step | None) -> UnitTask | None:
    few = [step for step in trace.steps if step.kind in _SUMS and step is not logits and _products(step) <= MOST_TERMS]
    few = [step for step in few if _products(step) <= FEW_TERMS] or few
    windows = [step for step in few if step.kind == LayerKind.CONVOLUTION and step.weights["weight"][0, 0].size > 1]
    if not few:
        return None
    step = chance.choice(windows or few)
    return _closest(lambda: _weighted(trace, step, chance))


def _closest(make: Callable[[], UnitTask]) -> UnitTask:
    """Return a task whose printed, rounded numbers give what the network has, where some tries find one."""
    tasks = []
    for _ in range(_TRIES // 10):
        tasks.append(make())
        if abs(tasks[-1].by_hand - tasks[-1].value) <= ROUNDING * max(1.0, abs(tasks[-1].value)):
            return tasks[-1]
    return min(tasks, key=lambda task: abs(task.by_hand - task.value))


def _products(step: Step) -> int:
    """Return how many products a unit has."""
    return int(np.prod(step.weights["weight"].shape[1:]))


def _weighted(trace: Trace, step: Step, chance: Random, unit: Unit | None = None) -> UnitTask:
    explained = layers.explain(trace, step.name, unit) if unit else _telling(trace, step, chance)
    named = f"map {{}} of {explained.source}" if len(explained.terms) != len(explained.channels) else ""
    patches = tuple(_patches(explained, named))
    biased = "bias" in step.weights
    products = [_rounded(term.value) * _rounded(term.weight or 0) for term in explained.terms]
    lines = [_added(f"{title}: ", part) for title, part in _parts(patches)]
    bias = _rounded(explained.bias)
    by_hand = sum(products) + bias
    sums = [sum(part) for _, part in _parts(patches)]
    if len(sums) > 1 or biased:
        lines.append(_added("", [*sums, *([bias] if biased else [])]))
    return UnitTask(
        step.name,
        step.kind,
        explained.unit,
        f"{_place(explained.unit, step)} of {step.name}.",
        patches,
        (("bias", explained.bias),) if biased else (),
        "Σ value × weight" + (" + bias" if biased else ""),
        tuple(lines),
        by_hand,
        explained.recorded,
    )


def _patches(explained: Explanation, named: str) -> Iterator[Patch]:
    """Yield the values and the weights of each input map; of maps with one value each, all in one row."""
    groups: dict[int, list[Term]] = {}
    for term in explained.terms:
        groups.setdefault(term.unit[0], []).append(term)
    if not named:
        terms = [term for each in groups.values() for term in each]
        yield Patch(f"one value of each map of {explained.source}", *_arrays(terms, _across(len(terms))))
        return
    for channel, terms in groups.items():
        yield Patch(named.format(channel), *_arrays(terms, len({term.unit[2] for term in terms})))


def _across(count: int) -> int:
    """Return in how many columns numbers stand: four where that fills the rows, else a number near it."""
    return next(columns for columns in (4, 5, 6, 3, 7, 2, count) if count % columns == 0)


def _arrays(terms: Sequence[Term], across: int) -> tuple[Numbers, Numbers]:
    values, weights = (np.asarray(each, np.float64) for each in zip(*((t.value, t.weight) for t in terms), strict=True))
    return values.reshape(-1, across), weights.reshape(-1, across)


def _parts(patches: Sequence[Patch]) -> list[tuple[str, list[float]]]:
    """Return for each patch its title and its products, in the numbers that are printed."""
    found = []
    for patch in patches:
        assert patch.weights is not None  # noqa: S101 (these are sums of products)
        pairs = zip(patch.values.ravel(), patch.weights.ravel(), strict=True)
        found.append((patch.title, [_rounded(value) * _rounded(weight) for value, weight in pairs]))
    return found


def _added(title: str, parts: Sequence[float]) -> str:
    said = " + ".join(format_number(round(part, DECIMALS + 1)) for part in parts)
    return f"{title}{said} = {format_number(sum(parts), bracket=False)}"


def _telling(trace: Trace, step: Step, chance: Random) -> Explanation:
    """Return a unit whose inputs differ and whose value is not near zero, where some tries find one."""
    found = None
    for _ in range(_TRIES):
        c, y, x = (chance.randrange(side) for side in step.maps.shape)
        explained = layers.explain(trace, step.name, (c, y, x))
        different = len({round(term.value, 2) for term in explained.terms})
        ink = any(term.value for term in explained.terms)  # a ReLU before it gives many zeros
        telling = different >= min(3, len(explained.terms)) and abs(explained.recorded) >= _LEAST
        tied = step.kind == LayerKind.MAX_POOL and _has_a_tie(explained)
        if ink and telling and not tied:
            return explained
        found = explained if found is None or (_has_a_tie(found) and not tied) else found
    assert found is not None  # noqa: S101 (there were tries)
    return found


def _has_a_tie(explained: Explanation) -> bool:
    """Tell whether the largest value stands in a window more than once as it is printed."""
    values = [_rounded(term.value) for term in explained.terms]
    return values.count(max(values)) > 1


def _place(unit: Unit, step: Step) -> str:
    """Say which unit it is."""
    c, y, x = unit
    return f"Unit {c}" if step.output.ndim == 1 else f"Unit y {y}, x {x} of map {c}"


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS)


# A pool or a norm


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
    make = _norm if kind == LayerKind.BATCH_NORM else _pool
    return _closest(lambda: make(trace, step, chance))


def _window_of(trace: Trace, step: Step) -> int:
    """Return how many values the first unit of a step is worked out from; 0 where there is no rule for it."""
    try:
        return len(layers.explain(trace, step.name, (0, 0, 0)).terms)
    except InputError:
        return 0


def _pool(trace: Trace, step: Step, chance: Random) -> UnitTask:
    explained = _telling(trace, step, chance)
    values = [_rounded(term.value) for term in explained.terms]
    across = len({term.unit[2] for term in explained.terms})
    largest = step.kind == LayerKind.MAX_POOL
    by_hand = max(values) if largest else sum(values) * (explained.terms[0].weight or 0)
    shown = np.asarray([term.value for term in explained.terms]).reshape(-1, across)
    parts = ", ".join(format_number(value, bracket=False) for value in values)
    divisor = round(1 / (explained.terms[0].weight or 1))
    line = (
        f"the largest of {parts} is {format_number(by_hand, bracket=False)}"
        if largest
        else f"({' + '.join(map(format_number, values))}) / {divisor} = {format_number(by_hand, bracket=False)}"
    )
    return UnitTask(
        step.name,
        step.kind,
        explained.unit,
        f"{_place(explained.unit, step)} of {step.name}.",
        (Patch(f"its window on map {explained.terms[0].unit[0]} of {explained.source}", shown),),
        (),
        "the largest value of the window" if largest else f"Σ value / {divisor}",
        (line,),
        by_hand,
        explained.recorded,
    )


def _norm(trace: Trace, step: Step, chance: Random) -> UnitTask:
    explained = _telling(trace, step, chance)
    channel = position_of(explained.unit, step.input.shape)[0]
    given = {
        "mean": float(step.buffers["running_mean"][channel]),
        "standard deviation": math.sqrt(float(step.buffers["running_var"][channel]) + step.settings["eps"]),
        "scale": float(step.weights["weight"][channel]) if "weight" in step.weights else 1.0,
        "shift": float(step.weights["bias"][channel]) if "bias" in step.weights else 0.0,
    }
    x = explained.terms[0].value
    value, mean, deviation, scale, shift = map(_rounded, (x, *given.values()))
    by_hand = (value - mean) / (deviation or 1) * scale + shift
    said = [format_number(each) for each in (value, mean, deviation, scale, shift)]
    return UnitTask(
        step.name,
        step.kind,
        explained.unit,
        f"{_place(explained.unit, step)} of {step.name}.",
        (Patch(f"the same unit of {explained.source}", np.asarray([[x]])),),
        tuple(given.items()),
        "(value − mean) / standard deviation × scale + shift",
        (f"({said[0]} − {said[1]}) / {said[2]} × {said[3]} + {said[4]} = {format_number(by_hand, bracket=False)}",),
        by_hand,
        explained.recorded,
    )


# The head


def _head(trace: Trace, chance: Random, logits: Step | None) -> UnitTask | None:
    """Return the logit of a class, or the probability of one where a logit has too many products."""
    target = chance.choice(np.argsort(-trace.logits)[:3].tolist())
    most = FEW_TERMS if len(trace.logits) <= _MOST_CLASSES else MOST_TERMS
    if logits is not None and _products(logits) <= most:
        task = _weighted(trace, logits, chance, (target, 0, 0))
        return replace(task, question=f"The logit of class {trace.class_name(target)}: {_said(task)}")
    return _probability(trace, trace.prediction) if len(trace.logits) <= _MOST_CLASSES else None


def _said(task: UnitTask) -> str:
    return task.question[:1].lower() + task.question[1:]


def _probability(trace: Trace, target: int) -> UnitTask:
    values = [_rounded(each) for each in trace.logits]
    total = sum(map(math.exp, values))
    by_hand = math.exp(values[target]) / total
    shown = trace.logits.astype(np.float64).reshape(-1, _across(len(values)))
    said = " + ".join(f"{math.exp(value):.4g}" for value in values)
    name = trace.class_name(target)
    numbered = "" if name == str(target) else f", number {target},"
    return UnitTask(
        "softmax",
        LayerKind.SOFTMAX,
        (target, 0, 0),
        f"The probability of class {name}{numbered} from the logits (with a calculator).",
        (Patch(f"the logits of classes 0 to {len(values) - 1}", shown),),
        (),
        "exp(logit) / Σ exp(logit)",
        (f"Σ exp(logit) = {said} = {total:.4g}", f"{math.exp(values[target]):.4g} / {total:.4g} = {by_hand:.4f}"),
        by_hand,
        float(trace.probabilities[target]),
    )
