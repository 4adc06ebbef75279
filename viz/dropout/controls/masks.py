"""Choose a mask and the map that is shown; search the next mask that changes the answer."""

from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from model import layers
from model.dropout.passes import digest_of_trace, digest_of_weights, row_differences
from model.dropout.records import DropoutPlan
from model.errors import InputError
from model.images.records import Digit
from model.trace.records import Step, Trace
from viz.app import address, current, tables, widgets
from viz.dropout import answers, cache, differences, figures
from viz.dropout.controls import SEED

Shown = tuple[str, str, tables.Numbers]  # a figure, its words and its numbers, as ``widgets.figure`` takes them
_MAX_SEED = cache.SEEDS - 1
_FOUND = "what the last search for a mask found"
_SAME_MASK = "A seed gives the same mask each time."


def map_and_mask(step: Step, digit: Digit, chosen: DropoutPlan) -> int:
    """Let the person choose a map of a row and a mask; return the map. Of a vector all values are shown."""
    if figures.is_vector(step):
        mask(digit, chosen)
        return 0
    left, right = st.columns([3, 17], vertical_alignment="top", gap="medium")
    with right:
        mask(digit, chosen)
    with left:
        return widgets.channel(len(step.maps))


def mask(digit: Digit, chosen: DropoutPlan) -> None:
    """Let the person choose the mask: the next, the previous, any seed, or the next one that changes the answer."""
    seed, key = chosen.seed, "widget-seed"
    st.session_state[key] = seed
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Previous mask", shortcut="Left", disabled=seed == 0, on_click=lambda: _write_seed(seed - 1))
        st.button("Next mask", shortcut="Right", disabled=seed == _MAX_SEED, on_click=lambda: _write_seed(seed + 1))
        st.number_input(
            "Mask (seed)", 0, _MAX_SEED, key=key, on_change=address.when_chosen(key, _write_seed), width=150
        )
        asked = st.button("Find a mask that changes the answer", shortcut="F")
    if asked:
        _search(digit, chosen)
    of, said = st.session_state.get(_FOUND, (None, ""))
    st.caption(said if of == (current.network_id(), digit.key, chosen) else _SAME_MASK)


def _search(digit: Digit, chosen: DropoutPlan) -> None:
    """Search the next mask that changes the answer, and show it; else say that none was found."""
    found, first, tried = cache.other_answer(digit, chosen)
    shown = chosen if found is None else replace(chosen, seed=found)
    st.session_state[_FOUND] = (current.network_id(), digit.key, shown), answers.say_search(found, first, tried)
    if found is not None:
        _write_seed(found)
        st.rerun()


def one_mask(off: Trace, on: Trace, name: str, channel: int, chosen: DropoutPlan) -> Shown:
    """Return both answers and what a mask drops of a row, with the arithmetic of a kept and of a dropped value."""
    before, after = off[name], on[name]
    digests = digest_of_trace(on), digest_of_weights(current.network().module)
    drawn, said = _answers(off, on, chosen)
    explained = [layers.explain(on, name, unit) for unit in figures.examples(after, channel)]
    worked = figures.say_examples(explained, of_vector=figures.is_vector(before))
    words = f"{said} {figures.say_stage(after, channel, chosen.seed)}\n\n{worked}"
    return drawn + figures.stage(before, after, channel, digests), words, _files(off, on, name, channel)


def every_row(off: Trace, on: Trace, name: str, chosen: DropoutPlan) -> Shown:
    """Return both answers, and the difference that a mask makes in every row."""
    found = row_differences(off, on)
    drawn, said = _answers(off, on, chosen)
    at_logits = np.array_equal(off.rows[-1].output.ravel(), off.logits)
    numbers = tables.ExpandableTable("One mask in every row", partial(differences.difference_columns, found))
    words = f"{said} {differences.say_differences(found, at_logits=at_logits)}"
    return drawn + differences.row_differences(found, name), words, numbers


def _answers(off: Trace, on: Trace, chosen: DropoutPlan) -> tuple[str, str]:
    """Return a figure of the answers with dropout off and with one mask, and its words."""
    both = off.probabilities, on.probabilities, chosen.seed, current.network().classes
    return answers.answers(*both), answers.say_answers(*both)


def _files(off: Trace, on: Trace, name: str, channel: int) -> tables.CsvFiles:
    """Return one map and all maps with dropout off and on, and both answers, as CSV."""
    before, after = off[name], on[name]
    text = partial(answers.answers_csv, off.probabilities, on.probabilities, current.network().classes)
    both = tables.CsvFile("Both answers as CSV", text, "answers.csv")
    every = partial(figures.maps_csv, before, after)
    if figures.is_vector(after):
        return tables.CsvFiles((tables.CsvFile("All values as CSV", every, f"{name}.csv"), both))
    one = partial(figures.map_csv, before, after, channel)
    return tables.CsvFiles(
        (
            tables.CsvFile("This map as CSV", one, f"{name}-map-{channel}.csv"),
            tables.CsvFile("All maps as CSV", every, f"{name}.csv"),
            both,
        )
    )


def seed() -> int:
    """Return the seed of the mask in the address."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_SEED)):
            return int(text)
        allowed = f"It can be a whole number from 0 to {_MAX_SEED}."
        raise InputError(f"'{text[:40]}' is not a seed.", allowed, "Leave it out.")

    return address.read_as(SEED, read, 0, "Showing 0 instead.")


def _write_seed(seed: int) -> None:
    address.write(**{SEED: str(seed)})
