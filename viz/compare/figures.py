"""Two networks side by side: a table of figures, the answers, the steps, and the images that each gets right."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from model.compare.records import Facts
from model.mistakes.records import FOLDER, Scores, SharedMistakes
from model.records import Activation
from model.trace.records import Step, Trace
from viz import theme
from viz.open.figures import say_accuracy
from viz.pictures import raster, words
from viz.pictures.scaling import range_of

NAMES = ("A", "B")
_MOST = 10  # classes that an answer lists
_LEAST = 0.0005  # of a probability that an answer lists
_FIGURES = (
    "parameters used",
    "numbered steps",
    "input",
    "classes",
    "receptive field of the last maps",
    "multiply-accumulates",
    "test accuracy",
)
CELLS = {"first": "Only A is right", "second": "Only B is right", "neither": "Neither is right"}


def facts(both: Sequence[Facts], measured: SharedMistakes | None) -> str:
    """Draw the figures of two networks in HTML as a table.

    Args:
        both: A and B.
        measured: Which test images each gets right, where that was measured.
    """
    head = "".join(
        f'<th scope="col"><b>{name}</b> {escape(each.title)}</th>' for name, each in zip(NAMES, both, strict=True)
    )
    columns = [_figures(each, _share(measured, at)) for at, each in enumerate(both)]
    body = "".join(_line(name, [column[name] for column in columns]) for name in _FIGURES)
    table = f'<table class="ledger readable"><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="sideways compared" role="region" tabindex="0" aria-label="Both networks">{table}</div>'


def _line(name: str, values: Sequence[str]) -> str:
    cells = "".join(f"<td>{escape(value)}</td>" for value in values)
    return f'<tr><th scope="row">{name[:1].upper()}{name[1:]}</th>{cells}</tr>'


def _share(measured: SharedMistakes | None, at: int) -> float | None:
    if measured is None or measured.first.pictures == FOLDER:  # which is no test set of theirs
        return None
    return _accuracy((measured.first, measured.second)[at])


def _accuracy(scores: Scores) -> float:
    return float(scores.correct.mean())


def _figures(found: Facts, share: float | None) -> dict[str, str]:
    field = found.last_field and tuple(dict.fromkeys(found.last_field))
    accuracy = say_accuracy(found.card)
    share = found.measured if share is None and not accuracy else share
    if not accuracy:
        accuracy = "not measured yet: the page Mistakes does it" if found.has_test_pictures else "not measured"
    if share is not None:
        accuracy = f"{words.accuracy(share)} (measured here)"
    values = (
        f"{found.parameters:,}",
        f"{found.rows:,}",
        words.shape(found.input),
        f"{found.classes:,}",
        words.shape(field) if field else "no single one",
        f"{found.multiply_accumulates:,}",
        accuracy,
    )
    return dict(zip(_FIGURES, values, strict=True))


def columns(both: Sequence[Facts], measured: SharedMistakes | None) -> dict[str, list[str]]:
    """Return the figures as columns."""
    every = [_figures(each, _share(measured, at)) for at, each in enumerate(both)]
    titles = [f"{name}: {each.title}" for name, each in zip(NAMES, both, strict=True)]
    values = {title: list(each.values()) for title, each in zip(titles, every, strict=True)}
    return {"figure": list(_FIGURES), **values}


def say_facts(both: Sequence[Facts]) -> str:
    """Say how much larger one network is than the other."""
    parameters = _say_larger("parameters", [each.parameters for each in both])
    cost = _say_larger("multiply-accumulates", [each.multiply_accumulates for each in both])
    return f"{parameters[:1].upper()}{parameters[1:]}; {cost}."


def _say_larger(name: str, values: Sequence[int]) -> str:
    less, more = sorted(values)
    larger, smaller = NAMES if values[0] == more else NAMES[::-1]
    if less == more:
        return f"both have as many {name}"
    if not less:
        return f"{larger} has all the {name}"
    ratio = more / less
    if ratio < 1.5:
        return f"{larger} has {100 * (ratio - 1):.1f}\xa0% more {name} than {smaller}"
    times = f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.1f}"
    return f"{larger} has {times} times the {name} of {smaller}"


def say_protocols(both: Sequence[Facts]) -> str:
    """Say how each accuracy of a card was measured; nothing without one."""
    said = [
        f"{name}: {each.card['protocol']}"
        for name, each in zip(NAMES, both, strict=True)
        if say_accuracy(each.card) and isinstance(each.card.get("protocol"), str)
    ]
    return " ".join(said)


def answers(titles: Sequence[str], both: Sequence[Trace]) -> str:
    """Draw the probabilities of two networks in HTML as bars, the largest first where there are many classes.

    Args:
        titles: Of A and B.
        both: Of A and B.
    """
    parts = "".join(
        f"<div><h3>{name}: {escape(title)}</h3>{_answer(trace)}</div>"
        for name, title, trace in zip(NAMES, titles, both, strict=True)
    )
    return f'<div class="both">{parts}</div>'


def _answer(trace: Trace) -> str:
    shares = trace.probabilities
    order = range(len(shares)) if len(shares) <= _MOST else (-shares).argsort(kind="stable")[:_MOST]
    items = "".join(
        f'<li class="{"most" if c == trace.prediction else ""}"><b>{escape(trace.class_name(int(c)))}</b>'
        f'<i style="--share: {shares[c]:.4f}; '
        f'background: {theme.ACCENT if c == trace.prediction else theme.MUTED}"></i>'
        f"<span>{words.percent(shares[c])}</span></li>"
        for c in order
    )
    return f'<ol class="answers" aria-label="Probabilities">{items}</ol>'


def say_answers(first: Trace, second: Trace) -> str:
    """Say what both networks predict."""
    said = [
        f"{name} predicts {each.class_name(each.prediction)} with {words.percent(each.probabilities.max())}"
        for name, each in zip(NAMES, (first, second), strict=True)
    ]
    return f"{'; '.join(said)}."


def answers_csv(first: Trace, second: Trace) -> dict[str, list[str]]:
    """Return the probabilities of both as columns; a network without a class has none for it."""
    tables: list[Mapping[str, float]] = [
        {each.class_name(c): float(each.probabilities[c]) for c in range(len(each.logits))} for each in (first, second)
    ]
    classes = list(dict.fromkeys([*tables[0], *tables[1]]))
    return {
        "class": classes,
        **{
            f"probability, {name}": [f"{found[c]:.6g}" if c in found else "" for c in classes]
            for name, found in zip(NAMES, tables, strict=True)
        },
    }


def steps(first: Trace, second: Trace, beside: Sequence[tuple[range, range]]) -> str:
    """Draw the numbered steps of two networks beside each other in HTML, each by its strongest map.

    Args:
        first: Of A.
        second: Of B.
        beside: The positions of the rows of both that stand beside each other.
    """
    lines = ""
    for places in beside:
        halves = zip(NAMES, (first, second), places, strict=True)
        lines += f"<li>{''.join(_tiles(name, [trace.rows[at] for at in some]) for name, trace, some in halves)}</li>"
    return f'<ol class="beside-steps">{lines}</ol>'


def _tiles(name: str, rows: Sequence[Step]) -> str:
    if not rows:
        return f'<div><span class="unseen">{name} has no step with maps of such a size</span></div>'
    return f"<div>{''.join(_tile(step, name) for step in rows)}</div>"


def _tile(step: Step, name: str) -> str:
    values = strongest(step)
    picture = raster.mosaic(values[None], [range_of(values)], [(0, 0)])
    alt = escape(f"The strongest map of {step.name} of {name}")
    return (
        f'<figure><img src="{picture}" alt="{alt}" class="{_form(values)}"><figcaption>'
        f'<i style="background: {theme.KIND_COLOURS[step.kind]}"></i><b>{escape(step.name)}</b>'
        f"<br>{escape(step.kind)}<br>{words.shape(step.output.shape)}</figcaption></figure>"
    )


def _form(values: Activation) -> str:
    return "strip" if values.shape[0] == 1 and values.shape[1] > 1 else "square"


def strongest(step: Step) -> Activation:
    """Return the map of a step (H, W) with the largest mean absolute value; of a vector all values in one line."""
    if step.maps.shape[1] * step.maps.shape[2] == 1:
        return step.maps.reshape(1, -1)
    strength = np.abs(step.maps).mean(axis=(1, 2))
    found: Activation = step.maps[int(strength.argmax())]
    return found


def say_steps(first: Trace, second: Trace) -> str:
    """Say how many steps there are, and what a picture shows."""
    return (
        f"A has {len(first.rows)} numbered steps and B {len(second.rows)}. Each line has the steps with maps of one "
        "size, beside those of the other network whose maps are nearest in size. A picture is the map with the largest "
        "mean absolute value, on a scale of its own: blue is negative, red is positive; black is zero where no value "
        "is negative. Where each map is one unit, the picture is all of them in a line."
    )


def steps_columns(first: Trace, second: Trace, beside: Sequence[tuple[range, range]]) -> dict[str, list[str]]:
    """Return the steps beside each other as columns."""
    found: dict[str, list[str]] = {}
    pairs = [pair for places in beside for pair in zip_longest(*places)]
    for column, (name, trace) in enumerate(zip(NAMES, (first, second), strict=True)):
        chosen = [None if pair[column] is None else trace.rows[pair[column]] for pair in pairs]
        found[f"step of {name}"] = [each.name if each else "" for each in chosen]
        found[f"shape of {name}"] = [words.shape(each.output.shape) if each else "" for each in chosen]
    return found


def agreement(found: SharedMistakes) -> str:
    """Draw in HTML how many images both, only one and neither of the networks classify correctly."""
    cells = (
        (len(found.both_right), len(found.only_second_wrong)),
        (len(found.only_first_wrong), len(found.both_wrong)),
    )
    lines = "".join(
        f'<tr><th scope="row">A {word}</th>{"".join(f"<td>{count:,}</td>" for count in line)}</tr>'
        for word, line in zip(("right", "wrong"), cells, strict=True)
    )
    head = '<tr><td></td><th scope="col">B right</th><th scope="col">B wrong</th></tr>'
    return f'<table class="ledger readable agreement"><thead>{head}</thead><tbody>{lines}</tbody></table>'


def say_agreement(found: SharedMistakes, p: float) -> str:
    """Say which network is right more often, whether that may be chance, and how many mistakes both share.

    Args:
        found: Who is right.
        p: The two-sided p-value of McNemar's exact test.
    """
    one, other = _accuracy(found.first), _accuracy(found.second)
    probability = f"{p:.2g}" if p >= 1e-4 else "under 0.0001"
    return (
        f"Of {len(found.first):,} images A classifies {words.accuracy(one)} correctly and B "
        f"{words.accuracy(other)} (each network n = 1). If both were equally good, the probability of so large a "
        f"difference would be {probability} (McNemar's exact test). {len(found.both_wrong):,} images are wrong for "
        f"both, {len(found.same_mistake):,} of them with the same class; if the mistakes of one said nothing about "
        f"those of the other, {found.by_chance:,.1f} would be."
    )


def say_image(found: SharedMistakes, place: int) -> str:
    """Name an image, its label, and what each network takes it for."""
    at = int(np.flatnonzero(found.first.places == place)[0])
    names = found.first.classes
    label, one, other = (
        names[int(each[at])] for each in (found.first.labels, found.first.predicted, found.second.predicted)
    )
    return f"image {place:,}, labelled {label}; A says {one}, B says {other}"


def agreement_columns(found: SharedMistakes) -> dict[str, list[str]]:
    """Return the number of each image that not both classify correctly, and who does."""
    parts = {"only A": found.only_second_wrong, "only B": found.only_first_wrong, "neither": found.both_wrong}
    places = found.first.places
    return {
        "image": [str(places[position]) for positions in parts.values() for position in positions],
        "right": [name for name, positions in parts.items() for _ in positions],
    }


def images_of(found: SharedMistakes, cell: str) -> NDArray[np.intp]:
    """Return the positions of the images of a cell, by its name in ``CELLS``."""
    return {"first": found.only_second_wrong, "second": found.only_first_wrong, "neither": found.both_wrong}[cell]
