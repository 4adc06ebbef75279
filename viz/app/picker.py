"""Choose a digit: a sample, one of MNIST, a drawing or an upload; in the sidebar, or in the middle of Start."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from model.errors import InputError
from model.images import codec, digits
from model.images import strokes as handwriting
from model.images.records import Digit
from model.images.strokes import Point
from viz.app import address, current, mnist_picker, picture_picker, uploads
from viz.app.components import drawing_pad, given_pictures, picture_grid
from viz.app.markdown import escape_markdown

DEFAULT_DIGIT = "project-3a"
_SAMPLES, _TEST, _DRAWN, _UPLOAD = "project", "test", "drawn", "upload"
_SOURCES = {_SAMPLES: "Samples", _TEST: "MNIST", _DRAWN: "Draw", _UPLOAD: "Upload"}
_LIVE = "the digit that is being drawn"
_TOO_MUCH = "strokes that were refused, and why"
_BEFORE = "the digit before drawing began"
_ON_START = "source-on-start"
_ON_PAGE = "whether the pad is above the page"


def show(digit: Digit, *, on_start: bool) -> None:
    """Draw the choice of a source, and what it offers: on Start the pad, elsewhere nothing until one is chosen."""
    with st.container(key="picker"):
        given_pictures(_SOURCES[_UPLOAD])
        if current.takes_digits():
            _show_digits(digit, on_start=on_start)
        else:
            picture_picker.show(digit, opened=on_start)


def _show_digits(digit: Digit, *, on_start: bool) -> None:
    address.expect(mnist_picker.ALLOWED)
    match st.segmented_control(
        "Choose a digit",
        list(_SOURCES),
        default=_DRAWN if on_start else None,
        format_func=_SOURCES.__getitem__,
        required=on_start,
        key=_ON_START if on_start else "source",
        label_visibility="collapsed",
        width="stretch",
    ):
        case "project":
            _choose_sample(digit)
        case "test":
            mnist_picker.show(digit)
        case "drawn" if _is_on_page() and not on_start:
            st.caption("The pad is above the page.")
        case "drawn":
            draw(digit, folded=on_start)
        case "upload":
            uploads.show(digit)


def shows_pad() -> bool:
    """Tell whether Start shows the pad."""
    return current.takes_digits() and st.session_state.get(_ON_START, _DRAWN) == _DRAWN


def pad_button() -> None:
    """Let a phone, where the sidebar is folded away, open the pad above the page, and close it again."""
    if current.takes_digits():
        st.button("Done" if _is_on_page() else "Draw", key="pad-on-page", on_click=_toggle_pad)


def show_pad_on_page(digit: Digit) -> None:
    """Show the pad above the page, if it was opened there."""
    if current.takes_digits() and _is_on_page():
        draw(digit, folded=True)


def _is_on_page() -> bool:
    return bool(st.session_state.get(_ON_PAGE))


def _toggle_pad() -> None:
    st.session_state[_ON_PAGE] = not _is_on_page()


def live() -> Digit | None:
    """Return the digit that is being drawn; none where the network reads no digits, because the pad is gone."""
    if not current.takes_digits():
        st.session_state.pop(_LIVE, None)
    return st.session_state.get(_LIVE)


def note(digit: Digit) -> None:
    """Remember a digit that was not drawn: it comes back when the pad is cleared."""
    if not digit.key.startswith("drawn-"):
        st.session_state[_BEFORE] = digit.key


def describe(digit: Digit) -> str:
    """Say in a few words which digit or picture it is; its names may come from strangers."""
    if digit.class_name and digit.label is None:
        return f"{digit.source}, labelled {digit.class_name}, which is no class of this network"
    label = digit.class_name or digit.label
    return digit.source if label is None else f"{digit.source}, labelled {label}"


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


def draw(digit: Digit, *, folded: bool) -> None:
    """Show the pad, and unless that is left out, what the drawing goes through.

    Args:
        digit: What the page is about.
        folded: Whether only the pad is shown.
    """
    on_pad = digit.key.startswith("drawn-")
    code = digit.key.removeprefix("drawn-") if on_pad else ""
    strokes = codec.unpack_strokes(code) if on_pad else []
    why = ""
    if _TOO_MUCH in st.session_state:
        strokes, why = st.session_state[_TOO_MUCH]
        code = why
    drawing_pad(strokes, code, handwriting.PEN, _receive_ink)
    with st.container(key="keys"):
        st.caption("With keys: arrows move the pen, the space bar lowers and lifts it.")
    if why:
        st.error(escape_markdown(f"{why} The digit before it stays."))
    elif on_pad and not folded:
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
