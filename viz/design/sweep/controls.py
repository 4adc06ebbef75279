"""Choose a small sweep, train its runs one after another, and compare their means."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from model.design.kinds import KINDS
from model.design.records import Design
from model.design.runs import kept
from model.design.runs.records import Length, RunChoices
from model.design.runs.sweep import sweep, table
from model.errors import InputError
from viz.app import address, tables
from viz.app.charts import chart
from viz.app.error_boundary import or_say, or_show_error
from viz.app.markdown import escape_markdown
from viz.design import controls
from viz.design.sweep import figures
from viz.training.live import cache as live

_LAYER, _VALUES, _SEEDS = "sweep_layer", "sweep_values", "sweep_seeds"
_COUNTS = {str(count): f"{count} {'seed' if count == 1 else 'seeds'}" for count in range(1, 6)}
_USUAL, _OFTEN = "3", 2.0  # seeds; seconds between two updates
_SETTINGS = ("kernels", "units")
_LIST = re.compile(r"\s*[0-9]{1,4}((\s*,\s*|\s+|-)[0-9]{1,4})*\s*,?\s*")
_KEY, _MOST = "sweep-values", 60  # characters
_REFUSED = "sizes that were refused, and why"


def values(text: str) -> tuple[int, ...]:
    """Read whole numbers that commas, spaces or hyphens separate.

    Raises:
        InputError: There is none, or something else.

    >>> values("8, 12 16"), values("8-12")
    ((8, 12, 16), (8, 12))
    """
    if len(text) <= _MOST and _LIST.fullmatch(text):
        return tuple(dict.fromkeys(map(int, re.findall("[0-9]+", text))))
    raise InputError(
        f"'{text[:40]}' is no list of sizes.", "It can be whole numbers, such as 8-12-16.", "Write such numbers."
    )


_POSITIONS = [str(position) for position in range(1, 61)]
ALLOWED: dict[str, address.Allowed] = {_LAYER: _POSITIONS, _VALUES: values, _SEEDS: _COUNTS}


def show(design: Design, recipe: str, length: Length, *, long: bool) -> None:
    """Let the user choose a layer, its sizes and how many seeds; train them all, and compare.

    Args:
        design: What is changed.
        recipe: Of every run.
        length: Of every run.
        long: Whether full runs are allowed here.
    """
    sized = {str(place + 1): setting for place, setting in _sized(design)}
    if not sized:
        st.write("No layer of this design has a number of kernels or units.")
        return
    titles = {
        position: f"{position} {KINDS[design.layers[int(position) - 1].kind].title}: {setting}"
        for position, setting in sized.items()
    }
    left, middle, right = st.columns([3, 3, 2], vertical_alignment="bottom")
    with left:
        position = address.bind(st.selectbox, "Layer", _LAYER, titles, next(iter(titles)))
    place, setting = int(position) - 1, sized[position]
    with middle:
        sizes, refusal = _sizes(design.layers[place].settings[setting])
    with right:
        count = int(address.bind(st.selectbox, "Each with", _SEEDS, _COUNTS, _USUAL))
    if refusal:
        st.error(escape_markdown(f"{refusal} The sizes before it stay in the link."))
        return
    seeds = range(1, count + 1)
    planned = or_say(lambda: sweep(design, place, setting, sizes, seeds, recipe=recipe, length=length, long=long))
    if planned is not None:
        _train(planned)


def _sized(design: Design) -> list[tuple[int, str]]:
    """Return each layer, from 0, that has a number of kernels or units, and the name of that setting."""
    return [(place, name) for place, each in enumerate(design.layers) for name in _SETTINGS if name in each.settings]


def _sizes(now: int) -> tuple[tuple[int, ...], str]:
    """Let the user write sizes; return those of the link, and why others were refused."""
    usual = tuple(dict.fromkeys((max(1, now // 2), max(1, 3 * now // 4), now)))
    sizes = address.read_as(_VALUES, values, usual, "Showing other sizes instead.")
    text, refusal = st.session_state.get(_REFUSED, (", ".join(map(str, sizes)), ""))
    st.session_state[_KEY] = text
    st.text_input("Sizes", key=_KEY, max_chars=_MOST, on_change=address.when_chosen(_KEY, _choose_sizes))
    return sizes, refusal


def _choose_sizes(text: str) -> None:
    """Put sizes into the link; what is refused stays in its field, with the sentence that says why."""
    st.session_state.pop(_REFUSED, None)
    try:
        sizes = values(text)
    except InputError as error:
        st.session_state[_REFUSED] = text, str(error)
        return
    address.write(**{_VALUES: "-".join(map(str, sizes))})


def _train(planned: Mapping[str, Sequence[RunChoices]]) -> None:
    queue, every = live.training_queue(), [each for runs in planned.values() for each in runs]
    states = [controls.status(each) for each in every]
    missing = [each for each, state in zip(every, states, strict=True) if state is None and not kept.is_kept(each)]
    under_way = any(state is not None and state.under_way for state in states)
    label = "Train 1 run" if len(missing) == 1 else f"Train {len(missing)} runs"
    if missing and st.button(label, disabled=under_way):
        or_show_error(lambda: [queue.start(controls.trainer(), each) for each in missing])
        st.rerun()
    if under_way:
        st.fragment(_watch, run_every=_OFTEN)(planned)
    else:
        _compare(planned)


def _watch(planned: Mapping[str, Sequence[RunChoices]]) -> None:
    """Show what is finished of a sweep that goes on; when it ends, run the whole page again."""
    queue = live.training_queue()
    states = [queue.status(controls.trainer(), each) for runs in planned.values() for each in runs]
    if not any(state is not None and state.under_way for state in states):
        st.rerun()
    done = sum(kept.is_kept(each) for runs in planned.values() for each in runs)
    st.progress(done / len(states), f"{done} of {len(states)} runs are finished.")
    _compare(planned)


def _compare(planned: Mapping[str, Sequence[RunChoices]]) -> None:
    found = table(planned)
    numbers = tables.columns_file("Download the sweep as CSV", partial(figures.columns, found), "sweep.csv")
    if any(each.accuracies for each in found):
        chart(figures.means(found), "sweep", figures.say(found), numbers)
    else:
        st.write("The mean and spread of each size appear here, on the held-out images.")
