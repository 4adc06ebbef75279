"""The figures of the saliency page, each with its words and its numbers."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from model.images.records import Digit
from model.saliency import BASELINES, METHODS
from model.saliency.records import Attribution, AttributionPlan
from model.trace.records import LayerKind, Trace
from viz.app import address, components, current, shared, tables
from viz.app.markdown import escape_markdown
from viz.saliency import cache, figures
from viz.saliency.controls import VIEW, files, plans
from viz.saliency.figures import MapStyle

Shown = tuple[str | Callable[[], None], str, tables.Numbers]  # a figure, its words and its numbers
_SANITY_CHECKS = Path(__file__).parents[3] / "pages" / "sanity_checks.py"
_DROPOUT = "Dropout passes its input on unchanged, so it has no map of its own. "


def map_over_picture(digit: Digit, found: Attribution, plan: AttributionPlan, style: MapStyle) -> Shown:
    """Return one map over its picture, with a link to its checks."""
    method = METHODS[plan.method]
    drawn, caption = figures.map_over_picture(found, digit.pixels, style), figures.caption(found, method)

    def show() -> None:
        """Show the map."""
        components.value_map(drawn, caption, "attribution")

    words = files.why_blank(digit, found, plan) if found.is_blank else figures.say(found, method, style)
    checks = partial(st.page_link, _SANITY_CHECKS, label="Check this map", query_params=address.link())
    return show, words, tables.CsvFiles((files.map_file(digit, found),), checks)


def baseline(found: Attribution, plan: AttributionPlan) -> Shown:
    """Return the baseline that a map is compared with."""
    words = figures.say_baseline(found, BASELINES[plan.baseline])
    return figures.baseline(found, shared.network().input), words, files.baseline_file(found, plan)


def every_method(digit: Digit, trace: Trace, wanted: AttributionPlan, *, one_scale: bool) -> None:
    """Show the maps of all methods side by side, each as soon as it is ready, and their numbers."""
    every = plans.for_all_methods(wanted, trace)
    titles = {name: plans.title_of_map(plan, wanted) for name, plan in every.items()}
    link = partial(plans.link_to_method, "saliency", VIEW)
    found = cache.each(digit, every, partial(figures.grid, titles, link=link, one_scale=one_scale))
    st.write(f"{figures.say_grid(titles, found)} {figures.say_times(list(found.values()))}")
    files.numbers_of(titles, found).show()


def every_step(digit: Digit, trace: Trace, plan: AttributionPlan) -> Mapping[str, str]:
    """Show the maps of one method for the activation of each row; return the titles of those that have one."""
    rows, passed = plans.rows_with_maps(trace)
    if not rows:
        said = f"No step that the score depends on has maps of more than one unit.{figures.say_passed(passed)}"
        st.info(escape_markdown(said))
        return {}
    titles = {"": plans.title_of_picture(plan)} | {name: name for name in rows}
    draw = partial(figures.grid, titles, link=lambda name: address.address("layer_by_layer", row=name or rows[0]))
    found = cache.each(digit, plans.for_steps(plan, trace, rows), partial(draw, show_times=False))
    st.write(figures.say_grid(titles, found))
    files.numbers_of(titles, found).show()
    return titles


def say_steps(trace: Trace) -> str:
    """Say what a map of an activation is, and which steps have none."""
    _, passed = plans.rows_with_maps(trace)
    dropout = _DROPOUT if any(row.kind == LayerKind.DROPOUT for row in trace.rows) else ""
    return (
        f"Each map explains the activation of a row instead of the {current.picture_word()}: the rows after it are a "
        f"network of their own. Each place of a map is a sum over channels. {dropout}The method has its default "
        f"options.{figures.say_passed(passed)}"
    )
