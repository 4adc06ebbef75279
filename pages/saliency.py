"""Saliency: which pixels spoke for a score, by thirteen methods of one registry."""

from functools import partial
from pathlib import Path

import streamlit as st

from model.saliency import BASELINES, METHODS
from viz.app import address, components, shared, sidebar, tables, widgets
from viz.saliency import cache, figures
from viz.saliency import controls as choose

LIE_DETECTOR = Path(__file__).with_name("sanity_checks.py")
digit = sidebar.current_digit()
trace = shared.record(digit)


def one_method() -> None:
    """Show the map of one method over the digit, and whether it adds up."""
    plan = choose.plan(trace)
    method = METHODS[plan.method]
    left, right = st.columns([11, 10], gap="large")
    with right:
        st.html(figures.about(method))
        plan = choose.of_method(plan, method, trace)
        found = cache.attribute(digit, plan)
        st.html(figures.sums(found, method))
        st.write(figures.say_sums(found, method))
        if method.uses_baseline:
            ink = tables.map_file(found.baseline, f"baseline-{plan.baseline}", "Download the baseline as CSV")
            widgets.figure(figures.baseline(found), figures.say_baseline(found, BASELINES[plan.baseline]), ink)
    with left:
        stage = st.container()
        look = choose.look()
        shown, said = figures.stage(found, digit.pixels, look), figures.caption(found, method)

        def drawn() -> None:
            """Show the map above what it is painted by."""
            with stage:
                components.value_map(shown, said, "attribution")

        words = choose.why_blank(digit, found, plan) if found.is_blank else figures.say(found, method, look)
        test = partial(st.page_link, LIE_DETECTOR, label="Put it to the lie detector", query_params=address.link())
        widgets.figure(drawn, words, tables.Files((choose.map_file(digit, found),), test))


def all_methods() -> None:
    """Show the maps of all methods side by side, as they come."""
    plan, together = choose.plan_of_all(trace)
    plans = choose.every(plan)
    titles = {name: choose.titled(asked, plan) for name, asked in plans.items()}
    show = partial(figures.grid, titles, link=partial(choose.link_alone, "saliency", choose.VIEW), together=together)
    found = cache.each(digit, plans, show)
    st.write(f"{figures.say_grid(titles, found)} {figures.say_times(list(found.values()))}")
    choose.numbers_of(titles, found).show()
    st.write(
        "Every method is as it is usually set. Where maps of the same digit and the same score disagree, not all of "
        "them can be right about the network. The lie detector tells which of them listen to it at all."
    )


def through_the_network() -> None:
    """Show the same method at each row: where the evidence gathers."""
    plan = choose.plan(trace)
    rows = choose.rows_with_maps(trace)
    titles = {"": choose.title_of_digit(plan)} | {name: name for name in rows}
    show = partial(figures.grid, titles, link=lambda name: address.address("layer_by_layer", row=name or rows[0]))
    found = cache.each(digit, cache.through(plan, rows), partial(show, timed=False))
    st.write(figures.say_grid(titles, found))
    choose.numbers_of(titles, found).show()
    st.write(
        "What each row puts out is explained in the digit's place: the rows behind it are a network of their own. A "
        "place of a map is the sum over its channels. Dropout passes everything on, so its maps are those before it. "
        "The method is as it is usually set."
    )


st.title("Saliency")
st.write("Which pixels made the network say so? Thirteen methods answer, and not all of them tell the truth.")
components.follow_links(".attributions", address.follow)  # first: it can follow while maps are still coming
shown = widgets.part(choose.VIEW, choose.VIEWS, choose.allowed(trace))
{"one": one_method, "all": all_methods, "through": through_the_network}[shown]()

widgets.to_try(
    "Take a sample between two digits and explain one *rather than* the other: which strokes decide?",
    "Change the baseline: what is nothing for this network, black or the mean digit?",
    "Compare integrated gradients with deconvolution: which of them knows the class that you chose?",
)
