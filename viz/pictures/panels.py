"""Parts of pages in HTML, which repaints faster than widgets do: a map with its scale, and a table."""

from collections.abc import Mapping, Sequence
from html import escape

from model.records import Activation, Pair
from viz.pictures import raster, words
from viz.pictures.scaling import Range

_EVERY = 4  # of a scale's 33 colours a bar is blended from


def picture(values: Activation, range_: Range, caption: str, *, corner: Pair = (0, 0), scale: bool = True) -> str:
    """Draw one map (H, W) in HTML with its caption and its scale; above and left of its corner stays clear."""
    uri = raster.mosaic(values[None], [range_], [corner])
    bar = f"<br>{scale_bar(range_)}" if scale else ""
    return f'<figure><img src="{uri}" alt="{caption}"><figcaption>{caption}{bar}</figcaption></figure>'


def scale_bar(range_: Range) -> str:
    """Draw a scale in HTML between the numbers at its ends."""
    colours = ", ".join(str(colour) for _, colour in range_.scale[::_EVERY])
    low, high = (words.fine(end) for end in (range_.low, range_.high))
    return f'<span class="scale">{low}<i style="background: linear-gradient(to right, {colours})"></i>{high}</span>'


def tabled(columns: Mapping[str, Sequence[str]], label: str) -> str:
    """Draw columns of text as a table in HTML, each line headed by its first cell; it repaints faster than a widget."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = ""
    for first, *rest in zip(*columns.values(), strict=True):
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        body += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    table = f'<table class="ledger readable"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="sideways" role="region" tabindex="0" aria-label="{escape(label)}">{table}</div>'
