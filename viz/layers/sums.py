"""The sum of a worked unit in HTML, in which each part belongs to a term or to the terms of one input map."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from model.layers.records import Explanation, Term
from viz.pictures.mathematics import typeset

_ROUNDING = 1e-6
_PRINTED = 0.01  # the parts are printed with four decimals, their factors too
Groups = Mapping[tuple[str, int], Sequence[Term]]  # terms by input step and map


def draw(explained: Explanation, groups: Groups, shown: Sequence[tuple[str, int]], *, hidden: bool = False) -> str:
    """Return the formula in HTML; where it is a sum of terms or of maps, each of its parts is a button.

    The button has the position of its group among those shown, and of its term in the group where it is one term.

    Args:
        explained: The arithmetic of the unit.
        groups: Its terms by input step and map.
        shown: The groups that are shown one by one.
        hidden: Whether the result is an open question.
    """
    text = explained.formula if len(shown) == len(groups) else _shortened(explained, groups, shown)
    left, equals, result = text.rpartition(" = ")
    if not equals:
        return typeset(text)
    result = "?" if hidden else result
    parts = left.split(" + ")
    belongs = _belongs(parts, explained, groups) if len(shown) == len(groups) else []
    if not belongs:
        return typeset(f"{left} = {result}")
    buttons = [_button(part, *place) for part, place in zip(parts, belongs, strict=False)]
    whole = " + ".join([*buttons, *map(escape, parts[len(belongs) :])])
    return f'<span role="group" aria-label="The terms of the sum">{whole}</span> = {escape(result)}'


def _button(part: str, group: int, term: int | None) -> str:
    own = "" if term is None else f' data-term="{term}"'
    return f'<button type="button" data-group="{group}"{own}>{escape(part)}</button>'


def _belongs(parts: Sequence[str], explained: Explanation, groups: Groups) -> list[tuple[int, int | None]]:
    """Return which group, and which of its terms, each part of a sum is; empty where it is not such a sum.

    The last part can be the bias, which belongs to none.
    """
    terms = [(place, n, term) for place, key in enumerate(groups) for n, term in enumerate(groups[key])]
    sums = [total(group) for group in groups.values()]
    if 1 < len(terms) <= len(parts) <= len(terms) + 1:
        products = [term.product for _, _, term in terms]
        return [(place, n) for place, n, _ in terms] if _agree(parts, products) else []
    if 1 < len(sums) <= len(parts) <= len(sums) + 1 and _agree(parts, sums):
        return [(place, None) for place in range(len(sums))]
    return []


def _agree(parts: Sequence[str], numbers: Sequence[float]) -> bool:
    try:
        return all(
            abs(_value(part) - number) <= _PRINTED * max(1.0, abs(number))
            for part, number in zip(parts, numbers, strict=False)
        )
    except ValueError:  # not a number or a product of numbers
        return False


def _value(part: str) -> float:
    value = 1.0
    for factor in part.split(" × "):
        value *= float(factor.strip("()").replace("−", "-"))
    return value


def _shortened(
    explained: Explanation, groups: Mapping[tuple[str, int], Sequence[Term]], shown: Sequence[tuple[str, int]]
) -> str:
    """Return the sum of what is shown, the sum of the others, and the bias."""
    one, other = (sum(total(groups[each]) for each in keys) for keys in (shown, groups.keys() - {*shown}))
    if abs(one + other + explained.bias - explained.value) > _ROUNDING * max(1.0, abs(explained.value)):
        return explained.formula  # not a sum of its terms
    parts = [f"({part:.4f})".replace("-", "−") for part in (one, other, explained.bias) if part]
    return f"{' + '.join(parts)} = {explained.value:.4f}".replace("= -", "= −")


def total(terms: Iterable[Term]) -> float:
    """Return what some terms add together."""
    return sum(term.product for term in terms)


def fine(value: float) -> str:
    """Write a part of a sum as the formula writes it.

    >>> fine(-0.42421)
    '−0.4242'
    """
    return f"{value:z.4f}".replace("-", "−")
