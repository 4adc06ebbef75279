"""What can be chosen about the head; all of it lives in the link."""

import streamlit as st

from model.errors import InputError
from model.head.logits import softened
from model.head.records import Head
from model.records import Activation
from model.trace.records import Trace
from viz.app import address, prediction, widgets
from viz.head import contributions, mixing, softmax

TARGET, AGAINST, POOLED = "target", "against", "pooled"
MUTE, GAIN, TEMPERATURE = "mute", "gain", "temperature"
PART = "part"
PARTS = {
    "class": "A map for each class",
    "sum": "32 maps to one logit",
    "two": "Two classes",
    "mix": "Mixing maps",
    "softmax": "Softmax",
}
WITHOUT, WARMER = "without", "warmer"
_HOT = 4.0
_GAINS = {"0": "0, mute", "0.5": "0.5", "1": "1", "2": "2", "-1": "−1"}
_TEMPERATURES = ("0.25", "0.5", "1", "2", "4", "8")
_WITHOUT = {"same": "Still the same digit", "other": "Another digit"}
_WARMER = {"other": "Another class", "surer": "The same, surer", "calmer": "The same, less sure"}


def part(head: Head, count: int) -> str:
    """Let the person choose which part of the page is shown.

    Args:
        head: That is explained.
        count: How many input maps can be changed.
    """
    classes, averaged = ([str(number) for number in range(len(each))] for each in (head.logits, head.maps))
    allowed = {TARGET: classes, AGAINST: classes, POOLED: averaged, GAIN: _GAINS, TEMPERATURE: _TEMPERATURES}
    chosen = widgets.part(PART, PARTS, {**allowed, WITHOUT: _WITHOUT, WARMER: _WARMER})
    _read_maps(count)  # says so where they are nonsense, shown or not
    return chosen


def link(name: str, number: int) -> str:
    """Return the address that chooses a class or a map of this page.

    Args:
        name: The parameter in the link.
        number: Of the class, or of the map.
    """
    return address.address("head", **{name: str(number)})


def target(head: Head) -> int:
    """Let the person choose the class that is explained; by default the network's answer."""
    return _class("Class", TARGET, head, head.ranking[0])


def two(head: Head) -> tuple[int, int]:
    """Let the person choose two classes, side by side; by default the answer and the strongest of the others."""
    left, right = st.columns(2, gap="large")
    with left:
        k = target(head)
    with right:
        return k, _class("Against", AGAINST, head, next(c for c in head.ranking if c != k))


def _class(label: str, name: str, head: Head, default: int) -> int:
    classes = [str(c) for c in range(len(head.logits))]
    return int(widgets.segments(label, name, classes, str(default)))


def target_and_pooled(head: Head) -> tuple[int, int]:
    """Let the person choose a class, and beside it one of the averaged maps."""
    left, right = st.columns(2, gap="large")
    with left:
        k = target(head)
    with right:
        return k, _pooled(head, k)


def _pooled(head: Head, k: int) -> int:
    """Let the person choose one of the averaged maps; by default the one that counts most for class k."""
    names = {str(c): f"Map {c}" for c in range(len(head.maps))}
    default = str(contributions.by_size(head.parts[k])[0])
    return int(address.bind(st.selectbox, "Map", POOLED, names, default))


def change(count: int) -> tuple[tuple[int, ...], float]:
    """Let the person choose which of ``count`` input maps are changed, and by what they are multiplied."""
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
    """Return the maps that the link names, ``3`` or ``3.7``; none where it names anything else."""

    def maps(text: str) -> tuple[int, ...]:
        parts = text.split(".")
        if all(part in map(str, range(count)) for part in parts) and len(set(parts)) == len(parts):
            return tuple(sorted(map(int, parts)))
        allowed = f"It can be input maps 0 to {count - 1} with dots between, such as 3.7."
        raise InputError(f"'{text[:40]}' names no input maps.", allowed, "Leave it out.")

    return address.read_as(MUTE, maps, (), "Showing none instead.")


def temperature() -> float:
    """Let the person choose the softmax's temperature."""
    return float(widgets.segments("Temperature T", TEMPERATURE, _TEMPERATURES, "1"))


def predict_without(trace: Trace, muted: Activation, name: str) -> None:
    """Ask what is read without the input map that the answer leans on most; then say it, and offer to look.

    Args:
        trace: With all maps.
        muted: The logits without each of them in turn, (C, K).
        name: Of the step whose input maps they are.
    """
    answered = prediction.ask(
        WITHOUT,
        f"Silence the one input map of {name} that the answer {trace.prediction} leans on most. What is read then?",
        _WITHOUT,
        mixing.outcome_without(trace, muted),
        mixing.say_without(trace, muted),
    )
    if answered:
        c = mixing.weightiest(trace, muted)
        st.button(f"Silence map {c} and look", on_click=lambda: address.write(**{MUTE: str(c), GAIN: ""}))


def predict_warmer(trace: Trace) -> None:
    """Ask what wins at a high temperature; then say it."""
    plain, hot = (softened(trace.logits, t) for t in (1.0, _HOT))
    prediction.ask(
        WARMER,
        f"Divide all logits by a temperature of {_HOT:g} first. What wins then?",
        _WARMER,
        softmax.outcome(plain, hot),
        softmax.say_outcome(plain, hot),
    )
