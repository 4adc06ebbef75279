"""Saliency: which pixels contribute to a score, by all methods of the registry."""

from functools import partial
from pathlib import Path

import streamlit as st

from model.saliency import BASELINES, METHODS
from model.trace.records import LayerKind
from viz.app import address, components, current, shared, sidebar, tables, widgets
from viz.app.markdown import escape_markdown
from viz.saliency import cache, figures
from viz.saliency.controls import VIEW, VIEWS, choices, files, plans

SANITY_CHECKS = Path(__file__).with_name("sanity_checks.py")
PAGE = "saliency"
DROPOUT = "Dropout passes its input on unchanged, so it has no map of its own. "
digit, noun = sidebar.current_digit(), current.picture_word()
trace = shared.record(digit)


def one_method() -> None:
    """Show the map of one method over the picture, and whether it adds up."""
    plan = choices.choose_plan(trace)
    method = METHODS[plan.method]
    if choices.refuse(method, PAGE):
        return
    left, right = st.columns([11, 10], gap="large")
    with right:
        st.html(figures.about(method))
        plan = choices.choose_options(plan, method, trace)
        found = cache.attribute(digit, plan)
        st.html(figures.sums(found, method))
        st.write(figures.say_sums(found, method))
        if method.uses_baseline:
            drawn, said = figures.baseline(found, shared.network().input), BASELINES[plan.baseline]
            widgets.figure(drawn, figures.say_baseline(found, said), files.baseline_file(found, plan))
    with left:
        stage = st.container()
        style = choices.choose_style()
        drawn_map, caption = figures.map_over_picture(found, digit.pixels, style), figures.caption(found, method)

        def show() -> None:
            """Show the map above the controls of its style."""
            with stage:
                components.value_map(drawn_map, caption, "attribution")

        words = files.why_blank(digit, found, plan) if found.is_blank else figures.say(found, method, style)
        checks = partial(st.page_link, SANITY_CHECKS, label="Check this map", query_params=address.link())
        widgets.figure(show, words, tables.CsvFiles((files.map_file(digit, found),), checks))


def all_methods() -> None:
    """Show the maps of all methods side by side, each as soon as it is ready."""
    wanted, one_scale = choices.choose_plan_for_all(trace)
    every = plans.for_all_methods(wanted, trace)
    titles = {name: plans.title_of_map(plan, wanted) for name, plan in every.items()}
    link = partial(plans.link_to_method, PAGE, VIEW)
    found = cache.each(digit, every, partial(figures.grid, titles, link=link, one_scale=one_scale))
    st.write(f"{figures.say_grid(titles, found)} {figures.say_times(list(found.values()))}")
    choices.say_left_out()
    files.numbers_of(titles, found).show()
    st.write(
        f"Each method has its default options. If maps of the same {noun} and the same score disagree, not all of them "
        "can be right about the network. The sanity checks show which of them depend on the network at all."
    )


def through_the_network() -> None:
    """Show the maps of one method for the activation of each row."""
    plan = choices.choose_plan(trace)
    if choices.refuse(METHODS[plan.method], PAGE):
        return
    rows, passed = plans.rows_with_maps(trace)
    if not rows:
        said = f"No step that the score depends on has maps of more than one unit.{figures.say_passed(passed)}"
        st.info(escape_markdown(said))
        return
    titles = {"": plans.title_of_picture(plan)} | {name: name for name in rows}
    show = partial(figures.grid, titles, link=lambda name: address.address("layer_by_layer", row=name or rows[0]))
    found = cache.each(digit, plans.for_steps(plan, trace, rows), partial(show, show_times=False))
    st.write(figures.say_grid(titles, found))
    files.numbers_of(titles, found).show()
    st.write(
        f"Each map explains the activation of a row instead of the {noun}: the rows after it are a network of their "
        "own. Each place of a map is a sum over channels. "
        f"{DROPOUT if any(row.kind == LayerKind.DROPOUT for row in trace.rows) else ''}The method has its default "
        f"options.{figures.say_passed(passed)}"
    )


st.title("Saliency")
st.write(f"Which pixels decide the prediction? {len(METHODS)} methods answer, and not all of them can be trusted.")
components.follow_links(".attributions", address.follow)  # first, so that links work while maps are computed
shown = widgets.part(VIEW, VIEWS, choices.allowed(trace))
{"one": one_method, "all": all_methods, "through": through_the_network}[shown]()

widgets.to_try(
    "Choose a sample between two digits and explain the logit difference: which strokes decide?"
    if current.takes_digits()
    else "Explain the logit difference of the two most probable classes: which parts decide?",
    "Change the baseline: how does the map change from a black image to a blurred one?",
    "Compare integrated gradients with deconvolution: which of them depends on the class that you explain?",
)
components.follow_links(".attributions", address.follow)  # first, so that links work while maps are computed
shown = widgets.part(controls.VIEW, controls.VIEWS, controls.allowed(trace))
{"one": one_method, "all": all_methods, "through": through_the_network}[shown]()
