"""The verdict of each check, in a word and a number: as cards for one map, as a table for many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np

from model.saliency.records import Attribution, Method
from model.sanity_checks.records import CheckResults, EdgeComparison, PixelCurves, Robustness, WeightDependence
from viz import theme
from viz.pictures import swatches
from viz.saliency.figures import say_claim, say_gap
from viz.sanity_checks.figures import is_better, is_worse, margins, signed, two_decimals

Outcome = Literal["passes", "fails", "neither", "pending"]
ADDS_UP = 0.01  # the largest gap allowed, as a share of the gain
EDGES = 0.5**0.5  # a rank correlation above which most of the variance of the ranks is that of the edges
STABLE, UNSTABLE = 0.25, 0.5  # changes of a map as shares of its norm: less passes, more fails
_MOSTLY, _PARTLY = 0.5, 0.1  # shares of the change of the score that a map predicts
LIMITS = (
    "“No claim” means that the method is not meant to add up, so a gap of any size is not an error. The limits are "
    f"ours: a gap of {ADDS_UP * 100:.0f}\xa0% for methods that are meant to add up, a correlation with edges of "
    f"{two_decimals(EDGES)}, a map that changes by {UNSTABLE * 100:.0f}\xa0% of its norm, a gradient that predicts "
    f"less than {_PARTLY * 100:.0f}\xa0% of the score, and an order of pixels that is worse than all random orders, or "
    "better for neither deletion nor insertion. The limit of the correlation when randomized comes from the maps of "
    "other pictures, separately for each method."
)
_QUESTIONS = (
    "Does it add up?",
    "Does it depend on the weights?",
    "Is it more than edges?",
    "Is its order better than chance?",
    "Is it stable?",
    "Does it predict the score?",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict of one check.

    Attributes:
        question: The question of the check.
        word: The answer.
        number: The number behind the answer.
        outcome: Whether the map passes, fails, or neither.
    """

    question: str
    word: str
    number: str
    outcome: Outcome


def verdicts(results: CheckResults, method: Method) -> tuple[Verdict, ...]:
    """Return the verdict of each check, in the order in which the page shows them."""
    found = results.attribution
    answers = (
        _sum(found, method),
        _dependence(results.dependence),
        _edges(results.edges),
        _order(results.curves, found),
        _stability(results.robustness),
        _prediction(results.robustness, method),
    )
    return tuple(Verdict(question, *answer) for question, answer in zip(_QUESTIONS, answers, strict=True))


_Answer = tuple[str, str, Outcome]
_PENDING: _Answer = ("…", "running", "pending")


def _sum(found: Attribution, method: Method) -> _Answer:
    if not method.adds_up:
        return "No claim", "a gap is not an error", "neither"
    gap = f"gap {say_gap(found)}" if np.isfinite(found.gap) else "no gain"
    return ("Yes", gap, "passes") if found.gap < ADDS_UP else ("No", gap, "fails")


def _dependence(found: WeightDependence | None) -> _Answer:
    if found is None:
        return _PENDING
    if np.isnan(found.correlation):
        return "Not defined", "the map is blank", "fails"
    number = f"correlation {two_decimals(found.correlation)}, limit {two_decimals(found.limit)}"
    return ("Yes", number, "passes") if found.is_dependent else ("No", number, "fails")


def _edges(found: EdgeComparison) -> _Answer:
    if np.isnan(found.rank_correlation):
        return "Not defined", "nothing to compare", "neither"
    number = f"correlation {two_decimals(found.rank_correlation)}, limit {two_decimals(EDGES)}"
    return ("Yes", number, "passes") if found.rank_correlation < EDGES else ("Hardly", number, "fails")


def _order(found: PixelCurves | None, attribution: Attribution) -> _Answer:
    if found is None:
        return _PENDING
    if attribution.is_blank:
        return "Not defined", "a blank map has no order", "fails"
    deletion, insertion = margins(found)
    number = f"deletion {signed(deletion)}, insertion {signed(insertion)}"
    if any(is_worse(found)):
        return "Worse than chance", number, "fails"
    answers: dict[int, tuple[str, Outcome]] = {2: ("Yes", "passes"), 1: ("Only for one", "neither"), 0: ("No", "fails")}
    word, outcome = answers[sum(is_better(found))]
    return word, number, outcome


def _stability(found: Robustness | None) -> _Answer:
    if found is None:
        return _PENDING
    if np.isnan(found.sensitivity):
        return "Not defined", "the map is blank", "neither"
    number = f"changes by {found.sensitivity * 100:.0f}\xa0%"
    if found.sensitivity < UNSTABLE:
        return ("Yes", number, "passes") if found.sensitivity < STABLE else ("Partly", number, "neither")
    return "No", number, "fails"


def _prediction(found: Robustness | None, method: Method) -> _Answer:
    if found is None:
        return _PENDING
    if np.isnan(found.unexplained):
        return "Not defined", "the score does not change", "neither"
    share = max(1 - found.unexplained, 0.0)
    number = f"{share * 100:.0f}\xa0% predicted"
    if share >= _MOSTLY:
        return "Mostly", number, "passes"
    if share >= _PARTLY:
        return "Partly", number, "neither"
    return ("Hardly", number, "fails") if method.is_gradient else ("Not its purpose", number, "neither")


