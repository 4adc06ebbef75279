"""The sidebar of every page: the picture that everything is about, its answer, how to choose another, and pages."""

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

import streamlit as st

from model.errors import GlassError, WeightsError
from model.images import digits, pictures
from model.images.records import Digit
from viz.app import (
    address,
    current,
    navigation,
    network_switch,
    picker,
    picture_picker,
    projector,
    share,
    shared,
    uploads,
)
from viz.pictures import raster, words

_CURRENT = "the digit of this run"
_GIVEN = "the digit of this run, before it was fitted to the network"
_PAGES = "all pages"
_PHONE = 80  # pixels a side of the picture above the page
_LONG = 3  # characters of a class name that is set smaller


def show(page: st.Page, pages: Sequence[st.Page], *, on_start: bool, offer: Callable[[Digit], None]) -> None:
    """Draw the sidebar.

    Args:
        page: The one that is shown.
        pages: All pages.
        on_start: Whether this is Start, where the picker is in the middle of the page.
        offer: Shows what can be given to others as a file; it takes a digit that the network can answer.
    """
    st.session_state[_PAGES] = pages
    with st.sidebar:
        given = st.session_state[_GIVEN] = _read_digit()
        digit = st.session_state[_CURRENT] = shared.fitted(given)
        picker.note(digit)
        with st.container(key="digit"):
            _show_digit(digit)
        if not on_start:
            picker.show(digit, on_start=False)
            with st.container():  # below the pad, which a warning must not move under the pen; always there
                uploads.show_doubts(digit)
        network_switch.show()
        navigation.show(page)
        with st.container(horizontal=True, vertical_alignment="center", key="hand-on"):
            projector.button()
            share.show(lambda: offer(digit) if answer(digit) else None)


def all_pages() -> Sequence[st.Page]:
    """Return all pages of the app, in their order."""
    pages: Sequence[st.Page] = st.session_state[_PAGES]
    return pages


def current_digit() -> Digit:
    """Return the digit that this run is about; the sidebar is drawn first and has found it."""
    digit: Digit = st.session_state[_CURRENT]
    return digit


def given_digit() -> Digit:
    """Return the digit that this run is about in its own size, for a network of another size."""
    digit: Digit = st.session_state[_GIVEN]
    return digit


def _read_digit() -> Digit:
    """Return the digit that is being drawn, or the picture that the link names; else the default, with a notice."""
    if live := picker.live():
        return live
    default = picker.DEFAULT_DIGIT if current.takes_digits() else pictures.DEFAULT
    try:
        return find_picture(address.read(address.DIGIT, default))
    except GlassError as error:
        found = find_picture(default)
        address.notice(f"{error} Showing a {found.class_name or found.label} instead.")
        return found


def find_picture(key: str) -> Digit:
    """Return the digit or the picture of a key; a network can be shown either."""
    if pictures.is_picture(key) or not (current.takes_digits() or digits.is_digit(key)):
        return picture_picker.find(key)
    return uploads.find(key) or digits.find(key)


def show_on_phone() -> None:
    """Show digit and answer above the page, where the sidebar is folded away; wide screens leave it out."""
    digit = current_digit()
    drawn = raster.image(picture_picker.reduced(digit.pixels, _PHONE))
    with st.container(key="phone", horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="phone"><img src="{drawn}" alt=""><span>{_sentence(answer(digit))}</span></p>')
        picker.pad_button()
    picker.show_pad_on_page(digit)


class Answer(NamedTuple):
    """What the network answers.

    Attributes:
        name: Of the class that it predicts.
        probability: Of this class, as it is shown.
        instead_of: Name of the label, where the answer is another.
    """

    name: str
    probability: str
    instead_of: str = ""


def answer(digit: Digit) -> Answer | None:
    """Return what the network answers; None without weights, which the page says in full."""
    try:
        trace = shared.record(digit)
    except WeightsError:
        return None
    label = trace.prediction if digit.label is None else digit.label
    wrong = "" if label == trace.prediction else trace.class_name(label)
    return Answer(trace.class_name(trace.prediction), words.percent(trace.probabilities.max()), wrong)


def _show_digit(digit: Digit) -> None:
    kind = "digit" if current.takes_digits() else "picture"
    said = escape(picker.describe(digit))
    st.html(
        f'<figure class="digit"><img src="{raster.image(digit.pixels)}" alt="The current {kind}: {said}">'
        f"<figcaption>{large(answer(digit))}<small>{said}</small></figcaption></figure>"
    )


def large(found: Answer | None) -> str:
    """Draw an answer in HTML, large enough for the back row."""
    if found is None:
        return "<span>Without weights there is no prediction</span>"
    wrong = f"<span>not {escape(found.instead_of)}</span>" if found.instead_of else ""
    named = " class='named'" if len(found.name) > _LONG else ""
    return (
        f"<span>The network predicts</span><strong{named}>{escape(found.name)}</strong>"
        f"<span>{found.probability}</span>{wrong}"
    )


def _sentence(found: Answer | None) -> str:
    if found is None:
        return "Without weights there is no prediction"
    wrong = f", not {escape(found.instead_of)}" if found.instead_of else ""
    return f"The network predicts <strong>{escape(found.name)}</strong>{wrong} ({found.probability})"
