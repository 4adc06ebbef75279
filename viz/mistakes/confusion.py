"""The confusion matrix in HTML, with a link at each count, and its numbers for each class."""

from collections.abc import Callable
from html import escape

import numpy as np

from model.mistakes.records import Confusion
from model.records import Pair
from viz import theme
from viz.pictures import swatches, words
from viz.pictures.markdown import escape_markdown

Link = Callable[[int, int], str]  # returns the address that shows the images of a label that are classified as a class
_ALL, _SOME = 20, 15  # up to so many classes all are drawn; of more, so many
_SHORT = 2  # characters of a name that needs no room
_LEAST, _MOST = 14, 62  # per cent of colour behind a single mistake, and behind the most frequent mistake


def matrix(found: Confusion, selected: Pair, link: Link) -> str:
    """Draw how often each label is classified as each class; mistakes have a colour, correct predictions have none.

    Args:
        found: The counts.
        selected: The label and the predicted class of the marked cell.
        link: Returns the address of a cell.
    """
    classes = drawn_classes(found, selected)
    names = {k: escape(found.classes[k]) for k in classes}
    named = " named" if max(map(len, names.values())) > _SHORT else ""
    head = "".join(f'<th scope="col"><span>{names[k]}</span></th>' for k in classes)
    body = "".join(
        f'<tr><th scope="row">{names[label]}</th>'
        f"{''.join(_cell(found, label, predicted, selected, link) for predicted in classes)}"
        f'<td class="total">{found.labelled[label]:,}</td></tr>'
        for label in classes
    )
    foot = "".join(f"<td>{found.predicted[k]:,}</td>" for k in classes)
    table = (
        f'<table class="confusion{named}" style="--colour: {theme.ACCENT}; --mark: {theme.HIGHLIGHT}"><thead>'
        '<tr><th scope="col" rowspan="2">label</th>'
        f'<th scope="colgroup" colspan="{len(classes)}">classified as</th><th scope="col" rowspan="2">all</th></tr>'
        f"<tr>{head}</tr></thead><tbody>{body}</tbody>"
        f'<tfoot><tr><th scope="row">all</th>{foot}<td>{found.images:,}</td></tr></tfoot></table>'
    )
    label = 'role="region" tabindex="0" aria-label="Confusion matrix"'
    return f'<div class="sideways" {label}>{table}</div>' if named else table


def drawn_classes(found: Confusion, selected: Pair) -> list[int]:
    """Return the classes in the matrix: all, or of many those in most mistakes, with those of the marked cell."""
    every = range(len(found.counts))
    if len(every) <= _ALL:
        return [*every]
    wrong = found.mistakes.sum(axis=0) + found.mistakes.sum(axis=1)
    order = sorted(every, key=lambda k: (k not in selected, -wrong[k], -found.labelled[k], k))
    return sorted(order[:_SOME])


def _cell(found: Confusion, label: int, predicted: int, selected: Pair, link: Link) -> str:
    count = int(found.counts[label, predicted])
    if not count:
        return "<td></td>"
    kind = "right" if label == predicted else "wrong"
    most = int(found.mistakes.max()) or 1
    depth = _LEAST + (_MOST - _LEAST) * (count - 1) / max(most - 1, 1)
    chosen = (label, predicted) == selected
    mark = " selected" if chosen else ""
    current = ' aria-current="true"' if chosen else ""
    title = escape(f"labelled {found.classes[label]}, classified as {found.classes[predicted]}: {images(count)}")
    return (
        f'<td class="{kind}{mark}" style="--depth: {depth:.0f}%">'
        f'<a href="{escape(link(label, predicted))}" target="_self" '
        f'data-says="{title}" aria-label="{title}"{current}>{count:,}</a></td>'
    )


def images(count: int) -> str:
    """Write a number of images.

    >>> images(1), images(1200)
    ('1 image', '1,200 images')
    """
    return f"{count:,} image{'' if count == 1 else 's'}"


def say_cell(found: Confusion, cell: Pair) -> str:
    """Name a cell and say how many images it has."""
    label, predicted = (escape_markdown(found.classes[k]) for k in cell)
    return f"Labelled {label}, classified as {predicted}: {images(int(found.counts[cell]))}"


def say_matrix(found: Confusion) -> str:
    """Say how many images are classified correctly, the most frequent mistake, and the class with the lowest recall."""
    label, predicted = found.most_frequent_mistake
    incorrect = found.images - int(found.correct.sum())
    if not incorrect:
        return f"All {found.images:,} images are classified correctly."
    low = int(np.nanargmin(found.recalls))
    names = [escape_markdown(name) for name in found.classes]
    return (
        f"Each row is a label, and each column is a predicted class. {_say_drawn(found)}The {found.correct.sum():,} "
        f"images on the diagonal are correct; the {incorrect:,} others are incorrect. The most frequent mistake is "
        f"{names[label]} classified as {names[predicted]}: {images(int(found.counts[label, predicted]))}. The lowest "
        f"recall is that of {names[low]}: {words.accuracy(found.recalls[low])} of {found.labelled[low]:,}. Choose a "
        "count to see its images."
    )


def _say_drawn(found: Confusion) -> str:
    if len(found.counts) <= _ALL:
        return ""
    return f"Of the {len(found.counts):,} classes, the {_SOME} in most mistakes are drawn; the file has all. "


def class_columns(found: Confusion) -> dict[str, list[str]]:
    """Return the numbers of each class, one line for each; of many classes those with images, worst recall first."""
    classes = [*range(len(found.counts))]
    if len(classes) > _ALL:
        classes = [k for k in classes if found.labelled[k]]
        classes.sort(key=lambda k: (found.recalls[k], -found.labelled[k], k))
    return {
        "class": [found.classes[k] for k in classes],
        "images with this label": [f"{found.labelled[k]:,}" for k in classes],
        "recall": [_percent(found.recalls[k]) for k in classes],
        "images classified as this": [f"{found.predicted[k]:,}" for k in classes],
        "precision": [_percent(found.precisions[k]) for k in classes],
        "most frequent mistake": [_mistake(found, k) for k in classes],
    }


def _mistake(found: Confusion, k: int) -> str:
    predicted = int(found.mistakes[k].argmax())
    count = int(found.mistakes[k, predicted])
    return f"{found.classes[predicted]} ({count})" if count else "none"


def _percent(share: float) -> str:
    return "none" if share != share else words.accuracy(share)  # noqa: PLR0124 (not a number)


def as_csv(found: Confusion) -> str:
    """Return the counts, one line for each label; of many classes one line for each pair that occurs."""
    names = found.classes
    if len(found.counts) > _ALL:
        pairs = np.argwhere(found.counts)
        lines = [(names[label], names[read], int(found.counts[label, read])) for label, read in pairs]
        return swatches.as_csv([("label", "classified as", "images"), *lines])
    classes = range(len(found.counts))
    rows = [(names[label], *found.counts[label].tolist()) for label in classes]
    return swatches.as_csv([("label", *(f"classified as {names[k]}" for k in classes)), *rows])
