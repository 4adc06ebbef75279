"""Sanity checks: tests that can show that a map does not explain the network."""

from functools import partial

import streamlit as st

from model.saliency import METHODS
from model.saliency.records import Attribution, AttributionPlan
from viz.app import address, components, shared, sidebar, tables, widgets
from viz.saliency import cache, figures
from viz.saliency import controls as saliency
from viz.sanity_checks import controls, verdicts
from viz.sanity_checks.comparison_quiz import controls as comparison_quiz

digit = sidebar.current_digit()
trace = shared.record(digit)


def one_map() -> None:
    """Show the verdicts on one map, and one of the checks in detail."""
    plan = saliency.choose_plan(trace)
    method = METHODS[plan.method]
    left, right = st.columns([2, 3], gap="large")
    with left:
        stage = st.container()
        plan = saliency.choose_options(plan, method, trace)
        seed = controls.seed()
    found = cache.attribute(digit, plan)
    with stage:
        words = in_words(found, plan)
        drawn = figures.map_over_digit(found, digit.pixels, figures.MapStyle())
        numbers = saliency.map_file(digit, found)
        widgets.figure(lambda: components.value_map(drawn, words, "attribution"), words, numbers)
    with right, st.container(key="check_verdict"):
        cards, summary = st.empty(), st.empty()
        st.write("These results are for this network and this digit; another digit can give other results.")
    controls.Checks(digit, plan, seed, cards, summary).run(controls.choose_check())


def in_words(found: Attribution, plan: AttributionPlan) -> str:
    """Say what a map shows, or why it is blank."""
    if not found.is_blank:
        return figures.caption(found, METHODS[found.method])
    return saliency.why_blank(digit, found, plan)


def all_methods() -> None:
    """Show the checks of all methods, one after another."""
    *others, last = st.columns([12, 8, 9, 8], gap="medium")  # as many as for one map, so that nothing jumps
    plan = saliency.choose_score(trace, others)
    with last:
        seed = controls.seed()
    started = address.is_on(controls.EVERY)
    left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
    with left:
        start = partial(address.switch, controls.EVERY, on=True)
        st.button("Check all methods", type="primary", disabled=started, on_click=start)
    with right:
        bar = st.empty()
    if not started:
        st.write("This computes more than 400 maps and takes a while. Each line appears as soon as it is done.")
        return
    found = controls.all_methods(digit, saliency.for_all_methods(plan), seed, bar)
    st.write(verdicts.say_table(METHODS, found))
    st.write("These results are for this network and this digit; another digit can give other results.")
    table = partial(verdicts.as_csv, METHODS, found)
    tables.offer("Download the table as CSV", table, f"checks-{digit.key[:40]}.csv")


st.title("Sanity checks")
st.write("A map can look convincing and still not explain the network. These checks can reveal that.")
components.follow_links(".check-cards", address.follow)  # first, so that links work while checks run
allowed = {**controls.allowed(trace), **comparison_quiz.ALLOWED}
shown = widgets.part(controls.VIEW, controls.VIEWS, allowed)
{"one": one_map, "all": all_methods, "round": comparison_quiz.show_round}[shown]()

widgets.to_try(
    "Check guided backprop: how much of its map remains when all weights are random?",
    "Compare integrated gradients with saliency: which predicts the score, and which has the better order of pixels?",
    "Explain a class that is not predicted. Which checks are still meaningful?",
    "Play ten rounds of the quiz: which method deceives you most often?",
)
