"""The mistake behind a printed receptive field: which wrong rule gives the printed number from the one before it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_JUMPS = (2, 4, 8, 16, 32)
_MAPS = range(2, 65)
_FEW, _LONGEST = 4, 8  # steps between two printed fields: of many, fewer mistakes are looked for


@dataclass(frozen=True, slots=True)
class Passed:
    """A step between two printed receptive fields, along one axis.

    Args:
        name: Of the step.
        kind: ``conv``, ``pool`` or ``global`` (a pool over the whole map, or all that it uses of it).
        kernel: Values along the axis.
        stride: Likewise.
        dilation: Likewise.
        jump: Of its input.
        dilated: Product of the dilations of the steps before it.
    """

    name: str
    kind: str
    kernel: int
    stride: int
    dilation: int
    jump: int
    dilated: int = 1

    @property
    def growth(self) -> int:
        """Return by how much it makes the field larger."""
        return (self.kernel - 1) * self.dilation * self.jump

    @property
    def arithmetic(self) -> str:
        """Return that as arithmetic."""
        spread = f" × {self.dilation}" if self.dilation > 1 else ""
        return f"({self.kernel} − 1){spread} × {self.jump} = {self.growth}"


@dataclass(frozen=True, slots=True)
class _Rule:
    """A way to continue a field over one step; the cost is 0 for the right one."""

    cost: int
    apply: Callable[[int], int]
    mistake: str = ""


def explain(printed: int, right: int, start: int, steps: Sequence[Passed], before: str, start_right: int) -> str:
    """Say why a printed receptive field is wrong.

    Args:
        printed: What is printed.
        right: What it is.
        start: The field that is printed for the step before; 1 for the image.
        steps: Between the two, this step last.
        before: The name of the step before.
        start_right: The field of the step before.
    """
    grown = " and ".join(f"{each.name} adds {each.arithmetic}" for each in steps if each.kernel > 1)
    said = f"After {before} the field is {start_right}; {grown or 'no step widens it'}, so it is {right}."
    cause = _cause(printed, right, start, steps, before, start_right)
    return f"{said} {cause}".rstrip()


def _cause(printed: int, right: int, start: int, steps: Sequence[Passed], before: str, start_right: int) -> str:
    for cost in range(5 if len(steps) <= _FEW else 3):
        if cost == 2 and _misses_a_digit(printed, right):
            return "A digit is missing."
        found = list(_combinations(printed, start, steps, cost))
        if cost == 0 and found:
            return f"The number follows from the {start} printed for {before}, which is wrong already."
        if found:
            return " Or: ".join(_sentence(each) for each in found[:2])
    if start != start_right:
        for cost in range(1, 3):
            for each in _combinations(printed, start_right, steps, cost):
                return _sentence(each)
    if printed < start:
        return "A field never becomes smaller from one step to the next."
    return "No common mistake gives the printed number: it may be of another version of the network."


def _sentence(mistakes: Sequence[str]) -> str:
    text = "; ".join(dict.fromkeys(each for each in mistakes if each))
    return f"{text[:1].upper()}{text[1:]}."


def _misses_a_digit(printed: int, right: int) -> bool:
    one, other = str(printed), str(right)
    return len(one) + 1 == len(other) and any(one == other[:n] + other[n + 1 :] for n in range(len(other)))


def _combinations(printed: int, start: int, steps: Sequence[Passed], cost: int) -> Iterator[list[str]]:
    """Yield the mistakes of the rules, one for each step, that lead from one field to another at some cost."""
    choices = [list(_rules(step)) for step in steps]
    for rules in _at_cost(choices, cost) if len(choices) <= _LONGEST else ():
        field = start
        for rule in rules:
            field = rule.apply(field)
        if field == printed:
            yield [rule.mistake for rule in rules]


def _at_cost(choices: Sequence[Sequence[_Rule]], cost: int) -> Iterator[Sequence[_Rule]]:
    if not choices:
        if cost == 0:
            yield ()
        return
    for rule in choices[0]:
        if rule.cost <= cost:
            for rest in _at_cost(choices[1:], cost - rule.cost):
                yield (rule, *rest)


def _rules(step: Passed) -> Iterator[_Rule]:
    """Yield the right rule for a step and the wrong ones that students use."""
    growth, kernel, jump, dilation = step.growth, step.kernel, step.jump, step.dilation
    yield _Rule(0, lambda field: field + growth)
    if step.kind == "pool":
        yield from _pool_rules(step)
    elif step.kind == "global":
        yield from _global_rules(step)
    elif kernel == 1:
        yield _Rule(1, lambda field: field + 2 * jump, f"the 1x1 {step.name} is counted as 3x3")
        for other in (1, *_JUMPS):
            if other != jump:
                yield _as_three(step, other)
    else:
        if jump > 1:
            yield _Rule(
                1,
                lambda field: field + (kernel - 1) * dilation,
                f"the jump of {jump} is forgotten: {step.name} adds {(kernel - 1) * dilation} in the place of {growth}",
            )
        if step.dilated > 1:
            yield _Rule(
                1,
                lambda field: field + growth * step.dilated,
                f"a dilation before {step.name} is multiplied into the jump, which only strides change",
            )
        if dilation > 1:
            yield _Rule(1, lambda field: field + (kernel - 1) * jump, f"the dilation of {step.name} is forgotten")
            if jump > 1:
                yield _Rule(2, lambda field: field + (kernel - 1), f"dilation and jump of {step.name} are forgotten")
        for other in _JUMPS:
            if other != jump and (other != jump * step.dilated):
                yield _other_jump(step, other)
        yield _Rule(2, lambda field: field, f"{step.name} adds nothing: the number of the step before is repeated")


def _as_three(step: Passed, jump: int) -> _Rule:
    said = f"the 1x1 {step.name} is counted as 3x3, with a jump of {jump}"
    return _Rule(1 if jump == 1 else 2, lambda field: field + 2 * jump, said)


def _other_jump(step: Passed, other: int) -> _Rule:
    return _Rule(
        2,
        lambda field: field + (step.kernel - 1) * step.dilation * other,
        f"{step.name} adds as if the jump were {other}, but it is {step.jump}: another version, or a stride elsewhere",
    )


def _pool_rules(step: Passed) -> Iterator[_Rule]:
    stride, jump = step.stride, step.jump
    if stride > 1:
        word = "doubles" if stride == 2 else f"multiplies by {stride}"
        yield _Rule(
            1,
            lambda field: field * stride,
            f"the pool {step.name} {word} the field here; its stride multiplies the jump, not the field",
        )
        yield _Rule(
            2,
            lambda field: field + (step.kernel - 1) * jump * stride,
            f"the jump after the pool {step.name} is used for the pool itself",
        )
    yield _Rule(1, lambda field: field, f"the pool {step.name} adds nothing here, but it adds {step.growth}")
    if jump > 1:
        yield _Rule(
            1, lambda field: field + step.kernel - 1, f"the jump of {jump} is forgotten at the pool {step.name}"
        )


def _global_rules(step: Passed) -> Iterator[_Rule]:
    kernel, jump = step.kernel, step.jump
    yield _Rule(1, lambda field: field, f"the global pool {step.name} is not counted")
    if jump > 1:
        yield _Rule(
            1, lambda field: field + kernel - 1, f"the jump of {jump} is forgotten at the global pool {step.name}"
        )
    yield _Rule(
        1,
        lambda field: field + kernel,
        f"the global pool {step.name} adds its {kernel} values here, and not ({kernel} − 1) jumps of {jump}",
    )
    for other in _MAPS:
        if other != kernel:
            yield _other_map(step, other)


def _other_map(step: Passed, other: int) -> _Rule:
    return _Rule(
        3,
        lambda field: field + (other - 1) * step.jump,
        f"the global pool {step.name} is taken over maps of {other}, but they are of {step.kernel}",
    )
