"""The controls of the mistakes page and its pictures; the address holds what is chosen."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from model.errors import DataError, InputError
from model.images import digits, mnist
from model.mistakes import confusion
from model.mistakes.calibration.records import TemperatureScaling
from model.mistakes.records import Confusion, Prediction
from model.records import Pair, Pixels
from viz.app import address, current, mnist_picker, shared, sidebar, tables, widgets
from viz.app.markdown import escape_markdown
from viz.head import controls as heads
from viz.mistakes import cache, calibration, figures
from viz.pictures import words
from viz.training import origin

VIEW = "mistakes_view"
VIEWS = {"matrix": "Confusion matrix", "all": "Every mistake", "calibration": "Calibration"}
CELL, SORT, WHICH, IMAGE, TEMPERATURE = "cell", "mistakes_sort", "mistakes_of", "image", "mistakes_t"
PAGE = "mistakes"
PARTS = (slice(None, 5_000), slice(5_000, None))  # the test images of the two groups of writers
_SORTS = {"sure": "Highest confidence first", "label": "Lowest probability of the label first"}
_FITTED = "fitted"
_LISTED = 3  # classes that a sentence names
_PER_PAGE = 24  # images
_TEMPERATURES = tuple(f"{step / 20:.2f}" for step in range(8, 51))
_CELLS = [f"{label}.{predicted}" for label in range(10) for predicted in range(10)]
_LISTS = {"all": "All {} mistakes", "disputed": "The {} disputed labels"}


def load_first() -> None:
    """Read what comes along before anything is drawn, so that what is wrong with it is said in place of the page.

    Raises:
        WeightsError: The shipped scores are missing or damaged.
    """
    if current.is_assignment():
        cache.scores()


def has_labelled_images() -> bool:
    """Tell whether there are predictions to show; where there are none, say what is missing, and what to do."""
    if not current.takes_digits():
        names = ", ".join(shared.network().classes[:_LISTED])
        missing = (
            "Mistakes are counted on images with labels. MNIST has 10,000 for networks that read digits; this network "
            f"takes pictures of {words.shape(shared.network().input.shape)} and tells {names} and so on apart."
        )
        widgets.dead_end(missing, PAGE, "See the mistakes of the assignment's network")
        return False
    if current.is_assignment() or mnist.is_present():
        return True
    st.write("The mistakes of this network are not stored: they are counted on MNIST's 10,000 test images.")
    with st.container(border=True):
        mnist_picker.offer_download(PAGE)
    return False


def say_origin() -> str:
    """Say how the network was trained, as far as its card says."""
    card = cache.weights_card() if current.is_assignment() else shared.network().card
    if card:
        return origin.say(card)
    return "Computed by this app, with the network as it was opened. Its file does not say how it was trained."


def cell(found: Confusion) -> Pair:
    """Return the label and the predicted class in the address; by default those of the most frequent mistake."""
    chosen = address.read_one_of(CELL, _CELLS, _cell_of_image() or ".".join(map(str, found.most_frequent_mistake)))
    label, predicted = map(int, chosen.split("."))
    return label, predicted


def _cell_of_image() -> str:
    """Return the cell of the image in the address, if there is one."""
    index = address.read(IMAGE, "")
    if not _is_image(index):
        return ""
    (found,) = confusion.predictions(cache.scores(), [int(index)])
    return f"{found.label}.{found.predicted}"


def allowed() -> dict[str, Iterable[str]]:
    """Return what the page's parameters can be in the link."""
    images = map(str, range(mnist.SIZES["test"]))
    return {CELL: _CELLS, SORT: _SORTS, WHICH: _LISTS, TEMPERATURE: [_FITTED, *_TEMPERATURES], IMAGE: images}


def _is_image(text: str) -> bool:
    return text in map(str, range(mnist.SIZES["test"]))


def cell_link(label: int, predicted: int) -> str:
    """Return the address that shows the images of a cell."""
    return address.address(PAGE, **{CELL: f"{label}.{predicted}", IMAGE: ""})


def images_of_cell(chosen: Pair) -> tuple[Prediction, ...]:
    """Return the images of a cell: mistakes with the highest confidence first, correct ones with the lowest first."""
    found = confusion.cell(cache.scores(), *chosen)
    correct = chosen[0] == chosen[1]
    return confusion.least_confident_first(found) if correct else confusion.most_confident_first(found)


def choose_list() -> tuple[Prediction, ...]:
    """Let the user choose a list of images and its order."""
    mistakes, disputed = confusion.mistakes(cache.scores()), confusion.disputed(cache.scores())
    lists = {name: _LISTS[name].format(len(each)) for name, each in (("all", mistakes), ("disputed", disputed))}
    left, right = st.columns(2, gap="medium")
    with left:
        which = widgets.segments("Which images", WHICH, lists, together=_first_image)
    with right:
        order = address.bind(st.selectbox, "Order", SORT, _SORTS, "sure", together=_first_image)
    found = disputed if which == "disputed" else mistakes
    return confusion.least_likely_label_first(found) if order == "label" else confusion.most_confident_first(found)


def _first_image(_value: str) -> Mapping[str, str]:
    """Return what shows the first image of another list."""
    return {IMAGE: ""}


def position(predictions: Sequence[Prediction]) -> int:
    """Return the position in a list of the image in the address; if it is not in the list, the first."""
    if not predictions:
        return 0
    indices = [str(each.index) for each in predictions]
    asked = address.read(IMAGE, "")
    elsewhere = {asked: indices[0]} if _is_image(asked) and asked not in indices else {}
    return indices.index(address.read_one_of(IMAGE, indices, indices[0], elsewhere))


