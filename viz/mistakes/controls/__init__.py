"""The controls of the mistakes page; the address holds what is chosen."""

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from model.errors import InputError
from model.images import mnist
from model.mistakes import confusion
from model.mistakes.labelled import FolderPictures, LabelledPictures
from model.mistakes.records import FOLDER, MNIST, SHAPES, Confusion, Prediction
from model.records import Pair
from model.training.report import DISPUTED
from viz.app import address, current, mnist_picker, shared, widgets
from viz.app.markdown import escape_markdown
from viz.mistakes import cache, figures
from viz.pictures import words
from viz.training import origin

VIEW = "mistakes_view"
VIEWS = {"matrix": "Confusion matrix", "all": "Every mistake", "calibration": "Calibration"}
CELL, SORT, WHICH, IMAGE = "cell", "mistakes_sort", "mistakes_of", "image"
PICTURES = "mistakes_on"
PAGE = "mistakes"
SETS = {MNIST: "MNIST's test images", SHAPES: "Coloured shapes", FOLDER: "The folder"}
_SORTS = {"sure": "Highest confidence first", "label": "Lowest probability of the label first"}
_LISTED = 3  # classes that a sentence names
_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_LISTS = {"all": "All {} mistakes", "disputed": "The {} disputed labels"}


def choose_pictures() -> LabelledPictures | None:
    """Return the labelled pictures in the address; where there are none to show, say why, and return None."""
    sets = {each.name: each for each in labelled_sets()}
    if not sets:
        _say_none()
        return None
    if len(sets) > 1:
        chosen = sets[widgets.segments("Pictures", PICTURES, {name: SETS[name] for name in sets}, together=_afresh)]
    else:
        chosen = sets[address.read_one_of(PICTURES, [*sets], next(iter(sets)))]
    if chosen.name == MNIST and not current.is_assignment() and not mnist.is_present():
        st.write("The mistakes of this network are not stored: they are counted on MNIST's 10,000 test images.")
        with st.container(border=True):
            mnist_picker.offer_download(PAGE)
        return None
    if not len(cache.scores(chosen)):
        st.error("None of the pictures can be read, so there is nothing to count.")
        return None
    return chosen


def labelled_sets() -> tuple[LabelledPictures, ...]:
    """Return the pictures that the network can be tested on; say where the folder cannot be listed."""
    try:
        return cache.sets()
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return cache.sets(with_folder=False)


def _afresh(_value: str) -> Mapping[str, str]:
    return {CELL: "", IMAGE: "", WHICH: ""}


def _say_none() -> None:
    names = ", ".join(shared.network().classes[:_LISTED])
    missing = (
        "Mistakes are counted on pictures with labels. MNIST's test images are for networks that read digits, the "
        "drawn shapes for those that know these; this network takes pictures of "
        f"{words.shape(shared.network().input.shape)} and tells {names} and so on apart. For pictures of your own, "
        "start the app with '--images FOLDER': the folder has a sub-folder for each class, named as the network names "
        "it."
    )
    widgets.dead_end(missing, PAGE, "See the mistakes of the assignment's network")


def say_accuracy(pictures: LabelledPictures) -> str:
    """Say how many pictures are classified correctly, and which are left out."""
    scores = cache.scores(pictures)
    every = confusion.accuracy(scores)
    if pictures.name == MNIST:
        return figures.say_accuracy(every, confusion.accuracy(scores, DISPUTED))
    if not isinstance(pictures, FolderPictures):
        return figures.say_accuracy_on("the test pictures that this project draws; no training uses them", every)
    said = figures.say_accuracy_on(f"in the folder {escape_markdown(pictures.folder.root.name)}", every)
    unreadable = len(pictures) - len(scores)
    return f"{said} {figures.say_left_out(len(pictures), pictures.fitting, unreadable, pictures.without)}"


def say_origin() -> str:
    """Say how the network was trained, as far as its card says."""
    card = cache.weights_card() if current.is_assignment() else shared.network().card
    if card:
        return origin.say(card)
    looks = cache.looks()
    if looks:
        times = "once" if looks == 1 else f"{looks} times"
        return f"A run of the design lab. Its test images were looked at {times}, this visit included."
    if looks is not None:
        return (
            "A run of the design lab that is not kept any more, and with it how often its test images were looked at."
        )
    return "Computed by this app, with the network as it was opened. Its file does not say how it was trained."


