"""The walkthrough in Streamlit's own simulator."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from model import layers
from model.images import digits
from model.networks.assignment import weights
from model.records import Unit
from model.trace import record
from tests.pages.conftest import as_read, assert_works, run, said, show, shown
from tests.pages.test_pages import STEPS

PAGE = "layer_by_layer"
TRACE = record(weights.load(), digits.to_input(digits.find("project-3a")))


@pytest.fixture(scope="module")
def app() -> AppTest:
    """Return the page, opened once: each test follows its own link."""
    return run(PAGE)


def answer(app: AppTest, question: int, text: str) -> None:
    app.text_input[question].set_value(text)
    next(button for button in app.button if button.label == "Answer").click().run()


def everything(app: AppTest) -> str:
    """Return all that a page sends to the browser, the workings too; each minus as in a number.

    Streamlit's own identifiers are left out: they are hashes, in which any number may stand by chance.
    """
    sent = said(app) + shown(app) + "".join(str(each.proto) for each in app.get("bidi_component"))
    return re.sub(r"\$\$ID-[0-9a-f]+", "", sent).replace("\u2212", "-")


def test_page_opens_for_every_step(app: AppTest) -> None:
    show(app)
    for step in STEPS:
        app.query_params["row"] = step
        app.run()
        assert not app.exception
        assert not app.warning
        assert app.title[0].value.startswith(f"{step}: ")
        assert re.search(rf" of {re.escape(step)}, (all )?counted from 0: ", said(app))


def test_page_of_the_image_shows_the_pixel_arithmetic(app: AppTest) -> None:
    show(app, row="image", unit="0.0", trail="Conv2d-1.0.0.0")
    assert_works(app, "Pixels of the image")
    assert "(0 / 255 − 0.1307) / 0.3081 = −0.4242" in said(app)


@pytest.mark.parametrize("unit", ["26.0", "0.26", "-1.0", "1", "a.b", "0.0.0", "\u0661.0"])
def test_unknown_unit_gives_a_sentence(app: AppTest, unit: str) -> None:
    show(app, row="Conv2d-1", unit=unit)
    assert not app.exception
    allowed = "It can be y.x, y from 0 to 25 and x from 0 to 25."
    assert app.warning[0].value.startswith(f"The link asks for unit '{unit}'. {allowed}")


@pytest.mark.parametrize("trail", ["Conv2d-23", "Conv2d-23.10.0.0", "nonsense.0.0.0", "Conv2d-1.0.-1.0", "image.0.0.x"])
def test_invalid_trail_is_left_out_with_a_sentence(app: AppTest, trail: str) -> None:
    show(app, row="Conv2d-1", trail=trail)
    assert not app.exception
    allowed = "It can be units of this network with ~ between, such as Conv2d-7.3.0.12. It is left out here."
    assert as_read(app.warning[0].value) == f"The link asks for trail '{trail}'. {allowed}"


def test_page_explains_errors_of_the_assignment(app: AppTest) -> None:
    worked = "".join(each.proto.body for each in show(app, row="Conv2d-13").get("html"))
    assert "so it cannot be 36" in worked
    worked = "".join(each.proto.body for each in show(app, row="Conv2d-1").get("html"))
    assert "8 × 1 × 3 × 3 + 8 = 80" in worked
    assert "cannot be" not in worked


def test_open_questions_hide_their_answers_everywhere(app: AppTest) -> None:
    assert all(given in everything(show(app, row="Conv2d-13")) for given in ("= 136", "8 × 11 × 11"))
    show(app, row="Conv2d-13", ask="yes")
    assert_works(app, "Conv2d-13: convolution")
    changed = f"{without('Conv2d-13', unit_of_largest('Conv2d-13')):z.4f}"
    assert not any(given in everything(app) for given in ("136", changed[:-1], "8 × 11 × 11", "of this unit is"))
    assert len(app.text_input) == 4


def test_the_value_of_a_unit_with_one_input_is_hidden(app: AppTest) -> None:
    recorded = f"{TRACE['BatchNorm2d-5'].maps.max():z.4f}"
    assert recorded in everything(show(app, row="BatchNorm2d-5"))
    assert recorded[:-1] not in everything(show(app, row="BatchNorm2d-5", ask="yes"))


def unit_of_largest(name: str) -> Unit:
    c, y, x = np.unravel_index(TRACE[name].maps.argmax(), TRACE[name].maps.shape)
    return int(c), int(y), int(x)


def without(name: str, unit: Unit) -> float:
    """Return a unit of a convolution or a linear step when its most important input is 0."""
    products = [term.product for term in layers.explain(TRACE, name, unit).terms]
    return float(TRACE[name].maps[unit] - max(products, key=abs))


def test_answers_can_be_revealed_without_answering_and_do_not_count(app: AppTest) -> None:
    show(app, row="Conv2d-13", ask="yes")
    next(button for button in app.button if button.label == "Reveal").click().run()
    assert_works(app, "Conv2d-13: convolution")
    assert not app.text_input
    assert "8 × 16 × 1 × 1 + 8 = 136" in shown(app)
    assert "No question is answered yet; 92 questions" in said(app)
    assert str(app.query_params["answers"]).startswith("Conv2d-13_shape_?~")


def test_an_empty_answer_says_so(app: AppTest) -> None:
    show(app, row="Conv2d-13", ask="yes")
    answer(app, 0, "  ")
    assert app.warning[0].value.startswith("There is no answer to mark.")
    assert "answers" not in app.query_params
    assert not app.run().warning


def test_marked_answer_shows_the_right_one_and_counts(app: AppTest) -> None:
    show(app, row="Conv2d-13", ask="yes")
    answer(app, 1, "36")
    assert_works(app, "Conv2d-13: convolution")
    assert app.query_params["answers"] == "Conv2d-13_parameters_36"
    html = shown(app)
    assert "8 × 16 × 1 × 1 + 8 = 136" in html
    assert "The assignment prints the same wrong figure." in html
    answer(app, 0, "8 x 11 x 11")
    assert "1 of 2 answers correct; 92 questions on 23 rows." in said(app)
    app.query_params["row"] = "Conv2d-1"
    app.run()
    assert "1 of 2 answers correct" in said(app)
    assert len(app.text_input) == 4
    app.query_params["row"] = "Conv2d-13"
    app.run()
    next(button for button in app.button if button.label == "Ask this row again").click().run()
    assert len(app.text_input) == 4
    assert "answers" not in app.query_params


def test_unit_value_is_asked_again_for_another_unit_or_digit(app: AppTest) -> None:
    show(app, row="Conv2d-4", channel="2", unit="5.7", ask="yes")
    answer(app, 3, f"{without('Conv2d-4', (2, 5, 7)):.3f}")
    assert len(app.text_input) == 3
    assert "1 of 1 answers correct" in said(app)
    answers = str(app.query_params["answers"])
    assert len(show(app, row="Conv2d-4", channel="2", unit="5.7", ask="yes", answers=answers).text_input) == 3
    assert len(show(app, row="Conv2d-4", channel="2", unit="5.8", ask="yes", answers=answers).text_input) == 4
    other = show(app, row="Conv2d-4", channel="2", unit="5.7", ask="yes", answers=answers, digit="project-4or9")
    assert len(other.text_input) == 4
    assert "No question is answered yet; 92 questions" in said(other)


def test_filled_in_answers_are_submitted_together(app: AppTest) -> None:
    show(app, row="Conv2d-4", ask="yes")
    app.text_input[0].set_value("16x24x24")
    app.text_input[2].set_value("nonsense")
    answer(app, 1, "1168")
    assert app.query_params["answers"] == "Conv2d-4_shape_16x24x24~Conv2d-4_parameters_1168"
    assert [field.value for field in app.text_input] == ["nonsense", ""]
    assert "The input shape is 8 × 26 × 26. The window is 3 × 3, stride 1 × 1, no padding." in said(app)


def test_hidden_step_has_no_questions(app: AppTest) -> None:
    show(app, row="ReLU-4", ask="yes")
    assert_works(app, "ReLU-4: ReLU")
    assert not app.text_input
    assert "which a printed table leaves out" in said(app)


def test_last_maps_are_named_as_logits(app: AppTest) -> None:
    assert "Each of these 10 maps has one unit, the logit of one class" in said(show(app, row="Conv2d-23"))
    assert "Each unit is the log-probability of a class" in said(show(app, row="log-softmax"))
    assert "the logit of one class" not in said(show(app, row="Conv2d-19"))


def test_unreadable_answer_gives_a_sentence_and_stays(app: AppTest) -> None:
    show(app, row="Conv2d-7", ask="yes")
    answer(app, 0, "large")
    assert not app.exception
    assert app.warning[0].value.startswith("'large' cannot be read as an answer. It can be channels, height and width")
    assert app.text_input[0].value == "large"
    assert "answers" not in app.query_params


@pytest.mark.parametrize(
    "answers", ["nonsense", "~~", "_", "Conv2d-4_", "Conv2d-99_shape_1", "Conv2d-4_unit.9.9.9.x_1"]
)
def test_invalid_answers_in_the_address_are_asked_again(app: AppTest, answers: str) -> None:
    show(app, row="Conv2d-4", ask="yes", answers=answers)
    assert not app.exception
    assert not app.error
    assert len(app.text_input) == 4
    allowed = "It can be answers with ~ between, such as Conv2d-7_shape_16x22x22. The other parts are left out."
    assert [as_read(each.value) for each in app.warning] == (
        [f"The link asks for answers 'nonsense'. {allowed}"] if answers == "nonsense" else []
    )


@pytest.mark.parametrize("link", [{"row": "Conv2d-4"}, {"row": "image"}, {"row": "Conv2d-4", "projector": "yes"}])
def test_invalid_switch_gives_a_sentence(app: AppTest, link: dict[str, str]) -> None:
    show(app, ask="maybe", **link)
    assert not app.exception
    assert app.warning[0].value == "The link asks for ask 'maybe'. It can be left out, yes. It is left out here."


def test_unreadable_answer_in_the_address_gives_a_sentence(app: AppTest) -> None:
    show(app, row="Conv2d-4", ask="yes", answers="Conv2d-4_shape_big")
    assert not app.exception
    assert app.warning[0].value.startswith("In the link, 'big' cannot be read as an answer.")
    assert len(app.text_input) == 4
