"""The head: from the last maps to logits and probabilities; and a convolution that mixes maps before it."""

from functools import partial

import streamlit as st

from model.head import logits
from model.head.records import Head
from model.trace.records import Step
from viz.app import address, components, shared, sidebar, tables, widgets
from viz.head import cache, contributions, controls, figures, mixing, softmax

digit = sidebar.current_digit()
trace, end = shared.record(digit), cache.end(digit)
mixers = [node.name for node in cache.mixers()]
mixer = controls.mixer(trace, mixers)


def one_class(end: Head) -> None:
    """Show the class map of one class over the picture, and its sum."""
    field = shared.fields().get(end.source)
    left, right = st.columns(2, gap="large")
    with right:
        k = controls.target(trace)
        drawn = figures.all_classes(end, k, partial(controls.link, controls.TARGET))
        widgets.figure(drawn, figures.say_class_map(end, k, field), controls.class_maps_file(end))
    with left:
        st.html(figures.stage(end, k, field, digit.pixels))
    components.follow_links(".class-map", address.follow)


def summed_maps(end: Head) -> None:
    """Show the contribution of each of the last maps to the logit of a class, and its arithmetic."""
    k, pooled = controls.target_and_pooled(trace, end)
    left, right = st.columns(2, gap="large")
    with right:
        drawn = contributions.average(end, pooled, k)
        widgets.figure(drawn, contributions.say_contributions(end, k), controls.contributions_file(end))
    with left:
        st.html(contributions.contributions(end, k, pooled, partial(controls.link, controls.POOLED)))
    components.follow_links(".worked-mean", address.follow)


def two_classes(end: Head) -> None:
    """Show the class maps of two classes and their difference."""
    k, other = controls.two_targets(trace)
    drawn = figures.two_classes(end, k, other, shared.fields().get(end.source), digit.pixels)
    widgets.figure(drawn, figures.say_two_classes(end, k, other), controls.class_maps_file(end))


def mixed_maps(mixer: Step) -> None:
    """Show the weights of a convolution, and the changes in later rows when its input maps change."""
    controls.choose_mixer(mixers)
    controls.ask_without_map(trace, cache.logits_without_each_map(digit, mixer.name), mixer.name)
    channels, gain = controls.scaling(len(mixer.input))
    controls.show_weights(mixer, channels)
    changed = cache.scaled_maps(digit, mixer.name, channels, gain)
    changes = logits.row_changes(trace, changed, mixer.name)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        text = partial(mixing.changes_csv, changes)
        every = tables.CsvFile("Download every difference as CSV", text, "differences.csv")
        widgets.figure(mixing.changes_table(changes), mixing.say_changes(changes, channels, gain), every)
    with right:
        table = mixing.probabilities_table(trace, changed)
        widgets.figure(table, mixing.say_predictions(trace, changed), tables.IN_FIGURE)


def probabilities() -> None:
    """Show the arithmetic from logits to probabilities, with temperature scaling."""
    controls.ask_temperature(trace)
    soft, names = logits.scaled_softmax(trace.logits, controls.temperature()), controls.class_names(trace)
    numbers = tables.CsvFile("Download the arithmetic as CSV", partial(softmax.as_csv, soft, names), "softmax.csv")
    k = trace.prediction
    widgets.figure(softmax.table(soft, names, k), softmax.say(soft, names[k], k), numbers)


st.title("The head")
st.write(controls.about(end, cache.obstacle()))
widgets.to_try(*controls.ideas())
shown = controls.part(end, mixer, exact=not cache.obstacle())
if end and shown in {"class", "sum", "two"}:
    {"class": one_class, "sum": summed_maps, "two": two_classes}[shown](end)
elif mixer and shown == "mix":
    mixed_maps(mixer)
else:
    probabilities()
