"""Choose a class, a map, a convolution and a temperature; ask what is predicted; say what the head is."""

from collections.abc import Sequence

import streamlit as st

from model.errors import InputError
from model.head.logits import scaled_softmax
from model.head.records import Head
from model.records import Activation
from model.trace.records import Step, Trace
from viz.app import address, current, prediction, widgets
from viz.app.markdown import escape_markdown
from viz.head import contributions, mixing, softmax
from viz.head.controls import AGAINST, PART, POOLED, TARGET

MUTE, GAIN, TEMPERATURE = "mute", "gain", "temperature"
MIXER = "mixer"
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


def part(head: Head | None, mixer: Step | None, *, exact: bool) -> str:
    """Let the person choose which part of the page is shown.

    Args:
        head: The linear end, if there is one.
        mixer: The convolution whose input maps can be changed, if there is one.
        exact: Whether each class has an exact map.
    """
    parts, allowed = dict[str, str](), dict[str, address.Allowed]()
    if head:
        classes, averaged = ([str(number) for number in range(len(each))] for each in (head.logits, head.maps))
        allowed = {TARGET: classes, AGAINST: classes, POOLED: averaged}
        parts = {"class": "Class maps"} if exact else {}
        parts["sum"] = f"{len(head.maps):,} {'maps' if exact else 'units'} to one logit"
        parts |= {"two": "Two classes"} if exact else {}
    if mixer:
        parts["mix"] = "1×1 convolution" if is_point(mixer) else "Changed maps"
    parts["softmax"] = "Softmax"
    allowed |= {GAIN: _GAINS, TEMPERATURE: _TEMPERATURES}
    allowed |= {WITHOUT: prediction.allowed(_WITHOUT), WARMER: prediction.allowed(_WARMER)}
    chosen = widgets.part(PART, parts, allowed)
    if mixer:
        _read_maps(len(mixer.input))  # shows a notice if the address is not valid, in every part
    return chosen


def is_point(step: Step) -> bool:
    """Tell whether the windows of a convolution have one place."""
    return step.weights["weight"].shape[2:] == (1, 1)


def mixer(trace: Trace, names: Sequence[str]) -> Step | None:
    """Return the convolution whose input maps can be changed: the one in the address, by default the first."""
    if not names:
        return None
    return trace[address.read_one_of(MIXER, names, names[0])]


def choose_mixer(names: Sequence[str]) -> None:
    """Let the person choose among several convolutions."""
    if len(names) > 1:
        together = {MUTE: "", WITHOUT: ""}
        address.bind(st.selectbox, "Convolution", MIXER, names, names[0], together=lambda _name: together)


def link(name: str, number: int) -> str:
    """Return the address that chooses a class or a map of this page.

    Args:
        name: The parameter in the address.
        number: The class or the map.
    """
    return address.address("head", **{name: str(number)})


def target(trace: Trace) -> int:
    """Let the person choose the target; by default the predicted class."""
    return widgets.class_of(trace, "Class", TARGET, trace.prediction)


def two_targets(trace: Trace) -> tuple[int, int]:
    """Let the person choose two classes; by default the predicted class and the one with the second largest logit."""
    left, right = st.columns(2, gap="large")
    with left:
        k = target(trace)
    with right:
        order = (-trace.logits).argsort(kind="stable")
        return k, widgets.class_of(trace, "Against", AGAINST, next(int(c) for c in order if c != k))


def target_and_pooled(trace: Trace, head: Head) -> tuple[int, int]:
    """Let the person choose a class and one of the maps."""
    left, right = st.columns(2, gap="large")
    with left:
        k = target(trace)
    with right:
        return k, _pooled(head, k)


def _pooled(head: Head, k: int) -> int:
    """Let the person choose one of the maps; by default the one with the largest contribution to class k."""
    noun = "Map" if head.units > 1 else "Unit"
    names = {str(c): f"{noun} {c}" for c in range(len(head.maps))}
    default = str(contributions.by_size(head.contributions[k])[0])
    return int(address.bind(st.selectbox, noun, POOLED, names, default))


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
        f"Set the input map of {name} to 0 that is most important for class {trace.class_name(trace.prediction)}. "
        "What is predicted?",
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
        softmax.say_outcome(original, hot, trace.class_name(trace.prediction)),
    )


def say_weights_elsewhere(step: Step) -> None:
    """Say where the weights of a window of several places are shown."""
    high, wide = step.weights["weight"].shape[2:]
    st.write(
        f"The kernels of {step.name} have {high} × {wide} weights for each input map: the page Feature maps shows them."
    )


def about(head: Head | None, obstacle: str) -> str:
    """Say what the head of this network is."""
    if obstacle:
        last = ""
        if head:
            count = f"{len(head.maps):,}"
            last = f" From {head.source} on everything is linear: a weighted sum of {count} units for each class."
        return f"{escape_markdown(obstacle)} So no class has an exact map.{last}"
    if head and not head.averages:
        return (
            f"Each unit of the last maps ({head.source}) has a weight of its own for each class: there is no "
            "non-linearity between the maps and the logits. So each class has a class map, and the sum of this map "
            "plus a bias is its logit."
        )
    return (
        "A mean for each of the last maps and a weighted sum for each class: there is no non-linearity between the "
        "maps and the logits. So each class has a class map, and the mean of this map plus a bias is its logit."
    )


def ideas() -> tuple[str, ...]:
    """Return things to try."""
    general = (
        "Change one input map after another: which can be set to 0 without changing the prediction?",
        "Lower the temperature until one probability is nearly 100\xa0%: are more predictions correct?",
    )
    if not current.takes_digits():
        return "Compare the two most likely classes: what decides between them?", *general
    return (
        "Choose an ambiguous sample such as 4or9, and compare its two classes: which strokes decide?",
        "Choose an incorrect class: what opposes it, the strokes of the digit or the blank areas?",
        *general,
    )
