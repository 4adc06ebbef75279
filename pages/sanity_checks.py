"""Sanity checks: tests that can show that a map does not explain the network."""

from contextlib import nullcontext
from functools import partial

import streamlit as st

from model.saliency import METHODS
from viz.app import address, components, current, glossary, projector, shared, sidebar, widgets
from viz.app.markdown import escape_markdown
from viz.saliency import cache, figures
from viz.saliency.controls import choices, files, plans
from viz.sanity_checks import cache as cache_of_checks
from viz.sanity_checks import controls
from viz.sanity_checks.comparison_quiz import controls as comparison_quiz
from viz.sanity_checks.controls import all_methods as every
from viz.sanity_checks.controls.checks import Checks

PAGE = "lie_detector"
digit, noun = sidebar.current_digit(), current.picture_word()
trace = shared.record(digit)
LIMITS = f"These results are for this network and this {noun}; another {noun} can give other results."


def one_map() -> None:
    """Show the verdicts on one map; one of the checks can be opened below."""
    check = controls.opened_check()
    with nullcontext() if check else projector.controls():
        plan = choices.choose_plan(trace)
    method = METHODS[plan.method]
    if choices.refuse(method, PAGE):
        return
    with nullcontext() if check else projector.stage():
        left, right = st.columns([2, 3], gap="large")
    with right, st.container(key="check_verdict"):
        cards, summary = st.empty(), st.empty()
        st.write(LIMITS)
    options, checks = st.columns([2, 3], gap="large")
    with options:
        plan = choices.choose_options(plan, method, trace)
        seed = controls.seed()
    with checks, nullcontext() if check else projector.controls():
        controls.choose_check()
    found = cache.attribute(digit, plan)
    with left:
        label = figures.caption(found, method)
        drawn = figures.map_over_picture(found, digit.pixels, figures.MapStyle())
        words = files.why_blank(digit, found, plan) if found.is_blank else escape_markdown(label)
        show = partial(components.value_map, drawn, label, "attribution")
        widgets.figure(show, words, files.map_file(digit, found))
    with projector.stage() if check else nullcontext():
        Checks(digit, plan, seed, cards, summary).run(check)


def all_methods() -> None:
    """Show the checks of all methods, one after another."""
    *others, last = st.columns([12, 8, 9, 8], gap="medium")  # as many as for one map, so that nothing jumps
    wanted = plans.for_all_methods(choices.choose_score(trace, others), trace)
    with last:
        seed = controls.seed()
    with projector.stage():
        bar = every.start(wanted)
        found = every.all_methods(digit, wanted, seed, bar) if bar is not None else None
    if found:
        every.say_results(found, digit)
        st.write(LIMITS)
    choices.say_left_out()


st.title("Sanity checks")
st.write("A map can look convincing and still not explain the network. These checks can reveal that.")
glossary.show("saliency map", "randomization", "infidelity", "baseline")
widgets.to_try(*controls.IDEAS)
components.follow_links(".check-cards", address.follow)  # first, so that links work while checks run
allowed = {**controls.allowed(trace), **comparison_quiz.ALLOWED}
if cache_of_checks.rows():
    shown = widgets.part(controls.VIEW, controls.VIEWS, allowed)
    {"one": one_map, "all": all_methods, "round": comparison_quiz.show_round}[shown]()
else:
    widgets.dead_end("This network has no weights to randomize.", PAGE, "Check maps of the assignment's network")