def cell(pictures: LabelledPictures, found: Confusion) -> Pair:
    """Return the label and the predicted class in the address; by default those of the most frequent mistake."""
    label, predicted = _cell_of_image(pictures) or found.most_frequent_mistake
    names = [found.classes[label], found.classes[predicted]]
    instead = f"Showing {names[0]} classified as {names[1]} instead."
    return address.read_as(CELL, lambda text: _read_cell(text, len(found.counts)), (label, predicted), instead)


def _read_cell(text: str, classes: int) -> Pair:
    label, _, predicted = text.partition(".")
    if not all(_NUMBER.fullmatch(each) and int(each) < classes for each in (label, predicted)):
        last = classes - 1
        allowed = f"It can be label.class, such as 0.1; the last is {last}.{last}."
        raise InputError(f"'{text[:40]}' is no cell.", allowed, "Leave it out.")
    return int(label), int(predicted)


def _cell_of_image(pictures: LabelledPictures) -> Pair | None:
    """Return the cell of the image in the address, if there is one."""
    if not is_image(pictures, index := address.read(IMAGE, "")):
        return None
    found = confusion.prediction(cache.scores(pictures), int(index))
    return (found.label, found.predicted) if found else None


def is_image(pictures: LabelledPictures, text: str) -> bool:
    """Tell whether a text is the place of a picture."""
    return bool(_NUMBER.fullmatch(text)) and int(text) < len(pictures)


def allowed(pictures: LabelledPictures) -> dict[str, address.Allowed]:
    """Return what the page's parameters can be in the link, without those of the calibration."""

    def place(text: str) -> int:
        if not is_image(pictures, text):
            last = f"It can be 0 to {len(pictures) - 1}."
            raise InputError(f"'{text[:40]}' is no picture.", last, "Leave it out.")
        return int(text)

    def pair(text: str) -> Pair:
        return _read_cell(text, len(shared.network().classes))

    return {CELL: pair, SORT: _SORTS, WHICH: _LISTS, IMAGE: place, PICTURES: SETS}


def cell_link(label: int, predicted: int) -> str:
    """Return the address that shows the images of a cell."""
    return address.address(PAGE, **{CELL: f"{label}.{predicted}", IMAGE: ""})


def images_of_cell(pictures: LabelledPictures, chosen: Pair) -> tuple[Prediction, ...]:
    """Return the images of a cell: mistakes with the highest confidence first, correct ones with the lowest first."""
    found = confusion.cell(cache.scores(pictures), *chosen)
    correct = chosen[0] == chosen[1]
    return confusion.least_confident_first(found) if correct else confusion.most_confident_first(found)


def choose_list(pictures: LabelledPictures) -> tuple[Prediction, ...]:
    """Let the user choose a list of images and its order."""
    scores = cache.scores(pictures)
    lists: dict[str, Sequence[Prediction]] = {"all": confusion.mistakes(scores), "disputed": confusion.disputed(scores)}
    titles = {name: _LISTS[name].format(len(each)) for name, each in lists.items() if each or name == "all"}
    left, right = st.columns(2, gap="medium")
    with left:
        which = widgets.segments("Which images", WHICH, titles, together=_first_image)
    with right:
        order = address.bind(st.selectbox, "Order", SORT, _SORTS, "sure", together=_first_image)
    in_order = confusion.least_likely_label_first if order == "label" else confusion.most_confident_first
    return in_order(lists[which])


def _first_image(_value: str) -> Mapping[str, str]:
    """Return what shows the first image of another list."""
    return {IMAGE: ""}


def load_first() -> None:
    """Read what comes along before anything is drawn, so that what is wrong with it is said in place of the page.

    Raises:
        WeightsError: The shipped scores are missing or damaged.
    """
    if current.is_assignment():
        cache.scores(cache.sets(with_folder=False)[0])
