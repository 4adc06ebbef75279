"""Two recurrences for the receptive field, step by step: the right one, and a wrong one that gives printed figures.

The wrong one consists of the rules that students use by mistake (``causes``). For a printed table they are found from
its figures: between two printed fields the rules with the fewest mistakes that lead from the first to the second.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from model.parameters.causes import Passed, Rule, cheapest, other, rules, sentence
from model.parameters.records import Line

# A pool multiplies the field by its stride, and the jump is forgotten behind it.
DOUBLED = frozenset({"pool stride", "jump", "pool jump", "global jump"})


def of_printed(steps: Sequence[Passed], printed: Mapping[str, int]) -> tuple[Line, ...]:
    """Return both recurrences up to the last printed field.

    Args:
        steps: From the image on, each on the output of the one before.
        printed: The printed field of some of them, by name.

    >>> steps = [Passed("conv", "conv", 3, 1, 1, 1), Passed("pool", "pool", 2, 2, 1, 1)]
    >>> [line.wrong for line in of_printed(steps, {"conv": 3, "pool": 6})]
    ['1 + (3 − 1) × 1 = 3', '3 × 2 = 6']
    """
    found, part, size, right = list[Line](), list[Passed](), 1, 1
    for step in steps:
        part.append(step)
        if step.name in printed:
            found += _between(part, size, right, printed[step.name])
            part, size, right = [], printed[step.name], found[-1].right_size
    return _shown(found)


def of_habits(steps: Sequence[Passed], habits: Collection[str] = DOUBLED) -> tuple[Line, ...]:
    """Return both recurrences where the wrong one makes some kinds of mistake wherever it can.

    Args:
        steps: From the image on, each on the output of the one before.
        habits: The kinds of mistake, as ``causes.Rule`` names them.
    """
    chosen = [next((rule for rule in rules(step) if rule.habit in habits), next(rules(step))) for step in steps]
    return _shown(_lines(steps, chosen, 1, 1))


def _between(steps: Sequence[Passed], size: int, right: int, printed: int) -> list[Line]:
    """Return the lines of the steps between two printed fields."""
    found = cheapest(printed, size, steps)
    if not found:
        unknown = Line("", "", printed, "", right, "No common mistake gives the printed number.", is_printed=True)
        return [*_last_as(_lines(steps, [next(rules(step)) for step in steps], size, right), unknown)]
    lines = [*_lines(steps, found[0], size, right)]
    last = lines[-1]
    return [*_last_as(lines, Line("", last.wrong, printed, "", 0, last.mistake + other(found), last.habit, True))]


def _last_as(lines: Sequence[Line] | Iterator[Line], last: Line) -> Iterator[Line]:
    """Yield lines, with the wrong half of the last one replaced."""
    *others, end = lines
    yield from others
    yield Line(end.name, last.wrong, last.size, end.right, end.right_size, last.mistake, last.habit, last.is_printed)


def _lines(steps: Sequence[Passed], chosen: Sequence[Rule], size: int, right: int) -> Iterator[Line]:
    for step, rule in zip(steps, chosen, strict=True):
        correct = next(rules(step))
        after, right_after = rule.apply(size), correct.apply(right)
        worked = (rule.worked(size), after, correct.worked(right), right_after)
        yield Line(step.name, *worked, sentence([rule]), rule.habit)
        size, right = after, right_after


def _shown(lines: Sequence[Line] | Iterator[Line]) -> tuple[Line, ...]:
    """Return the lines that change a field, are printed, or are a mistake; the others say nothing."""
    every = list(lines)
    before = [1, *(line.right_size for line in every)]
    return tuple(
        line
        for line, size in zip(every, before, strict=False)
        if line.is_printed or line.mistake or line.right_size != size
    )
