"""Choose the row, p, and what is dropped; say what a network without dropout lacks, and what to try."""

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from model.dropout.records import DropoutPlan
from model.records import IMAGE
from model.trace.records import LayerKind, Trace
from viz.app import address, current, widgets
from viz.app.markdown import escape_markdown
from viz.dropout import figures
from viz.dropout.controls import many, masks

VIEWS = {
    "mask": "One mask",
    "journey": "Effect on every row",
    "many": "Many masks",
    "mean": "Their mean",
    "digits": "Many digits",
}  # of a network that reads digits
P, DROP, WHAT = "p", "drop", "what"
_OWN = "own"  # each row drops with its own p
_DROP = {"all": "All rows", "one": "This row only"}
_WHAT = {"values": "Single values", "channels": "Whole channels"}
ALLOWED = {**many.ALLOWED, DROP: _DROP, WHAT: _WHAT}


def views() -> dict[str, str]:
    """Return what the parts of the page are called."""
    return VIEWS | {"digits": f"Many {current.picture_word()}s"}


def say_opening() -> None:
    """Say why the page shows this digit, where the person has chosen none."""
    if address.is_assumed(address.DIGIT):
        st.write("No digit is chosen yet, so this is one between 4 and 9: a mask can change its answer.")


def without_dropout() -> None:
    """Say that no step of this network drops values, and link to a network with dropout."""
    missing = "This network has no dropout: no step of it drops values at random in training."
    widgets.dead_end(missing, "dropout", "Show dropout in the assignment's network")


def row(trace: Trace) -> str:
    """Let the person choose a dropout row; for another step in the address, show the next dropout row."""
    steps = [step.name for step in trace.steps]
    names = [step.name for step in trace.steps if step.kind is LayerKind.DROPOUT]
    later = {name: [row for row in names if steps.index(row) >= place] for place, name in enumerate(steps)}
    instead = {IMAGE: names[0]} | {name: (rows or names[-1:])[0] for name, rows in later.items()}
    shown = address.read_one_of(address.ROW, names, names[0], instead, "Row")
    key = "widget-dropout-row"
    st.session_state[key] = shown
    on_change = address.when_chosen(key, lambda chosen: address.write(row=chosen, channel="", **{many.MANY: ""}))
    st.selectbox("Row", names, key=key, on_change=on_change)
    return shown


def plan(trace: Trace, own: Mapping[str, float]) -> tuple[str, DropoutPlan]:
    """Let the person choose the row that is shown, p, which rows are active, and what they drop.

    Args:
        trace: The trace of any picture.
        own: The p that each row was trained with.
    """
    first, second, middle, right = st.columns([10, 12, 11, 14], gap="medium")
    with first:
        name = row(trace)
    trained = figures.say_p(own[name])
    every = sorted({trained, *(f"{step / 20:.2f}" for step in range(19))})
    with second:
        shorter = {f"{float(value):{form}}": value for value in every for form in ("g", ".1f")}
        said = f"p, share dropped (in training: {trained})"
        if len({*own.values()}) == 1:
            p = address.bind(st.select_slider, said, P, every, trained, instead=shorter)
        else:
            options = {_OWN: "each its own"} | {value: value for value in every}
            p = address.bind(st.select_slider, said, P, options, _OWN, instead=shorter)
    with middle:
        drop = widgets.segments("Dropout in", DROP, _DROP) if len(own) > 1 else "all"
    rows = None if drop == "all" else (name,)
    with right:
        what = _what(trace, rows or [*own])
    return name, DropoutPlan(None if p == _OWN else float(p), rows, what == "channels", masks.seed())


def drops_everything(chosen: DropoutPlan, own: Mapping[str, float]) -> bool:
    """If an active row sets every value to zero, as with p = 1, say so; tell whether."""
    rows = [name for name in chosen.rows or own if (own[name] if chosen.p is None else chosen.p) == 1]
    if rows:
        said = f"With p = 1 {' and '.join(rows)} {'sets' if len(rows) == 1 else 'set'} every value to zero"
        st.info(escape_markdown(f"{said}, so all masks are the same. Masks differ with any smaller p."))
    return bool(rows)


def _what(trace: Trace, active: Sequence[str]) -> str:
    """Let the person choose what is dropped, where an active row has maps and drops single values."""
    if drops_single_values(trace, active):
        return widgets.segments("Drop", WHAT, _WHAT)
    whole = [name for name in active if trace[name].settings["whole_channels"]]
    if whole:
        st.caption(f"{' and '.join(whole)} {'drops' if len(whole) == 1 else 'drop'} whole maps.")
    return "values"


def drops_single_values(trace: Trace, names: Iterable[str]) -> bool:
    """Tell whether some of these rows drop single values of maps, so that it makes a difference to drop whole maps."""
    return any(not trace[each].settings["whole_channels"] and not figures.is_vector(trace[each]) for each in names)


def about_mode(trace: Trace) -> str:
    """Say that only dropout is on, and what a batch norm does."""
    said = "This is not training mode: only dropout is on."
    if not any(step.kind is LayerKind.BATCH_NORM for step in trace.steps):
        return said
    return (
        f"{said} Batch norm uses its running statistics on this page, so no {current.picture_word()} depends on the "
        f"other {current.picture_word()}s of its batch."
    )


def to_try(trace: Trace, own: Mapping[str, float]) -> list[str]:
    """Return what to try on the page."""
    digit = "Choose an ambiguous digit: find" if current.takes_digits() else "Find"
    ideas = [f"{digit} a mask that changes the prediction, and share its link."]
    first, *_, last = (*own, *own)
    if first != last:
        ideas.append(
            f"Use dropout in one row only, first {first}, then {last}: after which one do later rows reduce the effect?"
        )
    if drops_single_values(trace, own):
        ideas.append("Drop whole channels with the same p. Do the probabilities vary more or less?")
    return ideas