def show_cards(predictions: Sequence[Prediction], at: int, numbers: tables.Numbers) -> None:
    """Show the part of a list that holds the marked image; each card is a link.

    Args:
        predictions: The list.
        at: The position of the marked image.
        numbers: Of the whole list.
    """
    if not predictions:
        st.write("There are no such images.")
        return
    start = at // _PER_PAGE * _PER_PAGE
    shown = predictions[start : start + _PER_PAGE]
    drawn = figures.cards(
        shown, pictures(shown), predictions[at].index, lambda index: address.address(PAGE, **{IMAGE: str(index)})
    )

    def part() -> None:
        """Show the cards, and buttons to the other parts of the list."""
        st.html(drawn)
        if len(predictions) > _PER_PAGE:
            _paging(predictions, start)

    widgets.figure(part, figures.say_cards(shown), numbers)


def _paging(predictions: Sequence[Prediction], start: int) -> None:
    """Show buttons to the parts of a list before and after the one that begins at ``start``."""
    last = min(start + _PER_PAGE, len(predictions))
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("Back", predictions, start - _PER_PAGE)
        _button("More", predictions, start + _PER_PAGE)
        st.caption(f"{start + 1:,} to {last:,} of {len(predictions):,}")


def _button(label: str, predictions: Sequence[Prediction], to: int, shortcut: str | None = None) -> None:
    """Show a button to an image of a list."""

    def choose() -> None:
        address.write(**{IMAGE: str(predictions[to].index)})

    disabled = not 0 <= to < len(predictions)
    st.button(label, shortcut=shortcut, disabled=disabled, on_click=choose, key=f"{PAGE}-{label}")


def show_large(predictions: Sequence[Prediction], at: int) -> None:
    """Show one image of a list large, with buttons to its neighbours and links to other pages."""
    if not predictions:
        return
    found = predictions[at]
    pixels = pictures([found])
    csv = partial(figures.as_csv, [found])
    numbers = tables.CsvFile("Download its probabilities as CSV", csv, f"image-{found.index}.csv")
    widgets.figure(figures.large(found, pixels.get(found.index)), figures.say(found), numbers)
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("Previous", predictions, at - 1, "Left")
        _button("Next", predictions, at + 1, "Right")
        st.caption(f"{at + 1:,} of {len(predictions):,}")
    if pixels:
        _links_to_pages(found)


def _links_to_pages(found: Prediction) -> None:
    """Show links to all other pages with this image, and to some with its predicted class and its label."""
    against = {heads.TARGET: str(found.predicted), heads.AGAINST: str(found.label)}
    difference = {"saliency": {address.EXPLAIN: "difference", **against}, "head": {heads.PART: "two", **against}}
    with st.container(horizontal=True, key="open_on", gap="small"):
        st.write("Open it on")
        for page in sidebar.all_pages():
            if page.url_path != PAGE:
                more = {} if found.is_correct else difference.get(page.url_path, {})
                title = f"{page.title}: {found.predicted} rather than {found.label}" if more else page.title
                chosen = address.link(**{address.DIGIT: f"test-{found.index}"}, **more)
                st.page_link(page, label=title, query_params=chosen)


def pictures(predictions: Sequence[Prediction]) -> dict[int, Pixels]:
    """Return the pictures of images by their numbers; none if MNIST is absent or another data set."""
    if not mnist.is_present():
        return {}
    try:
        test = digits.mnist("test")
    except DataError:
        return {}
    if not np.array_equal(test.labels, cache.scores().labels):
        return {}
    return {each.index: test.images[each.index] for each in predictions}


def offer_mnist() -> None:
    """Read MNIST; if it is absent, offer to download it; if it is damaged, say so."""
    with st.container(border=not mnist.is_present()):
        test = mnist_picker.read(PAGE)
    if test is not None and not np.array_equal(test.labels, cache.scores().labels):
        st.error(
            escape_markdown(f"The files in '{mnist.root()}' have other labels than MNIST's, so no pictures are shown.")
        )


def temperature(fitted: float) -> float:
    """Let the user choose the temperature; the fitted temperature is one of the choices."""
    values = {_FITTED: fitted, **{text: float(text) for text in _TEMPERATURES}}
    titles = {text: text for text in _TEMPERATURES} | {_FITTED: f"{fitted:.2f}, fitted"}
    options = {text: titles[text] for text in sorted(values, key=lambda text: values[text])}
    return values[address.bind(st.select_slider, "Temperature T", TEMPERATURE, options, "1.00")]


def temperature_buttons(fitted: float) -> None:
    """Show buttons for the fitted temperature and for T = 1."""
    with st.container(horizontal=True):
        for label, text in ((f"T = {fitted:.2f}, as fitted", _FITTED), ("T = 1, no scaling", "1.00")):
            st.button(label, on_click=partial(address.write, **{TEMPERATURE: text}), key=f"mistakes-t-{text}")


def temperature_scaling() -> TemperatureScaling | None:
    """Return the fitted temperature and the losses; where no temperature can be fitted, say why and return None."""
    try:
        return cache.temperature_scaling(temperatures())
    except InputError:
        st.info(escape_markdown(calibration.say_not_fitted(confusion.accuracy(cache.halves()[0]))))
        return None


def temperatures() -> tuple[float, ...]:
    """Return all temperatures that can be chosen, without the fitted one."""
    return tuple(map(float, _TEMPERATURES))
