"""The walkthrough in Streamlit's own simulator."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from model.images import digits
from model.networks.assignment import weights
from model.trace import record
from tests.pages.conftest import as_read, assert_works, run, said, shown
from tests.pages.test_pages import STEPS

PAGE = "layer_by_layer"
TRACE = record(weights.load(), digits.to_input(digits.find("project-3a")))


def answer(app: AppTest, question: int, text: str) -> None:
    app.text_input[question].set_value(text)
    next(button for button in app.button if button.label == "Answer").click().run()


def everything(app: AppTest) -> str:
    """Return all that a page sends to the browser, the workings too; each minus as in a number.

    Streamlit's own identifiers are left out: they are hashes, in which any number may stand by chance.
    """
    sent = said(app) + shown(app) + "".join(str(each.proto) for each in app.get("bidi_component"))
    return re.sub(r"\$\$ID-[0-9a-f]+", "", sent).replace("\u2212", "-")


def test_every_step_can_be_walked_through() -> None:
    app = run(PAGE)
    for step in STEPS:
        app.query_params["row"] = step
        app.run()
        assert not app.exception
        assert not app.warning
        assert app.title[0].value.startswith(f"{step}: ")
        assert f" of {step}, all counted from 0: " in said(app)


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
    allowed = "It can be y.x, y from 0 to 25 and x from 0 to 25."
    assert app.warning[0].value.startswith(f"The link asks for unit '{unit}'. {allowed}")


@pytest.mark.parametrize("trail", ["Conv2d-23", "Conv2d-23.10.0.0", "nonsense.0.0.0", "Conv2d-1.0.-1.0", "image.0.0.x"])
def test_a_trail_that_makes_no_sense_is_left_out_with_a_sentence(trail: str) -> None:
    app = run(PAGE, row="Conv2d-1", trail=trail)
    assert not app.exception
    allowed = "It can be units of this network with ~ between, such as Conv2d-7.3.0.12. It is left out here."
    assert as_read(app.warning[0].value) == f"The link asks for trail '{trail}'. {allowed}"


def test_where_the_assignment_is_wrong_it_is_said_and_why() -> None:
    worked = "".join(each.proto.body for each in run(PAGE, row="Conv2d-13").get("html"))
    assert "so it cannot be 36" in worked
    worked = "".join(each.proto.body for each in run(PAGE, row="Conv2d-1").get("html"))
    assert "8 × 1 × 3 × 3 + 8 = 80" in worked
    assert "cannot be" not in worked


def test_asked_first_nothing_on_the_page_gives_an_answer_away() -> None:
    recorded = f"{TRACE['Conv2d-13'].maps.max():z.4f}"
    assert all(given in everything(run(PAGE, row="Conv2d-13")) for given in ("= 136", recorded, "8 × 11 × 11"))
    app = run(PAGE, row="Conv2d-13", ask="yes")
    assert_works(app, "Conv2d-13: convolution")
    assert not any(given in everything(app) for given in ("136", recorded[:-1], "8 × 11 × 11", "can see"))
    assert len(app.text_input) == 4


def test_an_answer_stands_beside_the_right_one_with_its_arithmetic_and_counts() -> None:
    app = run(PAGE, row="Conv2d-13", ask="yes")
    answer(app, 1, "36")
    assert_works(app, "Conv2d-13: convolution")
    assert app.query_params["answers"] == "Conv2d-13_parameters_36"
    html = shown(app)
    assert "8 × 16 × 1 × 1 + 8 = 136" in html
    assert "So it is printed in the assignment, too." in html
    answer(app, 0, "8 x 11 x 11")
    assert "1 of 2 answers right; 92 questions in 23 rows." in said(app)
    app.query_params["row"] = "Conv2d-1"
    app.run()
    assert "1 of 2 answers right" in said(app)
    assert len(app.text_input) == 4
    app.query_params["row"] = "Conv2d-13"
    app.run()
    next(button for button in app.button if button.label == "Ask this row again").click().run()
    assert len(app.text_input) == 4
    assert "answers" not in app.query_params


def test_the_value_of_a_unit_is_asked_anew_for_another_unit_and_another_digit() -> None:
    app = run(PAGE, row="Conv2d-4", channel="2", unit="5.7", ask="yes")
    value = TRACE["Conv2d-4"].maps[2, 5, 7]
    answer(app, 3, f"{value:.2f}")
    assert len(app.text_input) == 3
    assert "1 of 1 answers right" in said(app)
    answers = str(app.query_params["answers"])
    assert len(run(PAGE, row="Conv2d-4", channel="2", unit="5.7", ask="yes", answers=answers).text_input) == 3
    assert len(run(PAGE, row="Conv2d-4", channel="2", unit="5.8", ask="yes", answers=answers).text_input) == 4
    other = run(PAGE, row="Conv2d-4", channel="2", unit="5.7", ask="yes", answers=answers, digit="project-4or9")
    assert len(other.text_input) == 4
    assert "Nothing is answered yet; 92 questions" in said(other)


def test_what_is_filled_in_is_handed_in_together() -> None:
    app = run(PAGE, row="Conv2d-4", ask="yes")
    app.text_input[0].set_value("16x24x24")
    app.text_input[2].set_value("nonsense")
    answer(app, 1, "1168")
    assert app.query_params["answers"] == "Conv2d-4_shape_16x24x24~Conv2d-4_parameters_1168"
    assert [field.value for field in app.text_input] == ["nonsense", ""]
    assert "What goes in has shape 8 × 26 × 26. Its window is 3 × 3, stride 1 × 1, no padding." in said(app)


def test_a_hidden_step_is_not_asked_about() -> None:
    app = run(PAGE, row="ReLU-4", ask="yes")
    assert_works(app, "ReLU-4: ReLU")
    assert not app.text_input
    assert "The printed table leaves this step out" in said(app)


def test_the_last_maps_are_said_to_be_the_digits() -> None:
    assert "Each of these 10 maps stands for one digit" in said(run(PAGE, row="Conv2d-23"))
    assert "Each unit is the logarithm of a class's probability" in said(run(PAGE, row="log-softmax"))
    assert "stands for one digit" not in said(run(PAGE, row="Conv2d-19"))


def test_what_cannot_be_read_is_a_sentence_and_stays() -> None:
    app = run(PAGE, row="Conv2d-4", ask="yes")
    answer(app, 0, "large")
    assert not app.exception
    assert app.warning[0].value.startswith("'large' cannot be read as an answer. It can be channels, height and width")
    assert app.text_input[0].value == "large"
    assert "answers" not in app.query_params


@pytest.mark.parametrize(
    "answers", ["nonsense", "~~", "_", "Conv2d-4_", "Conv2d-99_shape_1", "Conv2d-4_unit.9.9.9.x_1"]
)
def test_answers_that_make_no_sense_are_asked_again(answers: str) -> None:
    app = run(PAGE, row="Conv2d-4", ask="yes", answers=answers)
    assert not app.exception
    assert not app.error
    assert len(app.text_input) == 4
    allowed = "It can be answers with ~ between, such as Conv2d-7_shape_16x22x22. What is no answer is left out."
    assert [as_read(each.value) for each in app.warning] == (
        [f"The link asks for answers 'nonsense'. {allowed}"] if answers == "nonsense" else []
    )


@pytest.mark.parametrize("link", [{"row": "Conv2d-4"}, {"row": "image"}, {"row": "Conv2d-4", "projector": "yes"}])
def test_a_switch_that_makes_no_sense_is_a_sentence(link: dict[str, str]) -> None:
    app = run(PAGE, ask="maybe", **link)
    assert not app.exception
    assert app.warning[0].value == "The link asks for ask 'maybe'. It can be left out, yes. It is left out here."


def test_an_answer_in_the_link_that_cannot_be_read_is_a_sentence() -> None:
    app = run(PAGE, row="Conv2d-4", ask="yes", answers="Conv2d-4_shape_big")
    assert not app.exception
    assert app.warning[0].value.startswith("In the link, 'big' cannot be read as an answer.")
    assert len(app.text_input) == 4
