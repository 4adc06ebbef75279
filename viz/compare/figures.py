"""Two networks side by side: a table of figures, the answers, the steps, and the images that each gets right."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from model.compare.records import Agreement, Facts, Indices
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


def facts(both: Sequence[Facts], measured: Agreement | None) -> str:
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


def _share(measured: Agreement | None, at: int) -> float | None:
    return measured.accuracies[at] if measured else None


def _figures(found: Facts, share: float | None) -> dict[str, str]:
    field = found.last_field and tuple(dict.fromkeys(found.last_field))
    accuracy = say_accuracy(found.card) or "not measured"
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


def columns(both: Sequence[Facts], measured: Agreement | None) -> dict[str, list[str]]:
    """Return the figures as columns."""
    every = [_figures(each, _share(measured, at)) for at, each in enumerate(both)]
    titles = [f"{name}: {each.title}" for name, each in zip(NAMES, both, strict=True)]
    values = {title: list(each.values()) for title, each in zip(titles, every, strict=True)}
    return {"figure": list(_FIGURES), **values}


def say_facts(both: Sequence[Facts]) -> str:
    """Say how much larger one network is than the other."""
    ratios = []
    for name, values in (
        ("parameters", [each.parameters for each in both]),
        ("multiply-accumulates", [each.multiply_accumulates for each in both]),
    ):
        less, more = sorted(values)
        larger = NAMES[int(np.argmax(values))]
        ratios.append(
            f"both have as many {name}"
            if less == more
            else f"{larger} has {_times(more, less)} {name} of {NAMES[1 - NAMES.index(larger)]}"
        )
    said = "; ".join(ratios)
    return f"{said[:1].upper()}{said[1:]}."


def _times(more: int, less: int) -> str:
    return f"{more / less:.1f} times the" if less else "all the"


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


def steps(first: Trace, second: Trace, beside: Sequence[tuple[int | None, int | None]]) -> str:
    """Draw the numbered steps of two networks beside each other in HTML, each by its strongest map.

    Args:
        first: Of A.
        second: Of B.
        beside: The positions of the rows that stand beside each other.
    """
    lines = ""
    for one, other in beside:
        cells = _cell(_row(first, one), NAMES[0]), _cell(_row(second, other), NAMES[1])
        lines += f"<li>{''.join(cells)}</li>"
    return f'<ol class="beside-steps">{lines}</ol>'


def _row(trace: Trace, at: int | None) -> Step | None:
    return None if at is None else trace.rows[at]


def _cell(step: Step | None, name: str) -> str:
    if step is None:
        return f'<div class="nothing"><span class="unseen">{name} has no step here</span></div>'
    values = strongest(step)
    picture = raster.mosaic(values[None], [range_of(values)], [(0, 0)])
    alt = escape(f"The strongest map of {step.name} of {name}")
    return (
        f'<div><img src="{picture}" alt="{alt}" class="{_form(values)}">'
        f'<p><i style="background: {theme.KIND_COLOURS[step.kind]}"></i><b>{escape(step.name)}</b> '
        f"{escape(step.kind)}<br>{words.shape(step.output.shape)}</p></div>"
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
        f"A has {len(first.rows)} numbered steps and B {len(second.rows)}. Steps with maps of the same size are beside "
        "each other, and those between them in the order they run. Each picture is the map with the largest mean "
        "absolute value, on a scale of its own; blue is negative, red is positive. Where each map is one unit, the "
        "picture is all of them in a line."
    )


def steps_columns(first: Trace, second: Trace, beside: Sequence[tuple[int | None, int | None]]) -> dict[str, list[str]]:
    """Return the steps beside each other as columns."""
    found: dict[str, list[str]] = {}
    for column, (name, trace) in enumerate(zip(NAMES, (first, second), strict=True)):
        chosen = [_row(trace, pair[column]) for pair in beside]
        found[f"step of {name}"] = [each.name if each else "" for each in chosen]
        found[f"shape of {name}"] = [words.shape(each.output.shape) if each else "" for each in chosen]
    return found


def agreement(found: Agreement) -> str:
    """Draw in HTML how many images both, only one and neither of the networks classify correctly."""
    cells = [[len(found.both), len(found.only_first)], [len(found.only_second), len(found.neither)]]
    lines = "".join(
        f'<tr><th scope="row">A {word}</th>{"".join(f"<td>{count:,}</td>" for count in line)}</tr>'
        for word, line in zip(("right", "wrong"), cells, strict=True)
    )
    head = '<tr><td></td><th scope="col">B right</th><th scope="col">B wrong</th></tr>'
    return f'<table class="ledger readable agreement"><thead>{head}</thead><tbody>{lines}</tbody></table>'


def say_agreement(found: Agreement) -> str:
    """Say which network is right more often, and whether the difference may be chance."""
    one, other = found.accuracies
    either = found.only_first.size + found.only_second.size + found.neither.size
    shared = f"{len(found.neither)} of the {either:,} images that a network gets wrong are wrong for both"
    same = f"{found.same_mistake} of these with the same class"
    p = f"{found.p:.2g}" if found.p >= 1e-4 else "under 0.0001"
    return (
        f"Of {found.images:,} test images A classifies {words.accuracy(one)} correctly and B {words.accuracy(other)} "
        f"(each network n = 1). {shared}, {same}. If both were equally good, so large a difference would have the "
        f"probability {p} (McNemar's exact test)."
    )


def agreement_columns(found: Agreement) -> dict[str, list[str]]:
    """Return the index of each image that not both classify correctly, and who does."""
    parts = {"only A": found.only_first, "only B": found.only_second, "neither": found.neither}
    return {
        "test image": [str(index) for indices in parts.values() for index in indices],
        "right": [name for name, indices in parts.items() for _ in indices],
    }


def images_of(found: Agreement, cell: str) -> Indices:
    """Return the indices of the images of a cell, by its name in ``CELLS``."""
    return {"first": found.only_first, "second": found.only_second, "neither": found.neither}[cell]
