"""The dropout page's controls; what they choose lives in the link."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from model.dropout.records import DropoutPlan, Passes
from model.errors import InputError
from model.images import digits
from model.records import IMAGE
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, prediction, tables, widgets
from viz.dropout import cache, figures

GUESS = "changes"
VIEW = "drop_view"
VIEWS = {
    "mask": "One mask",
    "journey": "How far it travels",
    "many": "Many masks",
    "mean": "Their mean",
    "digits": "Many digits",
}
P, SEED, DROP, WHAT, PASSES, MANY = "p", "seed", "drop", "what", "passes", "many"
_MOST_SEED = 999_999
_DROP = {"all": "All rows", "one": "This row alone"}
_WHAT = {"values": "Single values", "channels": "Whole channels"}
_COUNTS = ("10", "30", "100", "300", "1000")
_GUESSES = {"none": "None", "few": "At most one in ten", "many": "More than one in ten"}
_ASKED = ("no", "yes")
ALLOWED = {PASSES: _COUNTS, GUESS: _GUESSES, MANY: _ASKED}


def row(trace: Trace) -> str:
    """Let the person choose a dropout row; a link of another step shows the dropout row that follows it."""
    steps = [step.name for step in trace.steps]
    names = [step.name for step in trace.steps if step.kind is LayerKind.DROPOUT]
    behind = {name: [row for row in names if steps.index(row) >= place] for place, name in enumerate(steps)}
    instead = {IMAGE: names[0]} | {name: (rows or names[-1:])[0] for name, rows in behind.items()}
    shown = address.read_one_of(address.ROW, names, names[0], instead, "Row")
    key = "widget-dropout-row"
    st.session_state[key] = shown
    on_change = address.when_chosen(key, lambda chosen: address.write(row=chosen, channel="", **{MANY: ""}))
    st.selectbox("Row", names, key=key, on_change=on_change)
    return shown


def plan(trace: Trace, own: Mapping[str, float]) -> tuple[str, DropoutPlan]:
    """Let the person choose the row that is shown, p, which rows drop, and what they drop.

    Args:
        trace: Of any digit.
        own: The p that each row was trained with.
    """
    first, second, middle, right = st.columns([10, 12, 11, 14], gap="medium")
    with first:
        name = row(trace)
    trained = f"{own[name]:.2f}"
    every = sorted({trained, *(f"{step / 20:.2f}" for step in range(19))})
    with second:
        shorter = {f"{float(value):{form}}": value for value in every for form in ("g", ".1f")}
        said = f"p, share dropped (trained: {trained})"
        p = address.bind(st.select_slider, said, P, every, trained, instead=shorter)
    with middle:
        drop = widgets.segments("What drops", DROP, _DROP)
    with right:
        what = widgets.segments("Dropped are", WHAT, _WHAT)
    rows = None if drop == "all" else (name,)
    return name, DropoutPlan(float(p), rows, what == "channels", _seed())


def map_and_mask(count: int) -> int:
    """Let the person choose one of ``count`` maps and, beside it, the mask; return the map."""
    left, right = st.columns([3, 10], vertical_alignment="bottom", gap="medium")
    with right:
        mask()
    with left:
        return widgets.channel(count)


def mask() -> None:
    """Draw the controls of the mask: a new one, a step back, or any by its number."""
    seed = _seed()
    key = "widget-seed"
    st.session_state[key] = seed
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Step back", shortcut="Left", disabled=seed == 0, on_click=lambda: _write_seed(seed - 1))
        st.button(
            "New mask",
            shortcut="Right",
            disabled=seed == _MOST_SEED,
            on_click=lambda: _write_seed(seed + 1),
        )
        st.number_input(
            "Mask (seed)",
            0,
            _MOST_SEED,
            key=key,
            on_change=address.when_chosen(key, _write_seed),
            width=150,
        )


def count() -> int:
    """Let the person choose how many passes are run."""
    return int(widgets.segments("Passes", PASSES, {each: f"{int(each):,}" for each in _COUNTS}, "100"))


def predict(passes: Passes) -> bool:
    """Ask how many passes give another answer; once that is answered, say what was measured, and return that it is."""
    return prediction.ask(
        GUESS,
        "Of so many passes, how many give another answer?",
        _GUESSES,
        figures.how_many_changed(passes),
        f"It was {passes.changed:,} of {len(passes.probabilities):,}.",
    )


def go_on(passes: Passes) -> None:
    """Offer the mask that changes the answer most, and a digit that lies between two."""
    farthest = passes.farthest
    unclear = next(sample for sample in digits.samples() if sample.label is None)
    with st.container(horizontal=True):
        st.button(
            f"Show mask {farthest:,}, which doubts the answer most",
            on_click=lambda: address.write(**{SEED: str(farthest), VIEW: "journey"}),
        )
        st.button("Take a digit between two", on_click=lambda: address.write(digit=unclear.key))


def maps_files(off: Step, on: Step, channel: int) -> tables.Files:
    """Return one map with dropout off and on as CSV, and all of them."""
    one = tables.File("This map as CSV", partial(figures.map_csv, off, on, channel), f"{on.name}-map-{channel}.csv")
    return tables.Files((one, tables.File("All maps as CSV", partial(figures.maps_csv, off, on), f"{on.name}.csv")))


def numbers_of(passes: Passes) -> tables.Folded:
    """Return what many passes come to as a table that can be unfolded; each single pass is in a file alone."""
    columns = partial(figures.passes_columns, passes)
    files: dict[str, tables.Text] = {
        "Many masks": tables.text_of(columns),
        "Every pass": partial(figures.passes_csv, passes),
    }
    return tables.Folded("Many masks", columns, files)


def readings(chosen: DropoutPlan) -> bool:
    """Offer to read many digits for every p, and tell whether that was asked for."""
    asked = address.read_one_of(MANY, _ASKED, "no") == "yes"
    if not asked:
        what = "whole channels" if chosen.whole_channels else "single values"
        where = "all rows" if chosen.rows is None else chosen.rows[0]
        st.write(f"{cache.source_of_readings()}, each read with ten values of p: {what} of {where}.")
        st.button("Measure", on_click=lambda: address.write(**{MANY: "yes"}))
    return asked


def _seed() -> int:
    def seed(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(_MOST_SEED)):
            return int(text)
        allowed = f"It can be a whole number from 0 to {_MOST_SEED}."
        raise InputError(f"'{text[:40]}' is no seed.", allowed, "Leave it out.")

    return address.read_as(SEED, seed, 0, "Showing 0 instead.")


def _write_seed(seed: int) -> None:
    address.write(**{SEED: str(seed)})
