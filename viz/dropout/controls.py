"""The controls of the dropout page; the choices are kept in the address."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from model.dropout.records import DropoutPlan, Passes
from model.errors import InputError
from model.images import digits
from model.records import IMAGE
from model.trace.records import LayerKind, Step, Trace
from viz.app import address, current, prediction, shared, tables, widgets
from viz.app.error_boundary import or_say
from viz.app.markdown import escape_markdown
from viz.dropout import cache, figures

GUESS = "changes"
VIEW = "drop_view"
VIEWS = {
    "mask": "One mask",
    "journey": "Effect on every row",
    "many": "Many masks",
    "mean": "Their mean",
    "digits": "Many digits",
}  # of a network that reads digits
P, SEED, DROP, WHAT, PASSES, MANY = "p", "seed", "drop", "what", "passes", "many"
_MAX_SEED = 999_999
_OWN = "own"  # each row drops with its own p
_DROP = {"all": "All rows", "one": "This row only"}
_WHAT = {"values": "Single values", "channels": "Whole channels"}
_COUNTS = ("10", "30", "100", "300", "1000")
_GUESSES = {"none": "None", "few": "At most one in ten", "many": "More than one in ten"}
_ASKED = ("no", "yes")
ALLOWED = {PASSES: _COUNTS, GUESS: _GUESSES, MANY: _ASKED, DROP: _DROP, WHAT: _WHAT}


def views() -> dict[str, str]:
    """Return what the parts of the page are called."""
    return VIEWS | {"digits": f"Many {current.picture_word()}s"}


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
    on_change = address.when_chosen(key, lambda chosen: address.write(row=chosen, channel="", **{MANY: ""}))
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
    return name, DropoutPlan(None if p == _OWN else float(p), rows, what == "channels", _seed())


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


def map_and_mask(step: Step) -> int:
    """Let the person choose a map of a row and a mask; return the map. Of a vector all values are shown."""
    if figures.is_vector(step):
        mask()
        return 0
    left, right = st.columns([3, 10], vertical_alignment="bottom", gap="medium")
    with right:
        mask()
    with left:
        return widgets.channel(len(step.maps))


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
    default = "100" if shared.is_small(current.network()) else _COUNTS[0]
    return int(widgets.segments("Passes", PASSES, {each: f"{int(each):,}" for each in _COUNTS}, default))


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
    """Offer the mask that gives the predicted class the lowest probability; for digits also an ambiguous one."""
    seed = passes.least_confident
    with st.container(horizontal=True):
        st.button(
            f"Show mask {seed:,}, the least confident",
            on_click=lambda: address.write(**{SEED: str(seed), VIEW: "journey"}),
        )
        if current.takes_digits():
            ambiguous = next(sample for sample in digits.samples() if sample.label is None)
            st.button("Choose an ambiguous digit", on_click=lambda: address.write(digit=ambiguous.key))


def maps_files(off: Step, on: Step, channel: int) -> tables.CsvFiles:
    """Return one map and all maps with dropout off and on, as CSV."""
    every = tables.CsvFile("All maps as CSV", partial(figures.maps_csv, off, on), f"{on.name}.csv")
    if figures.is_vector(on):
        return tables.CsvFiles((replace(every, label="All values as CSV"),))
    one = tables.CsvFile("This map as CSV", partial(figures.map_csv, off, on, channel), f"{on.name}-map-{channel}.csv")
    return tables.CsvFiles((one, every))


def passes_table(passes: Passes) -> tables.ExpandableTable:
    """Return the statistics of many passes as a folded table, with a file of every single pass."""
    names = current.network().classes
    columns = partial(figures.passes_columns, passes, names)
    files: dict[str, tables.Text] = {
        "Many masks": tables.text_of(columns),
        "Every pass": partial(figures.passes_csv, passes, names),
    }
    return tables.ExpandableTable("Many masks", columns, files)


def measure_accuracies(chosen: DropoutPlan) -> bool:
    """Offer to classify many pictures for every p, and return whether the person asked for it."""
    source = or_say(cache.accuracy_source)
    if source is None:
        return False
    asked = address.read_one_of(MANY, _ASKED, "no") == "yes"
    if not asked:
        what = "whole channels" if chosen.whole_channels else "single values"
        where = "all rows" if chosen.rows is None else chosen.rows[0]
        st.write(f"{source}, each classified with ten values of p: {what} of {where}.")
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
