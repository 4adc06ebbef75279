"""Choose among MNIST's 10,000 test images: by index, by class, at random, or hardest first."""

import random

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.errors import DataError
from model.images import digits, mnist
from model.images.records import Digit
from viz.app import address, shared
from viz.app.components import picture_grid
from viz.app.error_boundary import or_say_why
from viz.app.markdown import plain

_SHOWN = 20
_START = "mnist-start"
_EVERY_CLASS = "any"
_HARDEST = "hardest first"  # by the negative log-probability of the label
_CLASSES, _ORDERS = [_EVERY_CLASS, *map(str, range(10))], ["by index", _HARDEST]
ALLOWED = {address.CLASS: _CLASSES, address.ORDER: _ORDERS}


def show(digit: Digit) -> None:
    """Draw the picker, or where MNIST is absent the offer to download it."""
    test = read("sidebar")
    if test is None:
        return
    order = _order(test)
    start = st.session_state.setdefault(_START, _page_of(digit, order))
    start = min(start, (len(order) - 1) // _SHOWN * _SHOWN)  # going back can lead to a shorter list
    shown = order[start : start + _SHOWN]
    keys = [test[int(index)].key for index in shown]
    picture_grid(
        "MNIST's test images",
        test.images[shown],
        [f"image {index:,}, labelled {test.labels[index]}" for index in shown],
        keys.index(digit.key) if digit.key in keys else -1,
        lambda index: address.write(digit=keys[index]),
        key="mnist",
    )
    _turn_pages(order, start)
    _by_index(digit, len(test))


def read(key: str) -> digits.MnistDigits | None:
    """Return MNIST's test images; None where they are absent, with the offer to download them, or are damaged.

    Args:
        key: Tells this offer from others on the same page.
    """
    if not mnist.is_present():
        offer_download(key)
        return None
    with st.spinner("Reading MNIST"):
        return or_say_why(lambda: digits.mnist("test"))


def _order(test: digits.MnistDigits) -> NDArray[np.int64]:
    """Return the indices of the images that are asked for, in the order that is asked for."""
    left, right = st.columns([2, 3])
    wanted = address.bind(left.selectbox, "Class", address.CLASS, _CLASSES, _EVERY_CLASS, together=_from_the_start)
    chosen = address.bind(right.selectbox, "Order", address.ORDER, _ORDERS, _ORDERS[0], together=_from_the_start)
    losses = or_say_why(shared.mnist_losses) if chosen == _HARDEST else None
    order = np.arange(len(test)) if losses is None else (-losses).argsort(kind="stable")
    return order if wanted == _EVERY_CLASS else order[test.labels[order] == int(wanted)]


def _page_of(digit: Digit, order: NDArray[np.int64]) -> int:
    """Return where the page begins that shows a digit, or 0 where none does."""
    source, _, index = digit.key.partition("-")
    if source != "test" or int(index) not in order:
        return 0
    return int(np.flatnonzero(order == int(index))[0]) // _SHOWN * _SHOWN


def _turn_pages(order: NDArray[np.int64], start: int) -> None:
    def go(to: int) -> None:
        st.session_state[_START] = to

    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.button("Back", on_click=go, args=(start - _SHOWN,), disabled=start == 0)
        st.button("Random", on_click=_pick_at_random, args=(order,))
        st.button("More", on_click=go, args=(start + _SHOWN,), disabled=start + _SHOWN >= len(order))
    st.caption(f"{start + 1:,} to {min(start + _SHOWN, len(order)):,} of {len(order):,}")


def _pick_at_random(order: NDArray[np.int64]) -> None:
    position = random.randrange(len(order))  # noqa: S311 (no secret)
    st.session_state[_START] = position // _SHOWN * _SHOWN
    address.write(digit=f"test-{order[position]}")


def _by_index(digit: Digit, count: int) -> None:
    source, _, index = digit.key.partition("-")
    st.session_state["mnist-index"] = int(index) if source == "test" else None

    def choose(chosen: int | None) -> None:
        if chosen is not None:
            address.write(digit=f"test-{chosen}")

    st.number_input(
        "Image number",
        0,
        count - 1,
        value=None,
        placeholder=f"0 to {count - 1:,}",
        key="mnist-index",
        on_change=address.when_chosen("mnist-index", choose),
    )


def _from_the_start(_value: str) -> dict[str, str]:
    st.session_state[_START] = 0
    return {}


def offer_download(key: str) -> None:
    """Say that MNIST is absent, and offer to download it.

    Args:
        key: Tells this offer from others on the same page.
    """
    st.write("MNIST is not on this computer: a download of 11 MB. Whatever needs none of its images works without it.")
    if not st.button("Download MNIST", width="stretch", key=f"download-{key}"):
        return
    bar, place = st.progress(0.0, "Downloading MNIST"), st.empty()
    place.button("Cancel", key=f"cancel-{key}")  # any click ends this run, and the download with it

    def advance(share: float) -> None:
        bar.progress(share, f"Downloading MNIST: {share:.0%}")

    try:
        mnist.download(advance)
    except DataError as error:
        bar.empty()
        place.empty()
        st.error(plain(str(error)))
        return
    st.rerun()
