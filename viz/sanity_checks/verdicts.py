"""What the tests say of a map, in a word and a number each: as cards for one map, as a table for many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np

from model.saliency.records import Attribution, EdgeControl, Method, PixelCurves, Reaction, Robustness
from viz import theme
from viz.pictures import swatches
from viz.saliency.figures import say_claim, say_gap
from viz.sanity_checks.figures import beats, figure, loses, margins, signed

Tone = Literal["stands", "fails", "open", "awaited"]
ADDS_UP = 0.01  # of what was gained may be missing
EDGES = 0.5**0.5  # a rank correlation above which most of the variance of the ranks is that of plain edges
STEADY, SHAKY = 0.25, 0.5  # of its length a map may move; more than the second is too much
_MOSTLY, _PARTLY = 0.5, 0.1  # of what the score does a map foretells
_QUESTIONS = (
    "Does it add up?",
    "Does it react to the weights?",
    "Is it more than edges?",
    "Is its order better than chance?",
    "Is it steady?",
    "Does it foretell the score?",
)


@dataclass(frozen=True, eq=False, slots=True)
class Evidence:
    """A map and what is known of it so far.

    Attributes:
        attribution: The map.
        edges: Beside it.
        reaction: To weights made random.
        curves: Along its order of pixels.
        robustness: To a little noise.
    """

    attribution: Attribution
    edges: EdgeControl
    reaction: Reaction | None = None
    curves: PixelCurves | None = None
    robustness: Robustness | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one test says.

    Attributes:
        question: That it asks.
        word: The answer.
        number: That it rests on.
        tone: Whether the map stands, fails, or neither.
    """

    question: str
    word: str
    number: str
    tone: Tone


def findings(tested: Evidence, method: Method) -> tuple[Finding, ...]:
    """Return what each test says of a map, in the order in which the page shows them."""
    found = tested.attribution
    answers = (
        _sum(found, method),
        _reaction(tested.reaction),
        _edges(tested.edges),
        _order(tested.curves, found),
        _steadiness(tested.robustness),
        _foresight(tested.robustness, method),
    )
    return tuple(Finding(question, *answer) for question, answer in zip(_QUESTIONS, answers, strict=True))


_Answer = tuple[str, str, Tone]
_AWAITED: _Answer = ("…", "under way", "awaited")


def _sum(found: Attribution, method: Method) -> _Answer:
    if not method.adds_up:
        return "Not meant to", "so a gap is no fault", "open"
    gap = f"gap {say_gap(found)}" if np.isfinite(found.gap) else "nothing was gained"
    return ("Yes", gap, "stands") if found.gap < ADDS_UP else ("No", gap, "fails")


def _reaction(found: Reaction | None) -> _Answer:
    if found is None:
        return _AWAITED
    if np.isnan(found.forgotten):
        return "Cannot be said", "the map is blank", "fails"
    number = f"correlation {figure(found.forgotten)}, limit {figure(found.limit)}"
    return ("Yes", number, "stands") if found.reacts else ("No", number, "fails")


def _edges(found: EdgeControl) -> _Answer:
    if np.isnan(found.rank_correlation):
        return "Cannot be said", "nothing to compare", "open"
    number = f"correlation {figure(found.rank_correlation)}, limit {figure(EDGES)}"
    return ("Yes", number, "stands") if found.rank_correlation < EDGES else ("Hardly", number, "fails")


def _order(found: PixelCurves | None, attribution: Attribution) -> _Answer:
    if found is None:
        return _AWAITED
    if attribution.is_blank:
        return "Cannot be said", "a blank map has no order", "fails"
    gone, back = margins(found)
    number = f"areas {signed(gone)} out, {signed(back)} in"
    if any(loses(found)):
        return "Worse than chance", number, "fails"
    answers: dict[int, tuple[str, Tone]] = {2: ("Yes", "stands"), 1: ("One way only", "open"), 0: ("No", "fails")}
    word, tone = answers[sum(beats(found))]
    return word, number, tone


def _steadiness(found: Robustness | None) -> _Answer:
    if found is None:
        return _AWAITED
    if np.isnan(found.sensitivity):
        return "Cannot be said", "the map is blank", "open"
    number = f"moves by {found.sensitivity * 100:.0f}\xa0%"
    if found.sensitivity < SHAKY:
        return ("Yes", number, "stands") if found.sensitivity < STEADY else ("In part", number, "open")
    return "No", number, "fails"


def _foresight(found: Robustness | None, method: Method) -> _Answer:
    if found is None:
        return _AWAITED
    if np.isnan(found.missed):
        return "Cannot be said", "the score did nothing", "open"
    share = max(1 - found.missed, 0.0)
    number = f"{share * 100:.0f}\xa0% of what it does"
    if share >= _MOSTLY:
        return "Mostly", number, "stands"
    if share >= _PARTLY:
        return "In part", number, "open"
    return ("Hardly", number, "fails") if method.is_slope else ("Not made to", number, "open")


def cards(found: Sequence[Finding]) -> str:
    """Draw in HTML what the tests say, a card each."""
    items = "".join(
        f'<li class="{each.tone}"><span>{escape(each.question)}</span><b>{escape(each.word)}</b>'
        f"<small>{escape(each.number)}</small></li>"
        for each in found
    )
    return f'<ul class="doubt-cards">{items}</ul>'


