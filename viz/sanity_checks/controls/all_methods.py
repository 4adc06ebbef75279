"""The checks of all methods, line by line, each shown as soon as it is ready."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from model.images.records import Digit
from model.saliency import METHODS
from model.saliency.records import AttributionPlan
from model.sanity_checks import robustness
from model.sanity_checks.records import CheckResults
from viz.app import address, current, sidebar, tables
from viz.saliency import cache as maps
from viz.saliency.controls import plans as plans_of
from viz.sanity_checks import cache, verdicts
from viz.sanity_checks.controls import EVERY, VIEW


def start(plans: Mapping[str, AttributionPlan]) -> DeltaGenerator | None:
    """Let the user start all checks, and say what they cost; once started, return the place of the progress bar."""
    started = address.is_on(EVERY)
    left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
    with left:
        on_click = partial(address.switch, EVERY, on=True)
        st.button("Check all methods", type="primary", disabled=started, on_click=on_click)
    with right:
        bar = st.empty()
    if not started:
        st.write(say_cost(plans))
        return None
    return bar


def all_methods(digit: Digit, plans: Mapping[str, AttributionPlan], seed: int, bar: Any) -> dict[str, CheckResults]:
    """Check many maps; show a line for each as soon as it is done, and the progress.

    Args:
        digit: The digit explained.
        plans: By method.
        seed: For the checks.
        bar: An empty place for the progress bar.
    """
    place, link = st.empty(), partial(plans_of.link_to_method, "lie_detector", VIEW)
    methods = plans_of.applicable()
    found: dict[str, CheckResults] = {}

    def show(name: str, what: str) -> None:
        bar.progress(len(found) / len(plans), f"{METHODS[name].title}: {what}")

    for name, plan in plans.items():
        place.html(verdicts.table(methods, found, link))
        found[name] = _check(digit, plan, seed, partial(show, name))
    bar.progress(1.0, f"All {len(found)} methods are checked.")  # it stays, so that nothing moves up
    place.html(verdicts.table(methods, found, link))
    return found


def _check(digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[str], object]) -> CheckResults:
    attribution = maps.attribute(digit, plan)
    rows, other = len(cache.rows()), f"other {current.picture_word()}"
    found = cache.randomized(digit, plan, seed, lambda maps: show(f"{len(maps) - 1} of {rows} rows randomized"))
    dependence = cache.dependence(digit, plan, seed, found, lambda others: show(f"{other} {len(others)}"))
    curves = cache.curves(digit, plan, seed, lambda _found: show("deletion and insertion"))
    robust, _ = cache.robust(digit, plan, seed, lambda _changes: show("noise"))
    return CheckResults(attribution, cache.edges_of(digit, plan), dependence, curves, robust)


def say_cost(plans: Mapping[str, AttributionPlan]) -> str:
    """Say how many maps the checks of some methods compute."""
    each = 1 + len(cache.rows()) + robustness.TRIALS
    maps = len(plans) * (each + len(cache.other_pictures(sidebar.current_digit())))
    return f"This computes {maps:,} maps and takes a while. Each line appears as soon as it is done."


def say_results(found: Mapping[str, CheckResults], digit: Digit) -> None:
    """Say which methods do not depend on the weights, what the columns mean, and offer the table as CSV."""
    methods = plans_of.applicable()
    st.write(verdicts.say_table(methods, found))
    with st.expander("What the columns and the limits mean"):
        st.write(verdicts.LIMITS)
    table = partial(verdicts.as_csv, methods, found)
    tables.offer("Download the table as CSV", table, f"checks-{digit.key[:40]}.csv")
