"""The confusion matrix in HTML, with a link at each count, and its numbers for each class."""

from collections.abc import Callable
from html import escape

from model.mistakes.records import Confusion
from model.records import Pair
from viz import theme
from viz.pictures import swatches, words

Link = Callable[[int, int], str]  # returns the address that shows the images of a label that are classified as a class
_LEAST, _MOST = 14, 62  # per cent of colour behind a single mistake, and behind the most frequent mistake


def matrix(found: Confusion, selected: Pair, link: Link) -> str:
    """Draw how often each label is classified as each class; mistakes have a colour, correct predictions have none.

    Args:
        found: The counts.
        selected: The label and the predicted class of the marked cell.
        link: Returns the address of a cell.
    """
    classes = range(len(found.counts))
    head = "".join(f'<th scope="col">{k}</th>' for k in classes)
    body = "".join(
        f'<tr><th scope="row">{label}</th>'
        f"{''.join(_cell(found, label, predicted, selected, link) for predicted in classes)}"
        f'<td class="total">{found.labelled[label]:,}</td></tr>'
        for label in classes
    )
    foot = "".join(f"<td>{count:,}</td>" for count in found.predicted)
    return (
        f'<table class="confusion" style="--colour: {theme.ACCENT}; --mark: {theme.HIGHLIGHT}"><thead>'
        '<tr><th scope="col" rowspan="2">label</th>'
        f'<th scope="colgroup" colspan="{len(classes)}">classified as</th><th scope="col" rowspan="2">all</th></tr>'
        f"<tr>{head}</tr></thead><tbody>{body}</tbody>"
        f'<tfoot><tr><th scope="row">all</th>{foot}<td>{found.images:,}</td></tr></tfoot></table>'
    )


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
    title = f"labelled {label}, classified as {predicted}: {images(count)}"
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


def say_matrix(found: Confusion) -> str:
    """Say how many images are classified correctly, the most frequent mistake, and the class with the lowest recall."""
    label, predicted = found.most_frequent_mistake
    incorrect = found.images - int(found.correct.sum())
    if not incorrect:
        return f"All {found.images:,} images are classified correctly."
    low = int(found.recalls.argmin())
    return (
        f"Each row is a label, and each column is a predicted class. The {found.correct.sum():,} images on the "
        f"diagonal are correct; the {incorrect:,} others are incorrect. The most frequent mistake is a {label} "
        f"classified as {predicted}: {images(int(found.counts[label, predicted]))}. The lowest recall is that of "
        f"{low}: {words.accuracy(found.recalls[low])} of {found.labelled[low]:,}. Choose a count to see its images."
    )


def class_columns(found: Confusion) -> dict[str, list[str]]:
    """Return the numbers of each class, one line for each."""
    classes = range(len(found.counts))
    return {
        "class": [str(k) for k in classes],
        "images with this label": [f"{count:,}" for count in found.labelled],
        "recall": [_percent(share) for share in found.recalls],
        "images classified as this": [f"{count:,}" for count in found.predicted],
        "precision": [_percent(share) for share in found.precisions],
        "most frequent mistake": [_mistake(found, k) for k in classes],
    }


def _mistake(found: Confusion, k: int) -> str:
    predicted = int(found.mistakes[k].argmax())
    count = int(found.mistakes[k, predicted])
    return f"{predicted} ({count})" if count else "none"


def _percent(share: float) -> str:
    return "none" if share != share else words.accuracy(share)  # noqa: PLR0124 (not a number)


def as_csv(found: Confusion) -> str:
    """Return the counts, one line for each label."""
    classes = range(len(found.counts))
    lines = [(label, *found.counts[label].tolist()) for label in classes]
    return swatches.as_csv([("label", *(f"classified as {k}" for k in classes)), *lines])