def say(found: Sequence[Finding], title: str) -> str:
    """Say how many tests a map stands, and which it fails."""
    if any(each.tone == "awaited" for each in found):
        return "Some tests are still under way."
    failed = [each.question for each in found if each.tone == "fails"]
    stood = sum(each.tone == "stands" for each in found)
    told = f" It fails: {' '.join(failed)}" if failed else ""
    rest = len(found) - stood - len(failed)
    neither = f"{rest} {'says' if rest == 1 else 'say'} neither"
    return f"Of {len(found)} tests {title} stands {stood}, fails {len(failed)}, and {neither}.{told}"


_HEADS = (
    "method",
    "gap",
    "correlation when random",
    "reacts?",
    "correlation with edges",
    "deletion below chance",
    "insertion above chance",
    "map moves by",
    "score foretold",
)


def table(
    methods: Mapping[str, Method], found: Mapping[str, Evidence], link: Callable[[str], str] | None = None
) -> str:
    """Draw in HTML a line of what the tests say for each method; those that do not react are marked.

    Args:
        methods: By name, in their order; a line is kept for each whose tests are still to come.
        found: By name, of those that are done.
        link: Gives the address that shows the tests of one method; a line has it as soon as its own are done.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in _HEADS)
    lines = "".join(
        _line(method, found.get(name), link(name) if link and name in found else None)
        for name, method in methods.items()
    )
    drawn = (
        f'<table class="ledger readable doubt-table" style="--mark: {theme.HIGHLIGHT}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )
    return f'<div class="sideways" role="region" tabindex="0" aria-label="All methods put to the test">{drawn}</div>'


def _line(method: Method, tested: Evidence | None, address: str | None) -> str:
    name = escape(method.title)
    title = f'<a href="{escape(address)}" target="_self">{name}</a>' if address else name
    title = f'<th scope="row">{title}</th>'
    if tested is None or tested.reaction is None or tested.curves is None or tested.robustness is None:
        return f"<tr>{title}{'<td>…</td>' * (len(_HEADS) - 1)}</tr>"
    tones = dict(zip(_QUESTIONS, (each.tone for each in findings(tested, method)), strict=True))
    sums, react, edges, order, steady, foretell = (tones[question] for question in _QUESTIONS)
    gone, back = margins(tested.curves)
    reaction, robust = tested.reaction, tested.robustness
    cells = [
        (say_claim(tested.attribution, method) if np.isfinite(tested.attribution.gap) else "none", sums),
        (figure(reaction.forgotten), react),
        ("yes" if reaction.reacts else "no", react),
        (figure(tested.edges.rank_correlation), edges),
        (signed(gone), order),
        (signed(back), order),
        (_percent(robust.sensitivity), steady),
        (_percent(1 - robust.missed), foretell),
    ]
    drawn = "".join(f'<td class="{tone}">{escape(text)}</td>' for text, tone in cells)
    return f"<tr{swatches.marked(not reaction.reacts)}>{title}{drawn}</tr>"


def _percent(share: float) -> str:
    return "none" if np.isnan(share) else f"{max(share, 0.0) * 100:.0f}\xa0%"


def say_table(methods: Mapping[str, Method], found: Mapping[str, Evidence]) -> str:
    """Say which methods do not react to the weights, and which stand most tests."""
    deaf = [methods[name].title for name, each in found.items() if each.reaction and not each.reaction.reacts]
    told = ", ".join(deaf) if deaf else "none"
    return (
        f"{len(found)} of {len(methods)} methods are tested. Marked, for they do not react when the network forgets: "
        f"**{told}**. A number in orange is a test that is failed; the map may be right all the same, but here it "
        f"gives no proof of it. Where a gap has “no claim”, the method is not meant to add up, and the gap, however "
        f"large, is no fault. The limits are ours: a gap of {ADDS_UP * 100:.0f}\xa0% for methods that are meant to "
        f"add up, a correlation with edges of {figure(EDGES)}, a map that moves by {SHAKY * 100:.0f}\xa0% of its "
        f"length, less than {_PARTLY * 100:.0f}\xa0% foretold by a map of slopes, an order of pixels worse than every "
        "random order, or better neither way. The limit of the correlation when random comes from the maps of other "
        "digits, for each method its own."
    )


def as_csv(methods: Mapping[str, Method], found: Mapping[str, Evidence]) -> str:
    """Return what the tests measured of each method, with all digits."""
    lines: list[tuple[object, ...]] = [
        (
            "method",
            "gap",
            "mean rank correlation after forgetting",
            "limit",
            "reacts",
            "rank correlation with edges",
            "SSIM with edges",
            "deletion area",
            "random deletion area",
            "insertion area",
            "random insertion area",
            "sensitivity",
            "infidelity",
            "infidelity in the best unit",
            "infidelity of a blank map",
        )
    ]
    for name, each in found.items():
        if each.reaction is None or each.curves is None or each.robustness is None:
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
                each.reaction.forgotten,
                each.reaction.limit,
                each.reaction.reacts,
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
