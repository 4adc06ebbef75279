"""The controls of the dropout page; the choices are kept in the address."""

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
    "journey": "Effect on every row",
    "many": "Many masks",
    "mean": "Their mean",
    "digits": "Many digits",
}
P, SEED, DROP, WHAT, PASSES, MANY = "p", "seed", "drop", "what", "passes", "many"
_MAX_SEED = 999_999
_DROP = {"all": "All rows", "one": "This row only"}
_WHAT = {"values": "Single values", "channels": "Whole channels"}
_COUNTS = ("10", "30", "100", "300", "1000")
_GUESSES = {"none": "None", "few": "At most one in ten", "many": "More than one in ten"}
_ASKED = ("no", "yes")
ALLOWED = {PASSES: _COUNTS, GUESS: _GUESSES, MANY: _ASKED}


def row(trace: Trace) -> str:
    """Let the person choose a dropout row; for another step in the address, show the next dropout row."""
    steps = [step.name for step in trace.steps]
    names = [step.name for step in trace.steps if step.kind is LayerKind.DROPOUT]
    later = {name: [row for row in names if steps.index(row) >= place] for place, name in enumerate(steps)}
    instead = {IMAGE: names[0]} | {name: (rows or names[-1:])[0] for name, rows in later.items()}
    shown = address.read_one_of(address.ROW, names, names[0], instead, "Row")
    key = "widget-dropout-row"
    st.session_state[key] = shown
    on_change = address.when_chosen(key, lambda chosen: address.write(row=chosen, channel="", **{MANY: ""}))
    st.selectbox("Row", names, key=key, on_change=on_change)
    return shown


def plan(trace: Trace, own: Mapping[str, float]) -> tuple[str, DropoutPlan]:
    """Let the person choose the row that is shown, p, which rows are active, and what they drop.

    Args:
        trace: The trace of any digit.
        own: The p that each row was trained with.
    """
    first, second, middle, right = st.columns([10, 12, 11, 14], gap="medium")
    with first:
        name = row(trace)
    trained = f"{own[name]:.2f}"
    every = sorted({trained, *(f"{step / 20:.2f}" for step in range(19))})
    with second:
        shorter = {f"{float(value):{form}}": value for value in every for form in ("g", ".1f")}
        said = f"p, share dropped (in training: {trained})"
        p = address.bind(st.select_slider, said, P, every, trained, instead=shorter)
    with middle:
        drop = widgets.segments("Dropout in", DROP, _DROP)
    with right:
        what = widgets.segments("Drop", WHAT, _WHAT)
    rows = None if drop == "all" else (name,)
    return name, DropoutPlan(float(p), rows, what == "channels", _seed())


def map_and_mask(count: int) -> int:
    """Let the person choose one of ``count`` maps and a mask; return the map."""
    left, right = st.columns([3, 10], vertical_alignment="bottom", gap="medium")
    with right:
        mask()
    with left:
        return widgets.channel(count)


def mask() -> None:
    """Let the person choose the mask: the next, the previous, or any seed."""
    seed = _seed()
    key = "widget-seed"
    st.session_state[key] = seed
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Previous mask", shortcut="Left", disabled=seed == 0, on_click=lambda: _write_seed(seed - 1))
        st.button(
            "Next mask",
            shortcut="Right",
            disabled=seed == _MAX_SEED,
            on_click=lambda: _write_seed(seed + 1),
        )
        st.number_input(
            "Mask (seed)",
            0,
            _MAX_SEED,
            key=key,
            on_change=address.when_chosen(key, _write_seed),
            width=150,
        )


def pass_count() -> int:
    """Let the person choose the number of passes."""
    return int(widgets.segments("Passes", PASSES, {each: f"{int(each):,}" for each in _COUNTS}, "100"))


def predict(passes: Passes) -> bool:
    """Ask in how many passes the prediction changes; once answered, say what was measured, and return True."""
    return prediction.ask(
        GUESS,
        "In how many passes does the predicted class change?",
        _GUESSES,
        figures.changed_answer(passes),
        f"It changed in {passes.changed:,} of {len(passes.probabilities):,} passes.",
    )


def offer_next_steps(passes: Passes) -> None:
    """Offer the mask that lowers the probability of the predicted class most, and an ambiguous digit."""
    seed = passes.least_confident
    ambiguous = next(sample for sample in digits.samples() if sample.label is None)
    with st.container(horizontal=True):
        st.button(
            f"Show mask {seed:,}, the least confident",
            on_click=lambda: address.write(**{SEED: str(seed), VIEW: "journey"}),
        )
        st.button("Choose an ambiguous digit", on_click=lambda: address.write(digit=ambiguous.key))


def maps_files(off: Step, on: Step, channel: int) -> tables.CsvFiles:
    """Return one map and all maps with dropout off and on, as CSV."""
    one = tables.CsvFile("This map as CSV", partial(figures.map_csv, off, on, channel), f"{on.name}-map-{channel}.csv")
    return tables.CsvFiles(
        (one, tables.CsvFile("All maps as CSV", partial(figures.maps_csv, off, on), f"{on.name}.csv"))
    )


def passes_table(passes: Passes) -> tables.ExpandableTable:
    """Return the statistics of many passes as a folded table, with a file of every single pass."""
    columns = partial(figures.passes_columns, passes)
    files: dict[str, tables.Text] = {
        "Many masks": tables.text_of(columns),
        "Every pass": partial(figures.passes_csv, passes),
    }
    return tables.ExpandableTable("Many masks", columns, files)


def measure_accuracies(chosen: DropoutPlan) -> bool:
    """Offer to classify many digits for every p, and return whether the person asked for it."""
    asked = address.read_one_of(MANY, _ASKED, "no") == "yes"
    if not asked:
        what = "whole channels" if chosen.whole_channels else "single values"
        where = "all rows" if chosen.rows is None else chosen.rows[0]
        st.write(f"{cache.accuracy_source()}, each classified with ten values of p: {what} of {where}.")
        st.button("Measure", on_click=lambda: address.write(**{MANY: "yes"}))
    return asked


def _seed() -> int:
    def seed(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_SEED)):
            return int(text)
        allowed = f"It can be a whole number from 0 to {_MAX_SEED}."
        raise InputError(f"'{text[:40]}' is not a seed.", allowed, "Leave it out.")

    return address.read_as(SEED, seed, 0, "Showing 0 instead.")


def _write_seed(seed: int) -> None:
    address.write(**{SEED: str(seed)})
