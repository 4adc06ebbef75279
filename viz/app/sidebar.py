"""The sidebar of every page: where to go, the picture that everything is about, and how to choose another."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from model.errors import GlassError, InputError, WeightsError
from model.images import codec, digits, pictures
from model.images import strokes as handwriting
from model.images.records import Digit
from model.images.strokes import Point
from viz.app import address, current, mnist_picker, network_switch, picture_picker, projector, share, shared, uploads
from viz.app.components import drawing_pad, given_pictures, picture_grid
from viz.app.markdown import escape_markdown
from viz.pictures import raster, words

DEFAULT_DIGIT = "project-3a"
_SOURCES = {"project": "Samples", "test": "MNIST", "drawn": "Draw", "upload": "Upload"}
_CURRENT = "the digit of this run"
_GIVEN = "the digit of this run, before it was fitted to the network"
_PAGES = "all pages"
_LIVE = "the digit that is being drawn"
_TOO_MUCH = "strokes that were refused, and why"
_BEFORE = "the digit before drawing began"
_PHONE = 80  # pixels a side of the picture above the page


def show(pages: Sequence[st.Page]) -> None:
    """Draw the sidebar."""
    st.session_state[_PAGES] = pages
    with st.sidebar:
        with st.container(key="pages"):
            for page in pages:
                st.page_link(page, query_params=address.link(), width="stretch")
        projector.button()
        share.show()
        network_switch.show()
        given = st.session_state[_GIVEN] = _read_digit()
        digit = st.session_state[_CURRENT] = shared.fitted(given)
        if not digit.key.startswith("drawn-"):
            st.session_state[_BEFORE] = digit.key
        _show_digit(digit)
        _choose(digit)


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
    takes_digits = current.takes_digits()
    if not takes_digits:
        st.session_state.pop(_LIVE, None)  # the pad is gone
    elif _LIVE in st.session_state:
        live: Digit = st.session_state[_LIVE]
        return live
    default = DEFAULT_DIGIT if takes_digits else pictures.DEFAULT
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
    st.html(f'<p class="phone"><img src="{drawn}" alt=""><span>{_reading(digit)}</span></p>')


def describe(digit: Digit) -> str:
    """Say in a few words which digit or picture it is; its names may come from strangers."""
    if digit.class_name and digit.label is None:
        return f"{digit.source}, labelled {digit.class_name}, which is no class of this network"
    label = digit.class_name or digit.label
    return digit.source if label is None else f"{digit.source}, labelled {label}"


def _show_digit(digit: Digit) -> None:
    kind = "digit" if current.takes_digits() else "picture"
    said = escape(describe(digit))
    st.html(
        f'<figure class="digit"><img src="{raster.image(digit.pixels)}" alt="The current {kind}: {said}">'
        f"<figcaption>{_reading(digit)}"
        f"<br><small>{said}</small></figcaption></figure>"
    )


def _reading(digit: Digit) -> str:
    try:
        trace = shared.record(digit)
    except WeightsError:  # which the page says in full
        return "Without weights there is no prediction"
    wrong = ""
    if digit.label is not None and digit.label != trace.prediction:
        wrong = f", not {escape(trace.class_name(digit.label))}"
    certainty = words.percent(trace.probabilities.max())
    return f"The network predicts <strong>{escape(trace.class_name(trace.prediction))}</strong>{wrong} ({certainty})"


def _choose(digit: Digit) -> None:
    given_pictures(_SOURCES["upload"])
    if not current.takes_digits():
        picture_picker.show(digit)
        return
    address.expect(mnist_picker.ALLOWED)
    source = digit.key.partition("-")[0]
    match st.segmented_control(
        "Choose a digit",
        list(_SOURCES),
        default=source if source in _SOURCES else "test",
        format_func=_SOURCES.__getitem__,
        required=True,
        key="source",
        width="stretch",
    ):
        case "project":
            _choose_sample(digit)
        case "test":
            mnist_picker.show(digit)
        case "drawn":
            _draw(digit)
        case "upload":
            uploads.show(digit)


def _choose_sample(digit: Digit) -> None:
    clear = [sample for sample in digits.samples() if sample.label is not None]
    _sample_grid("The project's digits", clear, digit)
    st.caption("Between two digits")
    _sample_grid("The project's digits between two", [s for s in digits.samples() if s.label is None], digit)


def _sample_grid(label: str, samples: Sequence[Digit], digit: Digit) -> None:
    keys = [sample.key for sample in samples]
    picture_grid(
        label,
        np.stack([sample.pixels for sample in samples]),
        [f"{sample.key.removeprefix('project-')}: {describe(sample)}" for sample in samples],
        keys.index(digit.key) if digit.key in keys else -1,
        lambda index: address.write(digit=keys[index]),
        key=label,
    )


def _draw(digit: Digit) -> None:
    on_pad = digit.key.startswith("drawn-")
    code = digit.key.removeprefix("drawn-") if on_pad else ""
    strokes = codec.unpack_strokes(code) if on_pad else []
    why = ""
    if _TOO_MUCH in st.session_state:
        strokes, why = st.session_state[_TOO_MUCH]
        code = why
    drawing_pad(strokes, code, handwriting.PEN, _receive_ink)
    st.caption("Draw a digit. With keys: arrows move the pen, the space bar lowers and lifts it.")
    with st.container():  # always there, so that what is open below stays open when a warning goes
        uploads.show_doubts(digit)
    if why:
        st.error(escape_markdown(f"{why} The digit before it stays."))
    elif on_pad:
        uploads.show_stages(digit)
        uploads.show_turning(digit)


def _receive_ink(strokes: list[list[Point]], done: bool) -> None:
    """Read along while the pen moves; once it is lifted, the drawing goes into the link.

    What cannot be read stays on the pad, so that it can be undone, and the digit stays as it was.
    """
    for name in (_LIVE, _TOO_MUCH):
        st.session_state.pop(name, None)
    if not strokes:
        address.write(digit=st.session_state.get(_BEFORE, DEFAULT_DIGIT))
        return
    try:
        digit = digits.from_strokes(strokes)
    except InputError as error:
        st.session_state[_TOO_MUCH] = strokes, str(error)
        return
    if done:
        address.write(digit=digit.key)
    else:
        st.session_state[_LIVE] = digit
