"""The head: from the last maps to logits and probabilities; and a convolution that mixes maps before it."""

import streamlit as st

from model.head import logits
from model.head.records import Head
from model.trace.records import Step
from viz.app import address, components, glossary, projector, shared, sidebar, widgets
from viz.head import cache, figures
from viz.head.controls import choices, parts

digit = sidebar.current_digit()
trace, end = shared.record(digit), cache.end(digit)
mixers = [node.name for node in cache.mixers()]
mixer = choices.mixer(trace, mixers)


def one_class(end: Head) -> None:
    """Show the class map of one class over the picture, and its sum."""
    with projector.stage():
        left, right = st.columns(2, gap="large")
    with right:
        k = choices.target(trace)
        widgets.figure(*parts.every_class(end, k))
    with left:
        st.html(figures.stage(end, k, shared.fields().get(end.source), digit.pixels))
    components.follow_links(".class-map", address.follow)


def summed_maps(end: Head) -> None:
    """Show the contribution of each of the last maps to the logit of a class, and its arithmetic."""
    with projector.controls():
        k, pooled = choices.target_and_pooled(trace, end)
    with projector.stage():
        left, right = st.columns(2, gap="large")
    with right:
        widgets.figure(*parts.one_map(end, k, pooled))
    with left:
        st.html(parts.every_map(end, k, pooled, few=projector.is_on()))
    components.follow_links(".worked-mean", address.follow)


def two_classes(end: Head) -> None:
    """Show the class maps of two classes and their difference."""
    with projector.controls():
        classes = choices.two_targets(trace)
    with projector.stage():
        widgets.figure(*parts.two_classes(end, *classes, digit))


def mixed_maps(mixer: Step) -> None:
    """Show the weights of a convolution, and the changes in later rows when its input maps change."""
    choices.choose_mixer(mixers)
    choices.ask_without_map(trace, cache.logits_without_each_map(digit, mixer.name), mixer.name)
    with projector.controls():
        channels, gain = choices.scaling(len(mixer.input))
    if choices.is_point(mixer):
        widgets.figure(*parts.weights(mixer, channels))
    else:
        choices.say_weights_elsewhere(mixer)
    changed = cache.scaled_maps(digit, mixer.name, channels, gain)
    with projector.stage():
        left, right = st.columns([2, 1], gap="medium")
    with left:
        widgets.figure(*parts.later_rows(logits.row_changes(trace, changed, mixer.name), channels, gain))
    with right:
        widgets.figure(*parts.both_predictions(trace, changed))


def probabilities() -> None:
    """Show the arithmetic from logits to probabilities, with temperature scaling."""
    choices.ask_temperature(trace)
    with projector.controls():
        temperature = choices.temperature()
    with projector.stage():
        widgets.figure(*parts.probabilities(trace, temperature))


st.title("The head")
st.write(choices.about(end, cache.obstacle()))
glossary.show("head", "class map", "logit", "softmax", "temperature")
widgets.to_try(*choices.ideas())
shown = choices.part(end, mixer, exact=not cache.obstacle())
if end and shown in {"class", "sum", "two"}:
    {"class": one_class, "sum": summed_maps, "two": two_classes}[shown](end)
elif mixer and shown == "mix":
    mixed_maps(mixer)
else:
    probabilities()
