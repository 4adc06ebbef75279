"""The mistakes page's controls and its pictures; what is chosen lives in the link."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from model.errors import DataError
from model.images import digits, mnist
from model.mistakes import confusion
from model.mistakes.records import Answer, Confusion
from model.records import Pair, Pixels
from viz.app import address, mnist_picker, sidebar, tables, widgets
from viz.app.markdown import plain
from viz.head import controls as heads
from viz.mistakes import cache, figures

VIEW = "mistakes_view"
VIEWS = {"matrix": "Confusion matrix", "all": "Every mistake", "calibration": "How sure it is"}
CELL, SORT, WHICH, IMAGE, TEMPERATURE = "cell", "mistakes_sort", "mistakes_of", "image", "mistakes_t"
PAGE = "mistakes"
PARTS = (slice(None, 5_000), slice(5_000, None))  # of the test images, by those who wrote them
_SORTS = {"sure": "Most sure of what is read first", "label": "Least sure of the label first"}
_FITTED = "fitted"
_TOGETHER = 24  # images that are shown at once
_TEMPERATURES = tuple(f"{step / 20:.2f}" for step in range(8, 51))
_CELLS = [f"{label}.{read}" for label in range(10) for read in range(10)]
_LISTS = {"all": "All {} mistakes", "disputed": "The {} disputed labels"}


def cell(found: Confusion) -> Pair:
    """Return the label and the class whose images are asked for; by default those of the most frequent mistake."""
    chosen = address.read_one_of(CELL, _CELLS, _cell_of_image() or ".".join(map(str, found.worst)))
    label, read = map(int, chosen.split("."))
    return label, read


def _cell_of_image() -> str:
    """Return the cell of the image that the link names, if it names one."""
    index = address.read(IMAGE, "")
    if not _is_image(index):
        return ""
    (answer,) = confusion.answers(cache.scores(), [int(index)])
    return f"{answer.label}.{answer.read}"


def allowed() -> dict[str, Iterable[str]]:
    """Return what the page's parameters can be in the link."""
    images = map(str, range(mnist.SIZES["test"]))
    return {CELL: _CELLS, SORT: _SORTS, WHICH: _LISTS, TEMPERATURE: [_FITTED, *_TEMPERATURES], IMAGE: images}


def _is_image(text: str) -> bool:
    return text in map(str, range(mnist.SIZES["test"]))


def cell_link(label: int, read: int) -> str:
    """Return the address that shows the images of a cell."""
    return address.address(PAGE, **{CELL: f"{label}.{read}", IMAGE: ""})


def of_cell(chosen: Pair) -> tuple[Answer, ...]:
    """Return the images of a cell, the least sure first where they are right."""
    found = confusion.cell(cache.scores(), *chosen)
    right = chosen[0] == chosen[1]
    return confusion.least_confident_first(found) if right else confusion.most_confident_first(found)


def listed() -> tuple[Answer, ...]:
    """Let the person choose which images are listed and in which order."""
    wrong, disputed = confusion.mistakes(cache.scores()), confusion.disputed(cache.scores())
    lists = {name: _LISTS[name].format(len(each)) for name, each in (("all", wrong), ("disputed", disputed))}
    left, right = st.columns(2, gap="medium")
    with left:
        which = widgets.segments("Which images", WHICH, lists, together=_anew)
    with right:
        order = address.bind(st.selectbox, "Order", SORT, _SORTS, "sure", together=_anew)
    found = disputed if which == "disputed" else wrong
    return confusion.least_likely_label_first(found) if order == "label" else confusion.most_confident_first(found)


def _anew(_value: str) -> Mapping[str, str]:
    """Begin at the first image of another list."""
    return {IMAGE: ""}


def position(answers: Sequence[Answer]) -> int:
    """Return where in a list the image of the link stands; the first, where it is not in it."""
    if not answers:
        return 0
    indices = [str(each.index) for each in answers]
    asked = address.read(IMAGE, "")
    elsewhere = {asked: indices[0]} if _is_image(asked) and asked not in indices else {}
    return indices.index(address.read_one_of(IMAGE, indices, indices[0], elsewhere))


def show_cards(answers: Sequence[Answer], at: int, numbers: tables.Numbers) -> None:
    """Show the part of a list in which one image stands, each a link.

    Args:
        answers: The list.
        at: Where in it the image stands that is marked.
        numbers: Of the whole list.
    """
    if not answers:
        st.write("No image is read so.")
        return
    start = at // _TOGETHER * _TOGETHER
    shown = answers[start : start + _TOGETHER]
    drawn = figures.cards(
        shown, pictures(shown), answers[at].index, lambda index: address.address(PAGE, **{IMAGE: str(index)})
    )

    def part() -> None:
        """Show the cards, and lead to the parts of the list before and after them."""
        st.html(drawn)
        if len(answers) > _TOGETHER:
            _turn_pages(answers, start)

    widgets.figure(part, figures.say_cards(shown), numbers)


