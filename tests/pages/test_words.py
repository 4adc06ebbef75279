"""Every picture of every view has words with numbers beside it, and its numbers can be had as a table or CSV."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.pages.conftest import run
from tests.views import VIEWS

PICTURES = {"value_map", "map_grid", "unit_map", "growing", "formation", "workings", "network_picture"}
DRAWN = re.compile(r'<img|<svg|class="(bars|growth|spread|norm-|shares|reliability|follow)')
# Numbers come later: what the two maps of a round come to with the answer, those of a small training once it has begun.
LATER = {"lie detector, a round", "training, live"}


def parts(block: Any) -> Iterator[tuple[str, str]]:
    """Yield what a part of a page holds, in reading order: headings, pictures, words, and numbers to be had."""
    for each in block.children.values():
        if hasattr(each, "children"):
            if each.type == "expander" and "numbers" in each.label.lower():  # the table comes when it is opened
                yield "numbers", each.label
            yield from parts(each)
        elif each.type in {"header", "subheader"}:
            yield "heading", each.value
        elif each.type in {"markdown", "caption"}:
            yield "words", each.value
        elif each.type in {"table", "download_button"}:
            yield "numbers", each.type
        elif each.type == "plotly_chart":
            yield "picture", each.type
        elif each.type == "bidi_component" and each.proto.component_name in PICTURES:
            yield "picture", each.proto.component_name
        elif each.type == "html" and "<style" not in each.proto.body and 'class="phone"' not in each.proto.body:
            yield from in_html(each.proto.body)


def in_html(body: str) -> Iterator[tuple[str, str]]:
    """Yield whether some HTML is a picture or a table, and what it says."""
    if DRAWN.search(body):
        yield "picture", re.sub(r"base64,[^\"')]*", "...", body)[:80]
    if "<table" in body:
        yield "numbers", "table"
    yield "words", re.sub("<[^>]*>", " ", body)


def sections(found: Iterator[tuple[str, str]]) -> Iterator[dict[str, list[str]]]:
    """Yield the parts of each section, from one heading to the next, by what they are."""
    section: dict[str, list[str]] = {}
    for what, text in found:
        if what == "heading":
            yield section
            section = {}
        section.setdefault(what, []).append(text)
    yield section


@pytest.mark.parametrize("name", VIEWS)
def test_every_picture_has_words_with_numbers_and_a_table_or_csv(name: str) -> None:
    page, _, query = VIEWS[name].partition("?")
    app = run(page or "overview", **dict(parse_qsl(query)))
    assert not app.exception
    every = list(sections(parts(app.main)))
    pictures = [section for section in every if "picture" in section]
    mute = [section["picture"] for section in pictures if not re.search(r"\d", " ".join(section.get("words", [])))]
    assert mute == []
    if pictures and name not in LATER:
        assert any("numbers" in section for section in every)


def test_a_picture_without_words_or_numbers_is_found() -> None:
    found = iter([("words", "a 3"), ("heading", "Alone"), *in_html('<img src="" alt="">'), ("heading", "After")])
    assert [section for section in sections(found) if "picture" in section] == [
        {"heading": ["Alone"], "picture": ['<img src="" alt="">'], "words": [" "]}
    ]
