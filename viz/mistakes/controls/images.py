"""The images of a list with their predictions: one of them large, and all as cards, a part at a time."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from model.errors import DataError
from model.images import digits, mnist
from model.mistakes.labelled import LabelledPictures
from model.mistakes.records import MNIST, Prediction
from model.records import Pixels
from viz.app import address, mnist_picker, projector, shared, sidebar, tables, widgets
from viz.app.markdown import escape_markdown
from viz.head import controls as heads
from viz.mistakes import cache, figures
from viz.mistakes.controls import IMAGE, PAGE, is_image

_PER_PAGE, _ON_A_PROJECTOR = 24, 18  # images


def _per_page() -> int:
    return _ON_A_PROJECTOR if projector.is_on() else _PER_PAGE


def position(pictures: LabelledPictures, predictions: Sequence[Prediction]) -> int:
    """Return the position in a list of the image in the address; if it is not in the list, the first."""
    if not predictions:
        return 0
    indices = [str(each.index) for each in predictions]
    asked = address.read(IMAGE, "")
    elsewhere = {asked: indices[0]} if is_image(pictures, asked) and asked not in indices else {}
    return indices.index(address.read_one_of(IMAGE, indices, indices[0], elsewhere))


def show_cards(pictures: LabelledPictures, predictions: Sequence[Prediction], at: int, numbers: tables.Numbers) -> None:
    """Show the part of a list that holds the marked image; each card is a link.

    Args:
        pictures: The set of pictures.
        predictions: The list.
        at: The position of the marked image.
        numbers: Of the whole list.
    """
    if not predictions:
        st.write("There are no such images.")
        return
    start = at // _per_page() * _per_page()
    shown = predictions[start : start + _per_page()]
    seen = _small(pictures, [each.index for each in shown])
    drawn = figures.cards(
        shown, seen, predictions[at].index, lambda index: address.address(PAGE, **{IMAGE: str(index)})
    )

    def part() -> None:
        """Show the cards, and buttons to the other parts of the list."""
        st.html(drawn)
        if len(predictions) > _per_page():
            _paging(predictions, start)

    widgets.figure(part, figures.say_cards(shown), numbers)


def _paging(predictions: Sequence[Prediction], start: int) -> None:
    """Show buttons to the parts of a list before and after the one that begins at ``start``."""
    last = min(start + _per_page(), len(predictions))
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("Back", predictions, start - _per_page())
        _button("More", predictions, start + _per_page())
        st.caption(f"{start + 1:,} to {last:,} of {len(predictions):,}")


def _button(label: str, predictions: Sequence[Prediction], to: int, shortcut: str | None = None) -> None:
    """Show a button to an image of a list."""

    def choose() -> None:
        address.write(**{IMAGE: str(predictions[to].index)})

    disabled = not 0 <= to < len(predictions)
    st.button(label, shortcut=shortcut, disabled=disabled, on_click=choose, key=f"{PAGE}-{label}")


def show_large(pictures: LabelledPictures, predictions: Sequence[Prediction], at: int) -> None:
    """Show one image of a list large, with buttons to its neighbours and links to other pages."""
    if not predictions:
        return
    found = predictions[at]
    pixels = _as_taken(pictures, found.index)
    csv = partial(figures.as_csv, [found])
    numbers = tables.CsvFile("Download its probabilities as CSV", csv, f"image-{found.index}.csv")
    widgets.figure(figures.large(found, pixels), figures.say(found), numbers)
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("Previous", predictions, at - 1, "Left")
        _button("Next", predictions, at + 1, "Right")
        st.caption(f"{at + 1:,} of {len(predictions):,}")
    if pixels is not None and not projector.is_on():
        _links_to_pages(pictures.key(found.index), found)


def _links_to_pages(key: str, found: Prediction) -> None:
    """Show links to all other pages with this image, and to some with its predicted class and its label."""
    against = {heads.TARGET: str(found.predicted), heads.AGAINST: str(found.label)}
    difference = {"saliency": {address.EXPLAIN: "difference", **against}, "head": {heads.PART: "two", **against}}
    with st.container(horizontal=True, key="open_on", gap="small"):
        st.write("Open it on")
        for page in sidebar.all_pages():
            if page.url_path != PAGE:
                more = {} if found.is_correct else difference.get(page.url_path, {})
                pair = escape_markdown(f"{found.predicted_name} rather than {found.label_name}")
                title = f"{page.title}: {pair}" if more else page.title
                st.page_link(page, label=title, query_params=address.link(**{address.DIGIT: key}, **more))


def _small(pictures: LabelledPictures, places: Sequence[int]) -> dict[int, Pixels]:
    """Return the pictures of a list by their places."""
    return dict(pictures.small(places)) if _can_be_seen(pictures) else {}


def _as_taken(pictures: LabelledPictures, place: int) -> Pixels | None:
    """Return a picture as the network takes it, without its normalisation."""
    if not _can_be_seen(pictures):
        return None
    if pictures.name == MNIST:  # which people know as it was published
        return pictures.small([place])[place]
    for each in pictures.read([place]):
        return shared.fitted_pixels(each.pixels)
    return None


def _can_be_seen(pictures: LabelledPictures) -> bool:
    """Tell whether there are pictures; there are none if MNIST is absent or another data set."""
    if pictures.name != MNIST:
        return True
    if not mnist.is_present():
        return False
    try:
        return np.array_equal(digits.mnist("test").labels, cache.scores(pictures).labels)
    except DataError:
        return False


def offer_mnist(pictures: LabelledPictures) -> None:
    """Read MNIST, if the pictures are its own; if it is absent, offer to download it; if it is damaged, say so."""
    if pictures.name != MNIST:
        return
    with st.container(border=not mnist.is_present()):
        test = mnist_picker.read(PAGE)
    if test is not None and not np.array_equal(test.labels, cache.scores(pictures).labels):
        st.error(
            escape_markdown(f"The files in '{mnist.root()}' have other labels than MNIST's, so no pictures are shown.")
        )
