"""The page of the parameters in Streamlit's own simulator."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model import assignment, weights
from tests.serving import HOME


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def run(**link: str) -> AppTest:
    """Open the page with what the link says."""
    app = AppTest.from_file(HOME, default_timeout=60).run().switch_page("../pages/parameters.py")
    for name, value in link.items():
        app.query_params[name] = value
    return app.run()


def shown(app: AppTest) -> str:
    return "".join(each.proto.body for each in app.get("html"))


def assert_works(app: AppTest) -> None:
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert [each.value for each in app.title] == ["Parameters"]


def test_every_step_opens_its_page() -> None:
    app = run()
    assert_works(app)
    steps = [option.partition(" ")[0] for option in app.selectbox("widget-row").options]
    assert len(steps) == 31
    for step in steps:
        app.query_params["row"] = step
        app.run()
        assert_works(app)
        assert app.selectbox("widget-row").value == step
        assert f"{step}, worked out" in [each.value for each in app.header]
        assert f'aria-label="{step} worked out"' in shown(app)


def test_the_page_says_every_mistake_and_every_limit() -> None:
    app = run()
    html = shown(app)
    sentences = [mistake.sentence for row in assignment.compare(weights.load()) for mistake in row.mistakes]
    assert len(sentences) == 9
    assert all(sentence in html for sentence in sentences)
    assert html.count(": met.") == 3
    assert html.count(": not met.") == 1
    assert len(app.get("download_button")) == 2


def test_hidden_steps_are_kept_in_the_link() -> None:
    app = run()
    assert shown(app).count("not printed") == 0
    app.button_group("widget-hidden").set_value("yes").run()
    assert_works(app)
    assert app.query_params["hidden"] == "yes"
    assert shown(app).count("not printed") == 8
    assert run(hidden="yes").button_group("widget-hidden").value == "yes"


def test_the_buttons_step_through_the_rows() -> None:
    app = run(row="Conv2d-4")
    next(button for button in app.button if button.label == "Next").click().run()
    assert_works(app)
    assert app.query_params["row"] == "ReLU-4"
    assert "ReLU-4, worked out" in [each.value for each in app.header]


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [("row", "Conv2d-99", "Conv2d-1"), ("row", "<script>", "Conv2d-1"), ("hidden", "maybe", "no")],
)
def test_nonsense_is_a_sentence_and_the_default(name: str, value: str, default: str) -> None:
    app = run(**{name: value})
    assert not app.exception
    said = app.warning[0].value
    assert said.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert said.endswith(f"Showing {default} instead.")
    assert "<script>" not in shown(app)
