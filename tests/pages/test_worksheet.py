"""The page of worksheets in Streamlit's own simulator."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import assert_works, run, said, show, shown
from viz.app import tables
from viz.sheets import of_pages

PAGE = "worksheet"


@pytest.fixture(scope="module")
def app() -> AppTest:
    """Return the page, opened once: each test follows its own link."""
    return run(PAGE)


def test_page_shows_a_sheet_and_its_answers(app: AppTest) -> None:
    show(app)
    assert_works(app, "Worksheet")
    assert shown(app).count('<article class="sheet">') == 1
    assert "Worksheet 1</h2>" in shown(app)
    show(app, sheet_view="both")
    assert "Worksheet 1</h2>" in shown(app)
    assert "Answers to worksheet 1</h2>" in shown(app)
    show(app, sheet_view="answers", seed="7")
    assert "Worksheet 7</h2>" not in shown(app)
    assert "Answers to worksheet 7</h2>" in shown(app)


def test_a_class_gets_different_sheets(app: AppTest) -> None:
    show(app, seed="5", sheets="3")
    assert_works(app, "Worksheet")
    sheets = shown(app).split('<article class="sheet">')[1:]
    assert [f"Worksheet {number}</h2>" in each for number, each in zip((5, 6, 7), sheets, strict=True)] == [True] * 3
    assert len({each.partition("<section>")[2] for each in sheets}) == 3
    assert "3 sheets, 5 to 7" in said(app)


def test_the_file_has_the_style_of_all_that_is_in_it(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[str] = []
    monkeypatch.setattr(tables, "offer", lambda _label, text, *_rest: files.append(text()))
    show(app, sheets="3", sheet_view="both")
    (html,) = files
    style, _, body = html.partition("</style>")
    classes = {name for each in re.findall(r'class="([^"]*)"', body) for name in each.split()}
    styled = {name for name in classes if re.search(rf"\.{name}\b", of_pages())} - {"formula"}  # another topic's
    assert {"fraction", "gap"} <= styled
    assert [name for name in styled if not re.search(rf"\.{name}\b", style)] == []


def test_a_number_is_chosen_and_kept_in_the_link(app: AppTest) -> None:
    show(app)
    app.number_input("widget-seed").set_value(12).run()
    assert app.query_params["seed"] in ("12", ["12"])
    assert "Worksheet 12</h2>" in shown(app)


@pytest.mark.parametrize(("name", "value"), [("seed", "x"), ("sheets", "0"), ("sheets", "41"), ("sheet_view", "no")])
def test_nonsense_in_the_link_is_said(app: AppTest, name: str, value: str) -> None:
    show(app, **{name: value})
    assert not app.exception
    assert len(app.warning) == 1
    assert "Worksheet 1</h2>" in shown(app)


def test_a_network_of_pictures_has_a_sheet(app: AppTest) -> None:
    show(app, net="shapes")
    assert_works(app, "Worksheet")
    assert "Picture: " in shown(app)


def test_a_projector_shows_one_task(app: AppTest) -> None:
    show(app, projector="yes", task="unit-b")
    assert_works(app, "Worksheet")
    assert shown(app).count('<article class="sheet">') == 1
    assert "(B) Unit " in shown(app)
    assert "(A) Unit " not in shown(app)
    show(app, projector="yes", task="unit-b", sheet_view="answers")
    assert "the network has" in shown(app)
