"""The lie detector: what could discredit a map, next to the map."""

from functools import partial

import streamlit as st

from model.saliency import METHODS
from model.saliency.records import Attribution, AttributionPlan
from viz.app import address, components, shared, sidebar, tables, widgets
from viz.saliency import cache, figures
from viz.saliency import controls as choose
from viz.sanity_checks import controls as doubt
from viz.sanity_checks import verdicts
from viz.sanity_checks.comparison_quiz import controls as rounds

digit = sidebar.current_digit()
trace = shared.record(digit)


def one_map() -> None:
    """Put one map to every test, and show one of them in full."""
    plan = choose.plan(trace)
    method = METHODS[plan.method]
    left, right = st.columns([2, 3], gap="large")
    with left:
        stage = st.container()
        plan = choose.of_method(plan, method, trace)
        seed = doubt.seed()
    found = cache.attribute(digit, plan)
    with stage:
        words = in_words(found, plan)
        shown = figures.stage(found, digit.pixels, figures.Look())
        numbers = choose.map_file(digit, found)
        widgets.figure(lambda: components.value_map(shown, words, "attribution"), words, numbers)
    with right, st.container(key="doubt_verdict"):
        cards, summary = st.empty(), st.empty()
        st.write("These results are for this network and this digit; another digit can give others.")
    doubt.Trial(digit, plan, seed, cards, summary).run(doubt.test())


def in_words(found: Attribution, plan: AttributionPlan) -> str:
    """Say what a map explains, and by which method; or why it is blank."""
    if not found.is_blank:
        return figures.caption(found, METHODS[found.method])
    return choose.why_blank(digit, found, plan)


def all_methods() -> None:
    """Put the maps of all methods to the test, one after another."""
    *others, last = st.columns([12, 8, 9, 8], gap="medium")  # as many as for one map, so that nothing jumps
    plan = choose.asked(trace, others)
    with last:
        seed = doubt.seed()
    asked = address.is_on(doubt.EVERY)
    left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
    with left:
        start = partial(address.switch, doubt.EVERY, on=True)
        st.button("Put all methods to the test", type="primary", disabled=asked, on_click=start)
    with right:
        bar = st.empty()
    if not asked:
        st.write("More than 400 maps are made for it: that takes a while, and each line comes as it is done.")
        return
    found = doubt.all_methods(digit, choose.every(plan), seed, bar)
    st.write(verdicts.say_table(METHODS, found))
    st.write("These results are for this network and this digit; another digit can give others.")
    table = partial(verdicts.as_csv, METHODS, found)
    tables.offer("Download the table as CSV", table, f"tests-{digit.key[:40]}.csv")


st.title("Lie detector")
st.write("A map always looks as if it meant something. Here each one is put to the tests that could discredit it.")
components.follow_links(".doubt-cards", address.follow)  # first, so that it follows while tests are under way
shown = widgets.part(doubt.VIEW, doubt.VIEWS, {**doubt.allowed(trace), **rounds.ALLOWED})
{"one": one_map, "all": all_methods, "round": rounds.play}[shown]()

widgets.to_try(
    "Put guided backprop to the test: how much of its map is left when the network has forgotten everything?",
    "Compare integrated gradients with saliency: which foretells the score, and which gives the better order?",
    "Explain a class that the digit is not. Which tests still mean something?",
    "Play ten rounds: which method fools you most often?",
)
