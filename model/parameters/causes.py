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
    def product(self) -> str:
        """Return that as a product."""
        return _product(self.kernel, self.jump, self.dilation)

    @property
    def arithmetic(self) -> str:
        """Return that as arithmetic."""
        return f"{self.product} = {self.growth}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A way to continue a field over one step.

    Args:
        cost: 0 for the right one.
        apply: From the field before the step to the field after it.
        does: What it does with the field, as arithmetic: ``+ (3 − 1) × 2``.
        mistake: What is wrong with it; empty for the right one.
        habit: Which mistake it is, the same text at every step; empty if only one step can have it.
    """

    cost: int
    apply: Callable[[int], int]
    does: str
    mistake: str = ""
    habit: str = ""

    def worked(self, field: int) -> str:
        """Work it out for a field before the step."""
        return f"{field} {self.does} = {self.apply(field)}"


def _adds(cost: int, number: int, product: str = "", mistake: str = "", habit: str = "") -> Rule:
    return Rule(cost, lambda field: field + number, f"+ {product or number}", mistake, habit)


def _product(kernel: int, jump: int, dilation: int = 1) -> str:
    return f"({kernel} − 1){f' × {dilation}' if dilation > 1 else ''} × {jump}"


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
    for cost in _costs(steps):
        if cost == 2 and _misses_a_digit(printed, right):
            return "A digit is missing."
        found = list(_combinations(printed, start, steps, cost))
        if cost == 0 and found:
            return f"The number follows from the {start} printed for {before}, which is wrong already."
        if found:
            return sentence(found[0]) + other(found)
    if start != start_right:
        for cost in range(1, 3):
            for each in _combinations(printed, start_right, steps, cost):
                return sentence(each)
    if printed < start:
        return "A field never becomes smaller from one step to the next."
    return "No common mistake gives the printed number: it may be of another version of the network."


def cheapest(printed: int, start: int, steps: Sequence[Passed]) -> list[Sequence[Rule]]:
    """Return the likeliest rules, one for each step, that lead from one field to a printed one; empty if none does.

    Args:
        printed: The printed field after the last step.
        start: The field before the first.
        steps: Between the two.
    """
    found = (list(_combinations(printed, start, steps, cost)) for cost in _costs(steps))
    return next((each for each in found if each), [])


def sentence(rules: Sequence[Rule]) -> str:
    """Say which mistakes some rules are; empty for right ones."""
    text = said(rules)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def other(found: Sequence[Sequence[Rule]]) -> str:
    """Say the mistakes of the next likeliest rules after a sentence, where there are any."""
    return f" Or: {said(found[1])}." if len(found) > 1 and said(found[1]) else ""


def said(rules: Sequence[Rule]) -> str:
    """Say which mistakes some rules are, as part of a sentence."""
    return "; ".join(dict.fromkeys(rule.mistake for rule in rules if rule.mistake))


def _costs(steps: Sequence[Passed]) -> range:
    return range(5 if len(steps) <= _FEW else 3)


def _misses_a_digit(printed: int, right: int) -> bool:
    one, other = str(printed), str(right)
    return len(one) + 1 == len(other) and any(one == other[:n] + other[n + 1 :] for n in range(len(other)))


def _combinations(printed: int, start: int, steps: Sequence[Passed], cost: int) -> Iterator[Sequence[Rule]]:
    """Yield the rules, one for each step, that lead from one field to another at some cost."""
    choices = [list(rules(step)) for step in steps]
    for chosen in _at_cost(choices, cost) if len(choices) <= _LONGEST else ():
        field = start
        for rule in chosen:
            field = rule.apply(field)
        if field == printed:
            yield chosen


def _at_cost(choices: Sequence[Sequence[Rule]], cost: int) -> Iterator[Sequence[Rule]]:
    if not choices:
        if cost == 0:
            yield ()
        return
    for rule in choices[0]:
        if rule.cost <= cost:
            for rest in _at_cost(choices[1:], cost - rule.cost):
                yield (rule, *rest)


def rules(step: Passed) -> Iterator[Rule]:
    """Yield the right rule for a step and the wrong ones that students use."""
    yield _adds(0, step.growth, step.product if step.growth else "")
    if step.kind == "pool":
        yield from _pool_rules(step)
    elif step.kind == "global":
        yield from _global_rules(step)
    elif step.kernel == 1:
        for jump in dict.fromkeys((step.jump, 1, *_JUMPS)):
            yield _as_three(step, jump)
    else:
        yield from _kernel_rules(step)


def _kernel_rules(step: Passed) -> Iterator[Rule]:
    growth, kernel, jump, dilation, name = step.growth, step.kernel, step.jump, step.dilation, step.name
    if jump > 1:
        added = (kernel - 1) * dilation
        said = f"the jump of {jump} is forgotten: {name} adds {added} instead of {growth}"
        yield _adds(1, added, _product(kernel, 1, dilation), said, "jump")
    if step.dilated > 1:
        said = f"a dilation before {name} is multiplied into the jump, which only strides change"
        yield _adds(1, growth * step.dilated, f"{step.product} × {step.dilated}", said, "dilated")
    if dilation > 1:
        yield _adds(1, (kernel - 1) * jump, _product(kernel, jump), f"the dilation of {name} is forgotten", "dilation")
        if jump > 1:
            yield _adds(2, kernel - 1, _product(kernel, 1), f"dilation and jump of {name} are forgotten")
    for other in _JUMPS:
        if other not in {jump, jump * step.dilated}:
            said = f"{name} adds as if the jump were {other}, but it is {jump}: another version, or a stride elsewhere"
            yield _adds(2, (kernel - 1) * dilation * other, _product(kernel, other, dilation), said)
    yield _adds(2, 0, mistake=f"{name} adds nothing: the number of the step before is repeated")


def _as_three(step: Passed, jump: int) -> Rule:
    if jump == step.jump:
        return _adds(1, 2 * jump, _product(3, jump), f"the 1x1 {step.name} is counted as 3x3", "three")
    said = f"the 1x1 {step.name} is counted as 3x3, with a jump of {jump}"
    return _adds(1 if jump == 1 else 2, 2 * jump, _product(3, jump), said)


def _pool_rules(step: Passed) -> Iterator[Rule]:
    stride, jump, kernel, name = step.stride, step.jump, step.kernel, step.name
    if stride > 1:
        word = "doubles" if stride == 2 else f"multiplies by {stride}"
        said = f"the pool {name} {word} the field here; its stride multiplies the jump, not the field"
        yield Rule(1, lambda field: field * stride, f"× {stride}", said, "pool stride")
        said = f"the jump after the pool {name} is used for the pool itself"
        yield _adds(2, (kernel - 1) * jump * stride, _product(kernel, jump * stride), said, "pool jump after")
    yield _adds(1, 0, mistake=f"the pool {name} adds nothing here, but it adds {step.growth}", habit="pool")
    if jump > 1:
        said = f"the jump of {jump} is forgotten at the pool {name}"
        yield _adds(1, kernel - 1, _product(kernel, 1), said, "pool jump")


def _global_rules(step: Passed) -> Iterator[Rule]:
    kernel, jump, name = step.kernel, step.jump, step.name
    yield _adds(1, 0, mistake=f"the global pool {name} is not counted", habit="global")
    if jump > 1:
        said = f"the jump of {jump} is forgotten at the global pool {name}"
        yield _adds(1, kernel - 1, _product(kernel, 1), said, "global jump")
    said = f"the global pool {name} adds its {kernel} values here, and not ({kernel} − 1) jumps of {jump}"
    yield _adds(1, kernel, mistake=said, habit="global values")
    for other in _MAPS:
        if other != kernel:
            said = f"the global pool {name} is taken over maps of {other}, but they are of {kernel}"
            yield _adds(3, (other - 1) * jump, _product(other, jump), said)
