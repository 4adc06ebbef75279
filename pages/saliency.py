"""Saliency: which pixels contribute to a score, by all methods of the registry."""

import streamlit as st

from model.saliency import METHODS
from viz.app import address, components, current, glossary, projector, shared, sidebar, widgets
from viz.saliency import cache, figures
from viz.saliency.controls import VIEW, VIEWS, choices, parts

PAGE = "saliency"
digit, noun = sidebar.current_digit(), current.picture_word()
trace = shared.record(digit)


def one_method() -> None:
    """Show the map of one method over the picture, and whether it adds up."""
    with projector.controls():
        plan = choices.choose_plan(trace)
    method = METHODS[plan.method]
    if choices.refuse(method, PAGE):
        return
    with projector.stage():
        left, right = st.columns([11, 10], gap="large")
    with right:
        st.html(figures.about(method))
        plan = choices.choose_options(plan, method, trace)
        found = cache.attribute(digit, plan)
        st.html(figures.sums(found, method))
        st.write(figures.say_sums(found, method))
        if method.uses_baseline:
            widgets.figure(*parts.baseline(found, plan))
    style = choices.choose_style()
    with left:
        widgets.figure(*parts.map_over_picture(digit, found, plan, style))


def all_methods() -> None:
    """Show the maps of all methods side by side, each as soon as it is ready."""
    wanted, one_scale = choices.choose_plan_for_all(trace)
    with projector.stage():
        parts.every_method(digit, trace, wanted, one_scale=one_scale)
    choices.say_left_out()
    st.write(
        f"Each method has its default options. If maps of the same {noun} and the same score disagree, not all of them "
        "can be right about the network. The sanity checks show which of them depend on the network at all."
    )


def through_the_network() -> None:
    """Show the maps of one method for the activation of each row."""
    with projector.controls():
        plan = choices.choose_plan(trace)
    if choices.refuse(METHODS[plan.method], PAGE):
        return
    with projector.stage():
        shown = parts.every_step(digit, trace, plan)
    if shown:
        st.write(parts.say_steps(trace))


st.title("Saliency")
st.write(f"Which pixels decide the prediction? {len(METHODS)} methods answer, and not all of them can be trusted.")
glossary.show("saliency map", "attribution", "baseline", "gradient", "target")
widgets.to_try(*choices.ideas())
components.follow_links(".attributions", address.follow)  # first, so that links work while maps are computed
shown = widgets.part(VIEW, VIEWS, choices.allowed(trace))
{"one": one_method, "all": all_methods, "through": through_the_network}[shown]()