def _turn_pages(answers: Sequence[Answer], start: int) -> None:
    """Lead to the parts of a list before and after the one that begins at ``start``."""
    last = min(start + _TOGETHER, len(answers))
    with st.container(horizontal=True, vertical_alignment="center"):
        _go("Back", answers, start - _TOGETHER)
        _go("More", answers, start + _TOGETHER)
        st.caption(f"{start + 1:,} to {last:,} of {len(answers):,}")


def _go(label: str, answers: Sequence[Answer], to: int, shortcut: str | None = None) -> None:
    """Draw a button to an image of a list."""

    def choose() -> None:
        address.write(**{IMAGE: str(answers[to].index)})

    st.button(label, shortcut=shortcut, disabled=not 0 <= to < len(answers), on_click=choose, key=f"{PAGE}-{label}")


def show_one(answers: Sequence[Answer], at: int) -> None:
    """Show one image of a list in full, lead to its neighbours, and open it on any other page."""
    if not answers:
        return
    answer = answers[at]
    found = pictures([answer])
    numbers = tables.File(
        "Download its probabilities as CSV", partial(figures.as_csv, [answer]), f"image-{answer.index}.csv"
    )
    widgets.figure(figures.exhibit(answer, found.get(answer.index)), figures.say(answer), numbers)
    with st.container(horizontal=True, vertical_alignment="center"):
        _go("Previous", answers, at - 1, "Left")
        _go("Next", answers, at + 1, "Right")
        st.caption(f"{at + 1:,} of {len(answers):,}")
    if found:
        _open_elsewhere(answer)


def _open_elsewhere(answer: Answer) -> None:
    """Lead to every other page with this image chosen; to some with the two classes that compete."""
    against = {heads.TARGET: str(answer.read), heads.AGAINST: str(answer.label)}
    rather = {"saliency": {address.EXPLAIN: "difference", **against}, "head": {heads.PART: "two", **against}}
    with st.container(horizontal=True, key="open_on", gap="small"):
        st.write("Open it on")
        for page in sidebar.all_pages():
            if page.url_path != PAGE:
                more = {} if answer.is_right else rather.get(page.url_path, {})
                title = f"{page.title}: {answer.read} rather than {answer.label}" if more else page.title
                chosen = address.link(**{address.DIGIT: f"test-{answer.index}"}, **more)
                st.page_link(page, label=title, query_params=chosen)


def pictures(answers: Sequence[Answer]) -> dict[int, Pixels]:
    """Return the pictures of images by their numbers; none where MNIST is absent or another data set."""
    if not mnist.is_present():
        return {}
    try:
        test = digits.mnist("test")
    except DataError:
        return {}
    if not np.array_equal(test.labels, cache.scores().labels):
        return {}
    return {each.index: test.images[each.index] for each in answers}


def offer_pictures() -> None:
    """Read MNIST; where it is absent offer to download it, and where it is damaged say so."""
    with st.container(border=not mnist.is_present()):
        test = mnist_picker.read(PAGE)
    if test is not None and not np.array_equal(test.labels, cache.scores().labels):
        st.error(plain(f"The files in '{mnist.root()}' have other labels than MNIST's, so no pictures are shown."))


def temperature(fitted: float) -> float:
    """Let the person choose what the logits are divided by; the fitted temperature is among the choices."""
    values = {_FITTED: fitted, **{text: float(text) for text in _TEMPERATURES}}
    said = {text: text for text in _TEMPERATURES} | {_FITTED: f"{fitted:.2f}, fitted"}
    options = {text: said[text] for text in sorted(values, key=lambda text: values[text])}
    return values[address.bind(st.select_slider, "Temperature T", TEMPERATURE, options, "1.00")]


def offer_fitted(fitted: float) -> None:
    """Offer the temperature that was fitted, and the network's own."""
    with st.container(horizontal=True):
        for label, text in ((f"T = {fitted:.2f}, as fitted", _FITTED), ("T = 1, as it is", "1.00")):
            st.button(label, on_click=partial(address.write, **{TEMPERATURE: text}), key=f"mistakes-t-{text}")


def temperatures() -> tuple[float, ...]:
    """Return all temperatures that can be chosen besides the fitted one."""
    return tuple(map(float, _TEMPERATURES))
