"""The end of the network: 32 maps to 32 means to ten logits to ten probabilities, and the 1x1 that mixes before."""

from functools import partial

import streamlit as st

from model import head as heads
from viz.figures import contributions, head, mixing, softmax
from viz.ui import cached, components, controls, sidebar, state
from viz.ui import head as choose

MIXER = "Conv2d-13"
digit = sidebar.current_digit()
trace, end = cached.record(digit), cached.head(digit)
field = cached.fields()[end.source]


def offer_class_maps() -> None:
    """Offer the maps of all classes as CSV."""
    table = partial(head.class_maps_csv, end)
    st.download_button("Download the class maps as CSV", table, "class-maps.csv", "text/csv", on_click="ignore")


def one_class() -> None:
    """Show a class's map over the digit, and its sum."""
    left, right = st.columns(2, gap="large")
    with right:
        k = choose.target(end)
        st.html(head.ten(end, k, lambda c: state.address("head", target=str(c))))
        st.write(head.say_class_map(end, k, field))
        offer_class_maps()
    with left:
        st.html(head.stage(end, k, field, digit.pixels))
    components.follow_links(".class-map", state.follow)


def summed_maps() -> None:
    """Show the mean of each of the last maps, and what it adds to a class's logit."""
    left, right = st.columns(2, gap="large")
    with left:
        k = choose.target(end)
    with right:
        pooled = choose.pooled(end, k)
    left, right = st.columns(2, gap="large")
    with right:
        st.html(contributions.average(end, pooled, k))
        st.write(contributions.say_contributions(end, k))
        parts = partial(contributions.contributions_csv, end)
        st.download_button("Download all parts as CSV", parts, "parts.csv", "text/csv", on_click="ignore")
    with left:
        st.html(contributions.contributions(end, k, pooled, lambda c: state.address("head", pooled=str(c))))
    components.follow_links(".worked-mean", state.follow)


def two_classes() -> None:
    """Show the maps of two classes and their difference."""
    left, right = st.columns(2, gap="large")
    with left:
        k = choose.target(end)
    with right:
        other = choose.against(end, k)
    st.html(head.versus(end, k, other, field, digit.pixels))
    st.write(head.say_versus(end, k, other))
    offer_class_maps()


def mixed_maps() -> None:
    """Show the weights of the 1x1 convolution, and what follows when its input maps are changed."""
    mixer = trace[MIXER]
    choose.predict_without(trace, cached.each_muted(digit, MIXER), MIXER)
    left, right = st.columns([3, 2], gap="large")
    with left:
        channels = choose.changed(len(mixer.input))
    with right:
        gain = choose.gain()
    changed = cached.mixed(digit, MIXER, channels, gain)
    st.html(mixing.board(mixer, channels))
    st.write(mixing.say_board(mixer))
    st.download_button(
        "Download the weights as CSV", partial(mixing.board_csv, mixer), "conv2d-13.csv", "text/csv", on_click="ignore"
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        effects = heads.effects(trace, changed, MIXER)
        st.html(mixing.follow(effects))
        st.write(mixing.say_follow(effects, channels, gain))
    with right:
        st.html(mixing.answers(trace, changed))
        st.write(mixing.say_answers(trace, changed))


def probabilities() -> None:
    """Show the arithmetic from logits to probabilities, with a temperature."""
    choose.predict_warmer(trace)
    soft = heads.softened(trace.logits, choose.temperature())
    st.html(softmax.worked(soft, trace.prediction))
    st.write(softmax.say(soft, trace.prediction))
    st.download_button(
        "Download the arithmetic as CSV", partial(softmax.as_csv, soft), "softmax.csv", "text/csv", on_click="ignore"
    )


st.title("The head")
st.write(
    "A mean for each of the last maps, a weighted sum for each class: nothing bends between the maps and the logits. "
    "So every class has a map of its own, and the mean of that map, with a bias, is its logit."
)
SHOW = {"class": one_class, "sum": summed_maps, "two": two_classes, "mix": mixed_maps, "softmax": probabilities}
SHOW[controls.part(choose.PART, choose.PARTS)]()
st.header("What to try")
st.markdown(
    "- Choose a sample between two digits, such as 4or9, and compare the two: which strokes decide?\n"
    "- Choose a class that the digit is not: what speaks against it, its strokes or their absence?\n"
    "- Change one input map after another: which can be silent without harm?\n"
    "- Lower the temperature: when is the network as sure as can be, and is it right more often for it?"
)
