"""The controls of the start page: the answer, why, and the ways on."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from model.head import evidence
from model.images.records import Digit
from model.trace.records import Trace
from viz.app import address, components, current, glossary, page_list, picker, shared, sidebar, tables, uploads, widgets
from viz.app.markdown import escape_markdown
from viz.head import cache
from viz.lessons import controls as lessons
from viz.lessons import plans
from viz.overview import figures as overview
from viz.pictures import raster, words
from viz.start import figures

_SIDE = 320  # pixels a side of the picture that is looked at


def first_step() -> str:
    """Say what to do first."""
    return "Draw a digit" if current.takes_digits() else "Choose a picture"


def show_answer(digit: Digit, trace: Trace) -> None:
    """Show what the network answers, and where the evidence lies; without an exact class map, what stands between."""
    k = trace.prediction
    name, others = trace.class_name(k), overview.say_probabilities(trace).partition(". ")[2]
    shown = partial(figures.answer, name, words.percent(trace.probabilities.max()), others, example=_example(digit))
    said, head, obstacle = escape_markdown(name), cache.end(digit), cache.obstacle()
    with st.container(key="answer"):
        if head is None or obstacle:
            st.html(shown())
            st.write(f"**Why {said}?** No part of the picture has an exact share. {escape_markdown(obstacle)}")
            _link("saliency", "Methods that estimate one")
        else:
            field = shared.fields().get(head.source)
            found = evidence.of_class(head, k, field, digit.pixels) if field else None
            why = [figures.say_why(found, said, current.picture_word())] if found else []
            file = tables.CsvFile("Download the map as CSV", partial(figures.evidence_csv, head, k), "evidence.csv")
            drawn = shown(figures.evidence(head, k, field, digit.pixels))
            widgets.figure(drawn, " ".join([*why, figures.say_map(head, k, said)]), file)
            with st.container(horizontal=True):
                _link("head", "See the whole sum")
                _link("layers", "Open any number")
            glossary.show("logit", "class map", "bias")
    uploads.show_doubts(digit)


def _example(digit: Digit) -> str:
    """Say what the answer is about while the pad is shown and empty."""
    if digit.key.startswith("drawn-") or not picker.shows_pad():
        return ""
    name = digit.class_name or ("" if digit.label is None else str(digit.label))
    return f"a {name}" if name else digit.source


def _link(file: str, label: str) -> None:
    path = page_list.path(file)
    (page,) = (each for each in sidebar.all_pages() if each.url_path == path)
    st.page_link(page, label=label, help="", query_params=address.link())


def look_at(digit: Digit) -> None:
    """Show the picture where the network reads no digits, so that there is no pad."""
    if not current.takes_digits():
        shown = raster.image(digit.pixels)
        st.html(figures.picture(shown, f"The current picture: {picker.describe(digit)}"))


def ways_on(ways: Sequence[tuple[str, str, str]]) -> None:
    """Show where to go from here.

    Args:
        ways: For each the file of a page or the id of a lesson, what the way is called, and what it is, in a line.
    """
    components.lesson_begins()
    for column, (to, label, about) in zip(st.columns(len(ways)), ways, strict=True):
        with column, st.container(border=True, height="stretch"):
            if to in plans.IDS:
                first = lessons.first_of(to)
                st.page_link(lessons.page_of(first), label=f"**{label}**", help="", query_params=lessons.link(first))
            else:
                _link(to, f"**{label}**")
            st.caption(about)
