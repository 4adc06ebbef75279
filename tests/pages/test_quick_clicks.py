"""Clicks that come before a run has shown all it brings: the browser sends older values of other widgets with them."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import run
from viz.app import older_values


@pytest.fixture
def at_once() -> Iterator[pytest.MonkeyPatch]:
    """Let every click come before the browser shows what the run before it has brought, however slow the test is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(older_values, "GRACE", float("inf"))
        yield patch


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click()


def on_the_next_row() -> AppTest:
    app = run("feature_maps", row="Conv2d-1", channel="2")
    press(app, "Next")
    app.run()
    assert chosen(app) == ("ReLU-1", "2")
    return app


def chosen(app: AppTest) -> tuple[str, str]:
    return app.query_params["row"], app.query_params["channel"]


def choose_map_where_an_older_row_is_shown(app: AppTest) -> None:
    app.selectbox(key="widget-row").set_value("Conv2d-1")
    app.selectbox(key="widget-channel").set_value("5").run()


def test_an_older_value_that_comes_with_a_click_elsewhere_is_no_choice(at_once: pytest.MonkeyPatch) -> None:
    app = on_the_next_row()
    choose_map_where_an_older_row_is_shown(app)
    assert chosen(app) == ("ReLU-1", "5")
    at_once.setattr(older_values, "is_older", lambda _key: False)  # wrong: every value is a choice
    app = on_the_next_row()
    choose_map_where_an_older_row_is_shown(app)
    assert chosen(app)[0] == "Conv2d-1"


def test_a_value_that_a_run_has_brought_meanwhile_is_no_choice(at_once: pytest.MonkeyPatch) -> None:
    app = on_the_next_row()
    app.selectbox(key="widget-row").set_value("Conv2d-1")
    press(app, "Next")
    app.run()
    assert chosen(app)[0] == "BatchNorm2d-2"
    app.selectbox(key="widget-row").set_value("ReLU-1")  # what the first of the two has brought
    press(app, "Next")
    app.run()
    assert chosen(app)[0] == "Dropout-3"


def test_back_to_an_earlier_value_is_a_choice_though_an_older_row_comes_along(at_once: pytest.MonkeyPatch) -> None:
    app = run("feature_maps", row="Conv2d-1", channel="2")
    for scale in ("map", "layer"):
        app.segmented_control(key="widget-scale").set_value(scale)
        if scale == "layer":
            app.selectbox(key="widget-row").set_value("Conv2d-1")
        app.run()
        assert app.query_params["scale"] == scale
        if scale == "map":
            press(app, "Next")
            app.run()
    assert chosen(app) == ("ReLU-1", "2")


def test_back_to_an_earlier_value_in_one_message_with_a_click_is_a_choice(at_once: pytest.MonkeyPatch) -> None:
    app = run("feature_maps", row="Conv2d-1", channel="2")
    at_once.setattr(older_values, "GRACE", -1.0)  # at rest
    press(app, "Next")
    app.run()
    at_once.setattr(older_values, "GRACE", float("inf"))
    app.segmented_control(key="widget-scale").set_value("map").run()
    press(app, "Next")
    app.segmented_control(key="widget-scale").set_value("layer").run()
    assert (app.query_params["scale"], *chosen(app)) == ("layer", "BatchNorm2d-2", "2")


def test_an_older_value_that_comes_alone_is_a_choice(at_once: pytest.MonkeyPatch) -> None:
    app = on_the_next_row()
    app.selectbox(key="widget-row").set_value("Conv2d-1").run()
    assert chosen(app)[0] == "Conv2d-1"


def test_a_new_value_that_comes_with_a_click_elsewhere_is_a_choice(at_once: pytest.MonkeyPatch) -> None:
    app = on_the_next_row()
    app.selectbox(key="widget-row").set_value("Conv2d-4")
    app.selectbox(key="widget-channel").set_value("5").run()
    assert chosen(app) == ("Conv2d-4", "5")


def test_once_all_is_shown_every_value_is_a_choice(at_once: pytest.MonkeyPatch) -> None:
    app = on_the_next_row()
    at_once.setattr(older_values, "GRACE", -1.0)
    choose_map_where_an_older_row_is_shown(app)
    assert chosen(app)[0] == "Conv2d-1"
