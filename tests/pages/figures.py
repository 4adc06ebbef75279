"""The figures of a page, each with its pictures, its text and its numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from streamlit.testing.v1 import AppTest

COMPONENTS = {
    "value_map",
    "map_grid",
    "unit_map",
    "growth_player",
    "epoch_player",
    "workings",
    "network_picture",
    "design_editor",
}
_ITEMS = "norm-zeros|norm-steps|norm-maps|norm-logits|check-predicted|check-stages"
DRAWN = re.compile(rf'<img|<svg|class="(bars|shares|row-differences|all-classes|[^"]*changes|{_ITEMS})"')


@dataclass(slots=True)
class Figure:
    """Consecutive pictures, and the text and numbers below them.

    Attributes:
        pictures: HTML; of what the browser draws, what it was given, as JSON.
        words: Of paragraphs and captions.
        numbers: Labels of files and of tables that can be unfolded; ``table`` for one in HTML.
    """

    pictures: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)


def figures(app: AppTest) -> list[Figure]:
    """Return all figures of a page, in reading order."""
    return grouped(parts(app.main))


def grouped(found: Iterator[tuple[str, str]]) -> list[Figure]:
    """Group parts: a picture starts a new figure unless it follows another picture."""
    every: list[Figure] = []
    open_ = False
    for what, text in found:
        if what == "picture":
            if not every or not open_ or every[-1].words or every[-1].numbers:
                every.append(Figure())
            every[-1].pictures.append(text)
            open_ = True
        elif what == "heading":
            open_ = False
        elif open_:
            getattr(every[-1], what).append(text)
    return every


def parts(block: Any) -> Iterator[tuple[str, str]]:
    """Yield the parts of a page in reading order: headings, pictures, text, and numbers."""
    for each in block.children.values():
        if hasattr(each, "children"):
            if each.type == "expander":  # its table is computed when it is opened
                yield "numbers", each.label
            yield from parts(each)
        elif each.type in {"header", "subheader"}:
            yield "heading", each.value
        elif each.type in {"markdown", "caption"}:
            yield "words", each.value
        elif each.type == "download_button":
            yield "numbers", each.proto.label
        elif each.type == "plotly_chart":
            yield "picture", each.proto.spec
        elif each.type == "bidi_component" and each.proto.component_name in COMPONENTS:
            yield "picture", each.proto.json
        elif each.type == "html":
            yield from in_html(each.proto.body)


def in_html(body: str) -> Iterator[tuple[str, str]]:
    """Yield whether some HTML is a picture, and whether it is a table."""
    if "<style" in body or 'class="phone"' in body:
        return
    if DRAWN.search(body):
        yield "picture", body
    if "<table" in body:
        yield "numbers", "table"