def cards(found: Sequence[Verdict]) -> str:
    """Draw in HTML the verdicts, a card each."""
    items = "".join(
        f'<li class="{each.outcome}"><span>{escape(each.question)}</span><b>{escape(each.word)}</b>'
        f"<small>{escape(each.number)}</small></li>"
        for each in found
    )
    return f'<ul class="check-cards">{items}</ul>'


def say(found: Sequence[Verdict], title: str) -> str:
    """Say how many checks a map passes, and which it fails."""
    if any(each.outcome == "pending" for each in found):
        return "Some checks are still running."
    failed = [each.question for each in found if each.outcome == "fails"]
    passed = sum(each.outcome == "passes" for each in found)
    failures = f" It fails: {' '.join(failed)}" if failed else ""
    rest = len(found) - passed - len(failed)
    neither = f"{rest} {'gives' if rest == 1 else 'give'} no verdict"
    return f"{title} passes {passed} of {len(found)} checks and fails {len(failed)}; {neither}.{failures}"


_HEADS = (
    "method",
    "gap",
    "correlation when randomized",
    "depends on weights?",
    "correlation with edges",
    "deletion below random",
    "insertion above random",
    "map changes by",
    "score predicted",
)


def table(
    methods: Mapping[str, Method], found: Mapping[str, CheckResults], link: Callable[[str], str] | None = None
) -> str:
    """Draw in HTML a line of results for each method; those that do not depend on the weights are marked.

    Args:
        methods: By name, in their order; each has a line, also before its checks are done.
        found: The results that are ready, by name.
        link: Returns the address that shows the checks of one method; only a line with results has it.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in _HEADS)
    lines = "".join(
        _line(method, found.get(name), link(name) if link and name in found else None)
        for name, method in methods.items()
    )
    drawn = (
        f'<table class="ledger readable check-table" style="--mark: {theme.HIGHLIGHT}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )
    return f'<div class="sideways" role="region" tabindex="0" aria-label="The checks of all methods">{drawn}</div>'


def _line(method: Method, results: CheckResults | None, address: str | None) -> str:
    name = escape(method.title)
    title = f'<a href="{escape(address)}" target="_self">{name}</a>' if address else name
    title = f'<th scope="row">{title}</th>'
    if results is None or results.dependence is None or results.curves is None or results.robustness is None:
        return f"<tr>{title}{'<td>…</td>' * (len(_HEADS) - 1)}</tr>"
    sums, weights, edges, order, stability, prediction = (each.outcome for each in verdicts(results, method))
    deletion, insertion = margins(results.curves)
    dependence, robustness = results.dependence, results.robustness
    cells = [
        (say_claim(results.attribution, method) if np.isfinite(results.attribution.gap) else "none", sums),
        (two_decimals(dependence.correlation), weights),
        ("yes" if dependence.is_dependent else "no", weights),
        (two_decimals(results.edges.rank_correlation), edges),
        (signed(deletion), order),
        (signed(insertion), order),
        (_percent(robustness.sensitivity), stability),
        (_percent(1 - robustness.unexplained), prediction),
    ]
    drawn = "".join(f'<td class="{outcome}">{escape(text)}</td>' for text, outcome in cells)
    return f"<tr{swatches.selected_class(not dependence.is_dependent)}>{title}{drawn}</tr>"


def _percent(share: float) -> str:
    return "none" if np.isnan(share) else f"{max(share, 0.0) * 100:.0f}\xa0%"


def say_table(methods: Mapping[str, Method], found: Mapping[str, CheckResults]) -> str:
    """Say which methods do not depend on the weights."""
    independent = [
        methods[name].title for name, each in found.items() if each.dependence and not each.dependence.is_dependent
    ]
    return (
        f"{len(found)} of {len(methods)} methods are checked. Methods that do not depend on the weights are marked: "
        f"**{', '.join(independent) or 'none'}**. A number in orange fails its check. The map can still be right, but "
        "here it gives no proof of that."
    )


def as_csv(methods: Mapping[str, Method], found: Mapping[str, CheckResults]) -> str:
    """Return the measurements of all checks of each method, with all digits."""
    lines: list[tuple[object, ...]] = [
        (
            "method",
            "gap",
            "mean rank correlation when randomized",
            "limit",
            "depends on weights",
            "rank correlation with edges",
            "SSIM with edges",
            "deletion area",
            "random deletion area",
            "insertion area",
            "random insertion area",
            "sensitivity",
            "infidelity",
            "infidelity of the best multiple",
            "infidelity of a blank map",
        )
    ]
    for name, each in found.items():
        if each.dependence is None or each.curves is None or each.robustness is None:
            continue
        areas = (
            each.curves.area(curve).mean()
            for curve in (
                each.curves.deletion,
                each.curves.random_deletion,
                each.curves.insertion,
                each.curves.random_insertion,
            )
        )
        lines.append(
            (
                methods[name].title,
                each.attribution.gap,
                each.dependence.correlation,
                each.dependence.limit,
                each.dependence.is_dependent,
                each.edges.rank_correlation,
                each.edges.similarity,
                *areas,
                each.robustness.sensitivity,
                each.robustness.infidelity,
                each.robustness.best_infidelity,
                each.robustness.blank_infidelity,
            )
        )
    return swatches.as_csv(lines)
