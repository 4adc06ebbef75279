"""The walkthrough in Streamlit's own simulator."""

import pytest

from tests.pages.conftest import assert_works, run, said
from tests.pages.test_pages import STEPS

PAGE = "layer_by_layer"


def test_every_step_can_be_walked_through() -> None:
    app = run(PAGE)
    for step in STEPS:
        app.query_params["row"] = step
        app.run()
        assert not app.exception
        assert not app.warning
        assert app.title[0].value.startswith(f"{step}: ")
        assert f" of {step}: " in said(app)


def test_at_the_end_of_the_way_are_the_pixels() -> None:
    app = run(PAGE, row="image", unit="0.0", trail="Conv2d-1.0.0.0")
    assert_works(app, "Back at the pixels")
    assert "(0 / 255 − 0.1307) / 0.3081 = −0.4242" in said(app)


def test_the_projector_view_shows_the_stage_alone_and_can_be_left() -> None:
    app = run(PAGE, row="Conv2d-7", projector="yes")
    assert_works(app, "Conv2d-7: convolution")
    assert not app.header
    (leave,) = [each for each in app.button if each.label == "Leave the projector view"]
    leave.click().run()
    assert_works(app, "Conv2d-7: convolution")
    assert [each.value for each in app.header] == ["Where its shape and its parameters come from", "Receptive field"]
    assert "projector" not in app.query_params


@pytest.mark.parametrize("unit", ["26.0", "0.26", "-1.0", "1", "a.b", "0.0.0", "\u0661.0"])
def test_a_unit_that_is_not_there_is_a_sentence(unit: str) -> None:
    app = run(PAGE, row="Conv2d-1", unit=unit)
    assert not app.exception
    assert app.warning[0].value.startswith(f"The link asks for unit '{unit}'. It can be y.x from 0.0 to 25.25.")


@pytest.mark.parametrize("trail", ["Conv2d-23", "Conv2d-23.10.0.0", "nonsense.0.0.0", "Conv2d-1.0.-1.0", "image.0.0.x"])
def test_a_trail_that_makes_no_sense_is_left_out_with_a_sentence(trail: str) -> None:
    app = run(PAGE, row="Conv2d-1", trail=trail)
    assert not app.exception
    assert app.warning[0].value == "The trail in the link cannot be read, so it is left out."


def test_where_the_assignment_is_wrong_it_is_said_and_why() -> None:
    worked = "".join(each.proto.body for each in run(PAGE, row="Conv2d-13").get("html"))
    assert "so it cannot be 36" in worked
    worked = "".join(each.proto.body for each in run(PAGE, row="Conv2d-1").get("html"))
    assert "8 × 1 × 3 × 3 + 8 = 80" in worked
    assert "cannot be" not in worked
