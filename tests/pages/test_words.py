"""Every figure of every view has text with numbers, and its numbers as a table or CSV."""

import ast
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest

from tests.pages.conftest import run
from tests.pages.figures import COMPONENTS, Figure, figures, grouped, in_html
from tests.serving import ROOT
from tests.views import VIEWS

# Numbers come later: with the answer of a unit, of a round, or of a worksheet.
LATER = {"layer by layer, asked", "lie detector, a round", "worksheet"}
# Pictures that have their words and their numbers together: maps and how alike they stay; pixels taken and brought;
# how far a map moved, and what it says of the score; the map of one class, and those of all ten.
PAIRS = {"lie detector, weights": 1, "lie detector, order": 1, "lie detector, noise": 1, "head": 1}

FIGURE = {"figure"}  # the function that shows a figure


def lacking(found: list[Figure]) -> list[Figure]:
    """Return the figures without a number in their text, or without a table or file."""
    return [each for each in found if not re.search(r"\d", " ".join(each.words)) or not each.numbers]


@pytest.mark.slow(reason="opens every view")
@pytest.mark.parametrize("name", VIEWS)
def test_every_figure_has_text_with_numbers_and_a_table_or_csv(name: str) -> None:
    page, _, query = VIEWS[name].partition("?")
    app = run(page or "overview", **dict(parse_qsl(query)))
    assert not app.exception
    found = figures(app)
    assert not [each.pictures for each in lacking(found) if name not in LATER]
    assert len([each for each in found if len(each.pictures) > 1]) == PAIRS.get(name, 0)
    labels = [label for each in found for label in each.numbers if label != "table"]
    assert len(labels) == len(set(labels)), "two files have the same label"


def test_figure_without_text_or_numbers_is_found() -> None:
    def told() -> Iterator[tuple[str, str]]:
        yield from in_html('<img src="" alt="1">')
        yield "heading", "After"
        yield from [("words", "a 3"), ("numbers", "CSV")]
        yield from in_html('<ol class="bars">')
        yield from [("words", "a digit"), ("numbers", "CSV")]
        yield from in_html('<table class="ledger changes"></table>')
        yield "words", "a 3"
        yield from in_html("<svg>")
        yield "words", "a 3"

    assert [each.pictures for each in lacking(grouped(told()))] == [
        ['<img src="" alt="1">'],
        ['<ol class="bars">'],
        ["<svg>"],
    ]


def test_components_are_shown_only_by_widgets_figure() -> None:
    """Components are shown only by ``widgets.figure``, which requires text and numbers."""
    names = {*COMPONENTS, "show_workings", "plotly_chart"}
    charts = ROOT / "viz" / "app" / "charts.py"  # its own way to a figure
    paths = sorted({*(ROOT / "pages").glob("*.py"), *(ROOT / "viz").rglob("*.py")} - {charts})
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    drawing = {name for tree in trees.values() for name in given_to_figure(tree)}
    makers = {name for tree in trees.values() for name in making_a_figure(tree)}
    drawing |= {name for tree in trees.values() for name in made_by(tree, makers)}
    for path, tree in trees.items():
        calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
        shown = [each for each in calls if called(each) in FIGURE]
        functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name in drawing]
        inside = {id(each) for node in (*shown, *functions) for each in ast.walk(node)}
        outside = [each.lineno for each in calls if called(each) in names and id(each) not in inside]
        assert outside == [], f"{path.name} draws without numbers"


def given_to_figure(tree: ast.Module) -> set[str]:
    """Return the names of functions that are given to ``widgets.figure``, also within a ``partial`` or a lambda."""
    given = [each.args[0] for each in figure_calls(tree)]
    names = {ast.unparse(each) for each in given}
    names |= {called(each.body) for each in given if isinstance(each, ast.Lambda) and isinstance(each.body, ast.Call)}
    assigned = [each for each in ast.walk(tree) if isinstance(each, ast.Assign)]
    for target, value in ((ast.unparse(each.targets[0]), each.value) for each in assigned):
        if target in names and isinstance(value, ast.Call) and called(value) == "partial":
            names.add(ast.unparse(value.args[0]).rpartition(".")[2])
    return names


def figure_calls(tree: ast.Module) -> list[ast.Call]:
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    return [each for each in calls if called(each) in FIGURE and each.args]


def making_a_figure(tree: ast.Module) -> set[str]:
    """Return the names of functions that give a figure, its text and its numbers: ``widgets.figure(*made(...))``."""
    starred = [each.args[0].value for each in figure_calls(tree) if isinstance(each.args[0], ast.Starred)]
    return {called(each) for each in starred if isinstance(each, ast.Call)}


def made_by(tree: ast.Module, makers: set[str]) -> set[str]:
    """Return the names of functions that such functions give as figures."""
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name in makers]
    values = [each.value for one in functions for each in ast.walk(one) if isinstance(each, ast.Return)]
    return {ast.unparse(each.elts[0]) for each in values if isinstance(each, ast.Tuple)}


def called(call: ast.Call) -> str:
    """Return the name of a called function, without its module."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
