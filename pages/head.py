"""The head: 32 maps, 32 means, ten logits, ten probabilities; and the 1x1 convolution before it."""

from functools import partial

import streamlit as st

from model.head import logits
from viz.app import address, components, shared, sidebar, tables, widgets
from viz.head import cache, contributions, controls, figures, mixing, softmax

digit = sidebar.current_digit()
trace, end = shared.record(digit), cache.head(digit)
mixer, field = trace["Conv2d-13"], shared.fields()[end.source]


def one_class() -> None:
    """Show the class map of one class over the digit, and its sum."""
    left, right = st.columns(2, gap="large")
    with right:
        k = controls.target(end)
        drawn = figures.all_classes(end, k, partial(controls.link, controls.TARGET))
        widgets.figure(drawn, figures.say_class_map(end, k, field), controls.class_maps_file(end))
    with left:
        st.html(figures.stage(end, k, field, digit.pixels))
    components.follow_links(".class-map", address.follow)


def summed_maps() -> None:
    """Show the mean of each of the last maps, and its contribution to the logit of a class."""
    k, pooled = controls.target_and_pooled(end)
    left, right = st.columns(2, gap="large")
    with right:
        drawn = contributions.average(end, pooled, k)
        widgets.figure(drawn, contributions.say_contributions(end, k), controls.contributions_file(end))
    with left:
        st.html(contributions.contributions(end, k, pooled, partial(controls.link, controls.POOLED)))
    components.follow_links(".worked-mean", address.follow)


def two_classes() -> None:
    """Show the class maps of two classes and their difference."""
    k, other = controls.two_targets(end)
    drawn = figures.two_classes(end, k, other, field, digit.pixels)
    widgets.figure(drawn, figures.say_two_classes(end, k, other), controls.class_maps_file(end))


def mixed_maps() -> None:
    """Show the weights of the 1x1 convolution, and the changes in later rows when its input maps change."""
    controls.ask_without_map(trace, cache.logits_without_each_map(digit, mixer.name), mixer.name)
    channels, gain = controls.scaling(len(mixer.input))
    weights = tables.CsvFile("Download the weights as CSV", partial(mixing.weights_csv, mixer), "conv2d-13.csv")
    widgets.figure(mixing.weights_table(mixer, channels), mixing.say_weights(mixer), weights)
    changed = cache.scaled_maps(digit, mixer.name, channels, gain)
    changes = logits.row_changes(trace, changed, mixer.name)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        every = tables.CsvFile(
            "Download every difference as CSV", partial(mixing.changes_csv, changes), "differences.csv"
        )
        widgets.figure(mixing.changes_table(changes), mixing.say_changes(changes, channels, gain), every)
    with right:
        widgets.figure(
            mixing.probabilities_table(trace, changed), mixing.say_predictions(trace, changed), tables.IN_FIGURE
        )


def probabilities() -> None:
    """Show the arithmetic from logits to probabilities, with temperature scaling."""
    controls.ask_temperature(trace)
    soft = logits.scaled_softmax(trace.logits, controls.temperature())
    numbers = tables.CsvFile("Download the arithmetic as CSV", partial(softmax.as_csv, soft), "softmax.csv")
    widgets.figure(softmax.table(soft, trace.prediction), softmax.say(soft, trace.prediction), numbers)


st.title("The head")
st.write(
    "A mean for each of the last maps and a weighted sum for each class: there is no non-linearity between the maps "
    "and the logits. So each class has a class map, and the mean of this map plus a bias is its logit."
)
SHOW = {"class": one_class, "sum": summed_maps, "two": two_classes, "mix": mixed_maps, "softmax": probabilities}
SHOW[controls.part(end, len(mixer.input))]()
widgets.to_try(
    "Choose an ambiguous sample such as 4or9, and compare its two classes: which strokes decide?",
    "Choose an incorrect class: what opposes it, the strokes of the digit or the blank areas?",
    "Change one input map after another: which can be set to 0 without changing the prediction?",
    "Lower the temperature until one probability is nearly 100\xa0%: are more predictions correct?",
)
