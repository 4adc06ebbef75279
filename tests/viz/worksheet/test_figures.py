"""The HTML of a worksheet: the tasks give no answer away, and the file stands alone."""

import re

from model.worksheet.records import Worksheet
from tests.model.worksheet.test_sheet import sheets
from viz.worksheet import figures


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def sheet_of(name: str = "assignment") -> Worksheet:
    return sheets(name)[1]


def test_a_sheet_has_every_task_and_no_answer() -> None:
    of = sheet_of()
    html, text = figures.sheet(of), text_of(figures.sheet(of))
    assert of.table is not None
    assert of.mistake is not None
    assert [text.count(f"({gap.letter})") >= 1 for gap in of.table.gaps] == [True] * len(of.table.gaps)
    assert html.count('class="gap"') == len(of.table.gaps)
    for task in of.units:
        assert task.question in text
        assert all(line not in text for line in task.lines)
    assert of.mistake.why not in text
    assert all(arithmetic not in text for task in of.fields for arithmetic in task.arithmetic)


def test_a_sheet_gives_no_figure_of_a_gap_away() -> None:
    of = sheet_of()
    assert of.table is not None
    cells = re.findall(r'<td class="gap">(.*?)</td>', figures.sheet(of))
    assert cells == [f"({gap.letter})" for gap in of.table.gaps]


def test_answers_have_every_figure_with_its_arithmetic() -> None:
    of = sheet_of()
    text = text_of(figures.answers(of))
    assert of.table is not None
    assert of.mistake is not None
    assert all(f"({gap.letter}) {gap.answer} {gap.arithmetic}" in text for gap in of.table.gaps)
    assert all(line in text for task in of.units for line in task.lines)
    assert all("; ".join(task.arithmetic) in text for task in of.fields)
    assert of.mistake.why in text


def test_the_file_stands_alone() -> None:
    html = figures.document("<b>", figures.sheet(sheet_of()), "p { color: #000 }")
    assert html.startswith("<!doctype html>")
    assert "<title>&lt;b&gt;</title>" in html
    sources = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert sources
    assert all(each.startswith("data:image/") for each in sources)
    assert "<script" not in html


def test_what_is_missing_is_said() -> None:
    of = sheets("deep")[0]
    assert all(each in text_of(figures.sheet(of)) for each in of.missing)
    assert "What this network does not ask" not in figures.sheet(sheet_of())
