"""The controls of the page on the head; the choices are kept in the address."""

from functools import partial

import streamlit as st

from model.errors import InputError
from model.head.logits import scaled_softmax
from model.head.records import Head
from model.records import Activation
from model.trace.records import Trace
from viz.app import address, prediction, tables, widgets
from viz.head import contributions, figures, mixing, softmax

TARGET, AGAINST, POOLED = "target", "against", "pooled"
MUTE, GAIN, TEMPERATURE = "mute", "gain", "temperature"
PART = "part"
PARTS = {
    "class": "Class maps",
    "sum": "32 maps to one logit",
    "two": "Two classes",
    "mix": "1×1 convolution",
    "softmax": "Softmax",
}
WITHOUT, WARMER = "without", "warmer"
_HOT = 4.0
_GAINS = {"0": "0", "0.5": "0.5", "1": "1", "2": "2", "-1": "−1"}
_TEMPERATURES = ("0.25", "0.5", "1", "2", "4", "8")
_WITHOUT = {"same": "The same class", "other": "Another class"}
_WARMER = {
    "other": "Another class",
    "surer": "The same class, with a higher probability",
    "calmer": "The same class, with a lower probability",
}


def part(head: Head, count: int) -> str:
    """Let the person choose which part of the page is shown.

    Args:
        head: The head.
        count: Number of input maps that can be changed.
    """
    classes, averaged = ([str(number) for number in range(len(each))] for each in (head.logits, head.maps))
    allowed = {TARGET: classes, AGAINST: classes, POOLED: averaged, GAIN: _GAINS, TEMPERATURE: _TEMPERATURES}
    chosen = widgets.part(PART, PARTS, {**allowed, WITHOUT: _WITHOUT, WARMER: _WARMER})
    _read_maps(count)  # shows a notice if the address is not valid, in every part
    return chosen


def link(name: str, number: int) -> str:
    """Return the address that chooses a class or a map of this page.

    Args:
        name: The parameter in the address.
        number: The class or the map.
    """
    return address.address("head", **{name: str(number)})


def class_maps_file(head: Head) -> tables.CsvFile:
    """Return the class maps as CSV."""
    return tables.CsvFile("Download the class maps as CSV", partial(figures.class_maps_csv, head), "class-maps.csv")


def contributions_file(head: Head) -> tables.CsvFile:
    """Return all contributions as CSV."""
    text = partial(contributions.contributions_csv, head)
    return tables.CsvFile("Download all contributions as CSV", text, "contributions.csv")


def target(head: Head) -> int:
    """Let the person choose the target; by default the predicted class."""
    return _class("Class", TARGET, head, head.ranking[0])


def two_targets(head: Head) -> tuple[int, int]:
    """Let the person choose two classes; by default the predicted class and the one with the second largest logit."""
    left, right = st.columns(2, gap="large")
    with left:
        k = target(head)
    with right:
        return k, _class("Against", AGAINST, head, next(c for c in head.ranking if c != k))


def _class(label: str, name: str, head: Head, default: int) -> int:
    classes = [str(c) for c in range(len(head.logits))]
    return int(widgets.segments(label, name, classes, str(default)))


def target_and_pooled(head: Head) -> tuple[int, int]:
    """Let the person choose a class and one of the averaged maps."""
    left, right = st.columns(2, gap="large")
    with left:
        k = target(head)
    with right:
        return k, _pooled(head, k)


def _pooled(head: Head, k: int) -> int:
    """Let the person choose one of the averaged maps; by default the one with the largest contribution to class k."""
    names = {str(c): f"Map {c}" for c in range(len(head.maps))}
    default = str(contributions.by_size(head.contributions[k])[0])
    return int(address.bind(st.selectbox, "Map", POOLED, names, default))


def scaling(count: int) -> tuple[tuple[int, ...], float]:
    """Let the person choose which of ``count`` input maps are changed, and their gain."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        channels = _changed(count)
    with right:
        return channels, float(widgets.segments("Multiply them by", GAIN, _GAINS))


def _changed(count: int) -> tuple[int, ...]:
    """Let the person choose any of ``count`` input maps to change; by default none."""
    key = f"widget-{MUTE}"
    names = [str(c) for c in range(count)]
    st.session_state[key] = [str(c) for c in _read_maps(count)]

    def choose(maps: list[str]) -> None:
        address.write(**{MUTE: ".".join(sorted(maps, key=int))})

    on_change = address.when_chosen(key, choose)
    st.pills("Input maps to change", names, key=key, selection_mode="multi", on_change=on_change, wrap=True)
    return tuple(sorted(map(int, st.session_state[key])))


def _read_maps(count: int) -> tuple[int, ...]:
    """Return the maps in the address, such as ``3`` or ``3.7``; none if it is not valid."""

    def maps(text: str) -> tuple[int, ...]:
        parts = text.split(".")
        if all(part in map(str, range(count)) for part in parts) and len(set(parts)) == len(parts):
            return tuple(sorted(map(int, parts)))
        allowed = f"It can be input maps 0 to {count - 1} with dots between, such as 3.7."
        raise InputError(f"'{text[:40]}' names no input maps.", allowed, "Leave it out.")

    return address.read_as(MUTE, maps, (), "Showing none instead.")


def temperature() -> float:
    """Let the person choose the temperature of the softmax."""
    return float(widgets.segments("Temperature T", TEMPERATURE, _TEMPERATURES, "1"))


def ask_without_map(trace: Trace, muted: Activation, name: str) -> None:
    """Ask what is predicted without the most important input map; then say what was measured, and offer to show it.

    Args:
        trace: The trace with all maps.
        muted: The logits without each single map, (C, K).
        name: Name of the step with these input maps.
    """
    answered = prediction.ask(
        WITHOUT,
        f"Set the input map of {name} to 0 that is most important for class {trace.prediction}. What is predicted?",
        _WITHOUT,
        mixing.outcome_without(trace, muted),
        mixing.say_without(trace, muted),
    )
    if answered:
        c = mixing.most_important_map(trace, muted)
        st.button(f"Set map {c} to 0", on_click=lambda: address.write(**{MUTE: str(c), GAIN: ""}))


def ask_temperature(trace: Trace) -> None:
    """Ask what is predicted at a high temperature; then say what was measured."""
    original, hot = (scaled_softmax(trace.logits, t) for t in (1.0, _HOT))
    prediction.ask(
        WARMER,
        f"Divide all logits by a temperature of {_HOT:g} before the softmax. What is predicted?",
        _WARMER,
        softmax.outcome(original, hot),
        softmax.say_outcome(original, hot),
    )
