"""The confusion matrix in HTML, each count a link, and what it says of each class."""

from collections.abc import Callable
from html import escape

from model.mistakes.records import Confusion
from model.records import Pair
from viz import theme
from viz.pictures import swatches, words

Link = Callable[[int, int], str]  # gives the address that shows the images of a label that are read as a class
_LEAST, _MOST = 14, 62  # per cent of the colour behind a single mistake, and behind the most frequent one


def matrix(found: Confusion, selected: Pair, link: Link) -> str:
    """Draw how often each label is read as each class: mistakes stand out, what is right is muted.

    Args:
        found: The counts.
        selected: Label and class of the cell that is marked.
        link: Of a cell.
    """
    classes = range(len(found.counts))
    head = "".join(f'<th scope="col">{k}</th>' for k in classes)
    body = "".join(
        f'<tr><th scope="row">{label}</th>'
        f"{''.join(_cell(found, label, read, selected, link) for read in classes)}"
        f'<td class="total">{found.labelled[label]:,}</td></tr>'
        for label in classes
    )
    foot = "".join(f"<td>{count:,}</td>" for count in found.read)
    return (
        f'<table class="confusion" style="--colour: {theme.ACCENT}; --mark: {theme.HIGHLIGHT}"><thead>'
        '<tr><th scope="col" rowspan="2">label</th>'
        f'<th scope="colgroup" colspan="{len(classes)}">read as</th><th scope="col" rowspan="2">all</th></tr>'
        f"<tr>{head}</tr></thead><tbody>{body}</tbody>"
        f'<tfoot><tr><th scope="row">all</th>{foot}<td>{found.images:,}</td></tr></tfoot></table>'
    )


def _cell(found: Confusion, label: int, read: int, selected: Pair, link: Link) -> str:
    count = int(found.counts[label, read])
    if not count:
        return "<td></td>"
    kind = "right" if label == read else "wrong"
    most = int(found.wrong.max()) or 1
    depth = _LEAST + (_MOST - _LEAST) * (count - 1) / max(most - 1, 1)
    chosen = (label, read) == selected
    mark = " selected" if chosen else ""
    current = ' aria-current="true"' if chosen else ""
    said = f"labelled {label}, read as {read}: {images(count)}"
    return (
        f'<td class="{kind}{mark}" style="--depth: {depth:.0f}%"><a href="{escape(link(label, read))}" target="_self" '
        f'data-says="{said}" aria-label="{said}"{current}>{count:,}</a></td>'
    )


def images(count: int) -> str:
    """Say how many images.

    >>> images(1), images(1200)
    ('1 image', '1,200 images')
    """
    return f"{count:,} image{'' if count == 1 else 's'}"


def say_matrix(found: Confusion) -> str:
    """Say how many are right, which confusion is the most frequent, and which class is hardest."""
    label, read = found.worst
    wrong = found.images - int(found.right.sum())
    if not wrong:
        return f"All {found.images:,} images are read as their label."
    low = int(found.recalls.argmin())
    return (
        f"A row for each label, a column for what is read: the {found.right.sum():,} on the diagonal are right, the "
        f"{wrong:,} off it wrong. The most frequent mistake is a {label} read as {read}: "
        f"{images(int(found.counts[label, read]))}. Hardest is {low}: of {found.labelled[low]:,} "
        f"with that label {words.accuracy(found.recalls[low])} are read so. Choose a count to see its images."
    )


def class_columns(found: Confusion) -> dict[str, list[str]]:
    """Return what the matrix says of each class, a line for each."""
    classes = range(len(found.counts))
    return {
        "class": [str(k) for k in classes],
        "labelled so": [f"{count:,}" for count in found.labelled],
        "of these read so (recall)": [_percent(share) for share in found.recalls],
        "read so": [f"{count:,}" for count in found.read],
        "of these labelled so (precision)": [_percent(share) for share in found.precisions],
        "most often read as instead": [_rival(found, k) for k in classes],
    }


def _rival(found: Confusion, k: int) -> str:
    rival = int(found.wrong[k].argmax())
    count = int(found.wrong[k, rival])
    return f"{rival} ({count})" if count else "none"


def _percent(share: float) -> str:
    return "none" if share != share else words.accuracy(share)  # noqa: PLR0124 (not a number)


def as_csv(found: Confusion) -> str:
    """Return the counts, a line for each label."""
    classes = range(len(found.counts))
    lines = [(label, *found.counts[label].tolist()) for label in classes]
    return swatches.as_csv([("label", *(f"read as {k}" for k in classes)), *lines])
