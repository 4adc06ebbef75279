"""The end of the network: 32 maps to 32 means to ten logits to ten probabilities, and the 1x1 that mixes before."""

from functools import partial

import streamlit as st

from model.head import logits
from viz.app import address, components, shared, sidebar, tables, widgets
from viz.head import cache, contributions, figures, mixing, softmax
from viz.head import controls as choose

digit = sidebar.current_digit()
trace, end = shared.record(digit), cache.head(digit)
mixer, field = trace["Conv2d-13"], shared.fields()[end.source]


def one_class() -> None:
    """Show a class's map over the digit, and its sum."""
    left, right = st.columns(2, gap="large")
    with right:
        k = choose.target(end)
        every = tables.File("Download the class maps as CSV", partial(figures.class_maps_csv, end), "class-maps.csv")
        widgets.figure(
            figures.ten(end, k, partial(choose.link, choose.TARGET)), figures.say_class_map(end, k, field), every
        )
    with left:
        st.html(figures.stage(end, k, field, digit.pixels))
    components.follow_links(".class-map", address.follow)


def summed_maps() -> None:
    """Show the mean of each of the last maps, and what it adds to a class's logit."""
    k, pooled = choose.target_and_pooled(end)
    left, right = st.columns(2, gap="large")
    with right:
        parts = tables.File("Download all parts as CSV", partial(contributions.contributions_csv, end), "parts.csv")
        widgets.figure(contributions.average(end, pooled, k), contributions.say_contributions(end, k), parts)
    with left:
        st.html(contributions.contributions(end, k, pooled, partial(choose.link, choose.POOLED)))
    components.follow_links(".worked-mean", address.follow)


def two_classes() -> None:
    """Show the maps of two classes and their difference."""
    k, other = choose.two(end)
    every = tables.File("Download the class maps as CSV", partial(figures.class_maps_csv, end), "class-maps.csv")
    widgets.figure(figures.versus(end, k, other, field, digit.pixels), figures.say_versus(end, k, other), every)


def mixed_maps() -> None:
    """Show the weights of the 1x1 convolution, and what follows when its input maps are changed."""
    choose.predict_without(trace, cache.each_muted(digit, mixer.name), mixer.name)
    channels, gain = choose.change(len(mixer.input))
    weights = tables.File("Download the weights as CSV", partial(mixing.board_csv, mixer), "conv2d-13.csv")
    widgets.figure(mixing.board(mixer, channels), mixing.say_board(mixer), weights)
    changed = cache.mixed(digit, mixer.name, channels, gain)
    effects = logits.effects(trace, changed, mixer.name)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        every = tables.File("Download every difference as CSV", partial(mixing.follow_csv, effects), "differences.csv")
        widgets.figure(mixing.follow(effects), mixing.say_follow(effects, channels, gain), every)
    with right:
        widgets.figure(mixing.answers(trace, changed), mixing.say_answers(trace, changed), tables.ITSELF)


def probabilities() -> None:
    """Show the arithmetic from logits to probabilities, with a temperature."""
    choose.predict_warmer(trace)
    soft = logits.softened(trace.logits, choose.temperature())
    numbers = tables.File("Download the arithmetic as CSV", partial(softmax.as_csv, soft), "softmax.csv")
    widgets.figure(softmax.worked(soft, trace.prediction), softmax.say(soft, trace.prediction), numbers)


st.title("The head")
st.write(
    "A mean for each of the last maps, a weighted sum for each class: nothing bends between the maps and the logits. "
    "So every class has a map of its own, and the mean of that map, with a bias, is its logit."
)
SHOW = {"class": one_class, "sum": summed_maps, "two": two_classes, "mix": mixed_maps, "softmax": probabilities}
SHOW[choose.part(end, len(mixer.input))]()
widgets.to_try(
    "Choose a sample between two digits, such as 4or9, and compare the two: which strokes decide?",
    "Choose a class that the digit is not: what speaks against it, its strokes or their absence?",
    "Change one input map after another: which can be silent without harm?",
    "Lower the temperature: when is the network as sure as can be, and is it right more often for it?",
)
