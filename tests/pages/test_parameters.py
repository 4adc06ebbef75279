"""The page of the parameters in Streamlit's own simulator."""

import pytest
from streamlit.testing.v1 import AppTest

from model.networks.assignment import weights
from model.parameters import printed_table
from tests.pages.conftest import as_read, assert_works, run, show, shown

PAGE = "parameters"


@pytest.fixture(scope="module")
def app() -> AppTest:
    """Return the page, opened once: each test follows its own link."""
    return run(PAGE)


def test_page_opens_for_every_step(app: AppTest) -> None:
    show(app)
    assert_works(app, "Parameters")
    steps = [option.partition(" ")[0] for option in app.selectbox("widget-row").options]
    assert len(steps) == 31
    for step in steps:
        app.query_params["row"] = step
        app.run()
        assert_works(app, "Parameters")
        assert app.selectbox("widget-row").value == step
        assert f"{step}, worked out" in [each.value for each in app.header]
        assert f'aria-label="{step} worked out"' in shown(app)


def test_page_lists_every_mistake_and_every_limit(app: AppTest) -> None:
    show(app)
    html = shown(app)
    sentences = [mistake.sentence for row in printed_table.compare(weights.load()) for mistake in row.mistakes]
    assert len(sentences) == 9
    assert all(sentence in html for sentence in sentences)
    accurate = round(10_000 * weights.read_card()["test_accuracy"]) >= 9_940
    assert html.count(": met.") == 3 + accurate
    assert html.count(": not met.") == 1 - accurate
    offered = ["Download as CSV", "Download the shares as CSV"]
    assert [each.proto.label for each in app.get("download_button")] == offered


def test_hidden_steps_are_kept_in_the_address(app: AppTest) -> None:
    show(app)
    assert shown(app).count("not printed") == 0
    app.button_group("widget-hidden").set_value("yes").run()
    assert_works(app, "Parameters")
    assert app.query_params["hidden"] == "yes"
    assert shown(app).count("not printed") == 8
    assert show(app, hidden="yes").button_group("widget-hidden").value == "yes"


def test_buttons_go_through_the_rows(app: AppTest) -> None:
    show(app, row="Conv2d-4")
    next(button for button in app.button if button.label == "Next").click().run()
    assert_works(app, "Parameters")
    assert app.query_params["row"] == "ReLU-4"
    assert "ReLU-4, worked out" in [each.value for each in app.header]


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [("row", "Conv2d-99", "Conv2d-23"), ("row", "<script>", "Conv2d-1"), ("hidden", "maybe", "no")],
)
def test_invalid_choice_gives_a_sentence_and_the_default(app: AppTest, name: str, value: str, default: str) -> None:
    show(app, **{name: value})
    assert not app.exception
    said = as_read(app.warning[0].value)
    assert said.startswith(f"The link asks for {name} '{value}'. It can be ")
    assert said.endswith(f"Showing {default} instead.")
    assert "<script>" not in shown(app)
