"""A unit with the numbers that go in, rounded as they are printed, and its result line by line."""

import math
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np

from model import layers
from model.layers.layer import format_number, position_of
from model.layers.records import Explanation, Term
from model.records import Numbers, Unit
from model.trace.records import LayerKind, Step, Trace
from model.worksheet.records import DECIMALS, Patch, UnitTask

_TRIES = 60
_LEAST = 0.05  # a smaller result tells little


def weighted(trace: Trace, step: Step, chance: Random, unit: Unit | None = None) -> UnitTask:
    """Return a sum of products: that of a unit, or of one that tells much."""
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


def pool(trace: Trace, step: Step, chance: Random) -> UnitTask:
    """Return the largest value or the mean of a window."""
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


def norm(trace: Trace, step: Step, chance: Random) -> UnitTask:
    """Return a value that batch norm changes."""
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


def probability(trace: Trace, target: int) -> UnitTask:
    """Return the probability of a class from the logits."""
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


def product_count(step: Step) -> int:
    """Return how many products a unit has."""
    return int(np.prod(step.weights["weight"].shape[1:]))


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


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS)
