"""The projector view of every page, in Streamlit's own simulator; its layout is asked in tests/browser."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import component, run, show, shown


def press(app: AppTest, label: str) -> AppTest:
    (found,) = [each for each in app.button if each.label == label]
    return found.click().run()


@pytest.mark.parametrize("page", ["layer_by_layer", "parameters"])
def test_the_view_can_be_entered_and_left(page: str) -> None:
    app = press(run(page), "Projector view")
    assert not app.exception
    assert app.query_params["projector"] == "yes"
    assert component(app, "projector") == {"on": True}
    press(app, "Leave")
    assert "projector" not in app.query_params
    assert component(app, "projector") == {"on": False}


def test_links_carry_the_view() -> None:
    app = show(run("overview"), row="Conv2d-4", projector="yes")
    assert component(app, "page_links")["query"] == "?row=Conv2d-4&projector=yes"


def test_nonsense_gives_a_sentence() -> None:
    app = run("open", projector="maybe")
    assert app.warning[0].value == "The link asks for projector 'maybe'. It can be left out, yes. It is left out here."


def test_a_long_table_is_shown_in_parts_with_the_sums_of_all() -> None:
    app = run("open", net="residual", projector="yes")
    whole = shown(run("open", net="residual"))
    (sums,) = re.findall(r"<tfoot>.*?</tfoot>", whole)
    assert sums in shown(app)
    press(app, "Next")
    assert app.query_params["steps"] == "13"
    assert sums in shown(app)
    assert "Conv2d-1<" not in shown(app)


def test_a_projector_shows_one_word_of_the_glossary() -> None:
    app = press(run("about", projector="yes"), "Next")
    assert app.query_params["word"] == "attribution"
    assert "A number for each pixel: how much it supports a class" in shown(app)
    assert "The logarithm of a probability" not in shown(app)
