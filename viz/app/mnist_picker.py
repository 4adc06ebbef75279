"""Choose among MNIST's 10,000 test images: by index, by class, at random, or hardest first."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from model.errors import DataError
from model.images import digits, mnist
from model.images.records import Digit
from viz.app import address, paging, shared
from viz.app.components import picture_grid
from viz.app.error_boundary import or_show_error
from viz.app.markdown import escape_markdown

_LIST = "mnist"
_EVERY_CLASS = "any"
_HARDEST = "hardest first"  # by the negative log-probability of the label
_CLASSES, _ORDERS = [_EVERY_CLASS, *map(str, range(10))], ["by index", _HARDEST]
ALLOWED = {address.CLASS: _CLASSES, address.ORDER: _ORDERS}


def show(digit: Digit) -> None:
    """Draw the picker, or an offer to download MNIST if it is missing."""
    test = read("sidebar")
    if test is None:
        return
    order = _order(test)
    start = paging.start(_LIST, len(order), _position_of(digit, order))
    shown = order[start : start + paging.SHOWN]
    keys = [test[int(index)].key for index in shown]
    picture_grid(
        "MNIST's test images",
        test.images[shown],
        [f"image {index:,}, labelled {test.labels[index]}" for index in shown],
        keys.index(digit.key) if digit.key in keys else -1,
        lambda index: address.write(digit=keys[index]),
        key=_LIST,
    )
    paging.buttons(_LIST, len(order), start, lambda position: f"test-{order[position]}")
    st.caption(f"{start + 1:,} to {min(start + paging.SHOWN, len(order)):,} of {len(order):,}")
    _image_number(digit, len(test))


def read(key: str) -> digits.MnistDigits | None:
    """Return MNIST's test images; if they are missing, offer the download and return None; None too if damaged.

    Args:
        key: Distinguishes this offer from others on the same page.
    """
    if not mnist.is_present():
        offer_download(key)
        return None
    with st.spinner("Reading MNIST"):
        return or_show_error(lambda: digits.mnist("test"))


def _order(test: digits.MnistDigits) -> NDArray[np.int64]:
    """Return the indices of the images of the chosen class, in the chosen order."""
    left, right = st.columns([2, 3])
    wanted = address.bind(
        left.selectbox,
        "Class",
        address.CLASS,
        _CLASSES,
        _EVERY_CLASS,
        together=lambda _value: paging.from_the_start(_LIST),
    )
    chosen = address.bind(
        right.selectbox,
        "Order",
        address.ORDER,
        _ORDERS,
        _ORDERS[0],
        together=lambda _value: paging.from_the_start(_LIST),
    )
    losses = or_show_error(shared.mnist_losses) if chosen == _HARDEST else None
    order = np.arange(len(test)) if losses is None else (-losses).argsort(kind="stable")
    return order if wanted == _EVERY_CLASS else order[test.labels[order] == int(wanted)]


def _position_of(digit: Digit, order: NDArray[np.int64]) -> int:
    """Return the position of a digit in the list, or 0 if it is not there."""
    source, _, index = digit.key.partition("-")
    if source != "test" or int(index) not in order:
        return 0
    return int(np.flatnonzero(order == int(index))[0])


def _image_number(digit: Digit, count: int) -> None:
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


def offer_download(key: str) -> None:
    """Say that MNIST is missing, and offer to download it.

    Args:
        key: Distinguishes this offer from others on the same page.
    """
    st.write("MNIST is not on this computer: a download of 11 MB. What needs none of its images works without it.")
    if not st.button("Download MNIST", width="stretch", key=f"download-{key}"):
        return
    bar, place = st.progress(0.0, "Downloading MNIST"), st.empty()
    place.button("Cancel", key=f"cancel-{key}")  # any click stops this run, and so the download

    def advance(share: float) -> None:
        bar.progress(share, f"Downloading MNIST: {share:.0%}")

    try:
        mnist.download(advance)
    except DataError as error:
        bar.empty()
        place.empty()
        st.error(escape_markdown(str(error)))
        return
    st.rerun()
