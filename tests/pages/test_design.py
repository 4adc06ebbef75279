"""The page of the design lab in the simulator: what it begins with, limits, and text that is no design."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from model.networks import store
from tests import any_network
from tests.pages.conftest import assert_works, component, run, said, show, shown

TITLE = "Design lab"


def limits(app: AppTest) -> dict[str, bool | None]:
    return {each["name"]: each["holds"] for each in component(app, "design_editor")["limits"]}


def kinds(app: AppTest) -> list[str]:
    return [each["kind"] for each in component(app, "design_editor")["layers"]]


def test_it_begins_with_the_network_that_is_open(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    app = run("design", net="lenet")
    assert_works(app, TITLE)
    assert kinds(app).count("linear") == 3
    show(app, net=store.keep_bytes(any_network.everything()))
    (told,) = app.info
    assert re.search(r"cannot be a design: at .* Showing the assignment's network instead\.$", told.value)
    assert kinds(app)[-1] == "conv"
    show(app, net="lenet", design="classes-10")
    assert kinds(app) == []


def test_each_limit_can_be_changed_and_is_asked_of_the_design() -> None:
    app = run("design")
    assert limits(app)["fewer than 20,000 parameters"]
    show(app, parameters_limit="8000", work_limit="1000", epochs_limit="none", accuracy_limit="99", no_limit="dropout")
    assert limits(app) == {
        "fewer than 8,000 parameters": False,
        "fewer than 1,000 multiply-accumulates": False,
        "no fully connected layer": True,
        "a mean over the whole map at the end": True,
        "uses batch norm": True,
        "at least 99 % correct": None,
    }
    app.session_state["folded-Change the limits"] = True
    app.run()
    app.number_input("limit-parameters_limit").set_value(9_500).run()
    assert app.query_params["parameters_limit"] == "9500"
    app.number_input("limit-parameters_limit").set_value(20_000).run()
    assert "parameters_limit" not in app.query_params
    app.number_input("limit-parameters_limit").set_value(None).run()
    assert app.query_params["parameters_limit"] == "none"
    app.button_group("limits-asked").set_value(["norm", "mean"]).run()
    assert app.query_params["no_limit"] == "linear.dropout"
    assert limits(app).keys() >= {"uses batch norm", "a mean over the whole map at the end"}


def test_what_brings_it_under_the_limit_is_offered_as_links() -> None:
    app = run("design", parameters_limit="8000")
    app.session_state["folded-What would bring it under 8,000 parameters?"] = True
    app.run()
    assert "2,067 parameters too many" in said(app)
    assert 'href="design?parameters_limit=8000&amp;design=conv-' in shown(app)


def test_text_that_is_no_design_stays_and_is_explained() -> None:
    app = run("design", design="conv-10-28", design_view="text")
    field = app.text_area("design-text")
    assert field.value == "conv 10 28"
    field.set_value("conv 10 28\nconv x").run()
    (told,) = app.error
    assert told.value.startswith("Line 2: 'x' is not understood.")
    assert app.text_area("design-text").value == "conv 10 28\nconv x"
    assert app.query_params["design"] == "conv-10-28"
    app.text_area("design-text").set_value("conv 10 28  # the whole digit").run()
    assert not app.error
    assert app.text_area("design-text").value == "conv 10 28  # the whole digit"


def test_a_design_that_is_no_network_is_not_opened() -> None:
    app = run("design", design="conv-8-3_max-40", design_view="inside")
    (told,) = app.info
    assert told.value.startswith("The design is no network yet. Layer 2: ")
    assert not app.exception
