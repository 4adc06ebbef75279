"""The ten questions in Streamlit's own simulator."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import as_read, assert_works, run, said, show, shown


@pytest.fixture(scope="module")
def app() -> AppTest:
    """Return the page, opened once."""
    return run("ten_questions")


def press(app: AppTest, label: str) -> AppTest:
    (found,) = [each for each in app.button if each.label == label]
    return found.click().run()


def test_answers_are_kept_in_the_address_and_shown_again() -> None:
    app = run("ten_questions")
    assert_works(app, "Ten questions")
    assert len(app.radio) == 10
    app.radio[0].set_value(2)
    app.radio[3].set_value(0)
    press(app, "Hand in")
    assert app.query_params["before"] == "c--a------"
    assert "2 of 10 questions have an answer; without one: 2, 3, 5, 6, 7, 8, 9, 10." in app.success[0].value
    again = run("ten_questions", before="c--a------")
    assert [each.value for each in again.radio[:4]] == [2, None, None, 0]


def test_who_does_not_know_has_no_answer() -> None:
    app = run("ten_questions", before="c---------")
    assert {each.options[-1] for each in app.radio} == {"I do not know"}
    app.radio[0].set_value(len(app.radio[0].options) - 1)
    app.radio[1].set_value(1)
    press(app, "Hand in")
    assert app.query_params["before"] == "-b--------"


def test_an_empty_sheet_gives_a_sentence() -> None:
    app = press(run("ten_questions"), "Hand in")
    assert app.warning[0].value.startswith("There is no answer on this sheet yet.")
    assert "before" not in app.query_params


def test_right_answers_come_with_the_second_sheet_or_on_request(app: AppTest) -> None:
    show(app, answers_view="compare", before="aaaaaaaaaa")
    assert "Right, and why" not in shown(app)
    press(app, "Reveal the right answers now")
    assert "Right, and why" in shown(app)
    assert "Dropout drops values when the network is tested, too." in shown(app)
    show(app, answers_view="compare", before="aaaaaaaaaa", after="ab--------")
    assert "Right, and why" in shown(app)
    assert "Right answers: 4 of 10 before the lesson, 2 of 2 after it." in said(app)
    assert "Questions without an answer: 0 before, 8 after." in said(app)


def test_a_projector_shows_one_question_and_keeps_each_answer() -> None:
    app = run("ten_questions", projector="yes", question="4", before="c---------")
    assert len(app.radio) == 1
    assert app.radio[0].label.startswith("**4.** ")
    app.radio[0].set_value(1).run()
    assert app.query_params["before"] == "c--b------"
    press(app, "Next")
    assert app.query_params["question"] == "5"
    assert app.radio[0].value is None
    show(app, answers_view="compare", before="c--b------", reveal="yes", question="4", projector="yes")
    assert shown(app).count("<tr>") == 3, "before, after, and why"


def test_sheets_of_a_class_can_be_pasted(app: AppTest) -> None:
    show(app, answers_view="class")
    assert "There is no sheet yet." in said(app)
    app.text_area[0].set_value("nonsense").run()
    assert as_read(app.error[0].value).startswith("Line 1, 'nonsense', is no line of a sheet.")
    app.text_area[0].set_value("dropout,m,1,1,1,no,yes").run()
    assert "1 sheets" not in said(app)
    assert "1 sheet. Right answers on a sheet: 0.0 before the lesson, 1.0 after it." in said(app)


def test_files_of_a_class_can_be_chosen_together(app: AppTest) -> None:
    show(app, answers_view="class")
    sheets = [
        ("a.csv", b"\xef\xbb\xbfdropout,m,1,1,1,no,yes", "text/csv"),
        ("b.csv", b"dropout,m,1,1,1,no,no", "text/csv"),
    ]
    app.text_area[0].set_value("").run()
    app.file_uploader(key="sheets-of-a-class").set_value(sheets).run()
    assert not app.exception
    assert "2 sheets. Right answers on a sheet: 0.0 before the lesson, 0.5 after it." in said(app)


def test_nonsense_gives_a_sentence(app: AppTest) -> None:
    show(app, before="zz")
    assert not app.exception
    assert as_read(app.warning[0].value).startswith("The link asks for before 'zz'. Answers are 10 letters")
