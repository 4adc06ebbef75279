"""Lessons in Streamlit's own simulator: the bar, the way through the stations, and the notes."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import as_read, assert_works, run, show, shown
from viz.lessons import plans


@pytest.fixture(scope="module")
def app() -> AppTest:
    """Return a page, opened once: each test follows its own link."""
    return run("receptive_field")


def press(app: AppTest, label: str) -> AppTest:
    (found,) = [each for each in app.button if each.label == label]
    return found.click().run()


def labels(app: AppTest) -> list[str]:
    return [each.label for each in app.button]


def of_station(id: str, number: int) -> dict[str, str]:
    return {**plans.lesson(id).stations[number - 1].link, "lesson": f"{id}.{number}"}


def test_the_page_lists_all_lessons() -> None:
    app = run("lessons")
    assert_works(app, "Lessons")
    begins = [each.proto for each in app.get("page_link") if each.proto.label.startswith("Begin: ")]
    assert [each.label for each in begins] == [f"Begin: {plans.lesson(id).title}" for id in plans.IDS]
    assert all(f"lesson={id}.1" in each.query_string for id, each in zip(plans.IDS, begins, strict=True))


def test_a_page_without_a_lesson_has_no_bar(app: AppTest) -> None:
    show(app)
    assert "Next station" not in labels(app)
    assert 'class="lesson"' not in shown(app)


def test_the_bar_shows_the_question_and_hides_the_notes(app: AppTest) -> None:
    show(app, **of_station("field", 3))
    assert_works(app, "Receptive field")
    assert "Receptive field, 3 of 6" in shown(app)
    assert "Conv2d-7 sees 7 pixels. And now?" in shown(app)
    assert "The notebook prints 14" not in shown(app)
    assert "Back to the station" not in labels(app)
    press(app, "Teacher's notes")
    assert "The notebook prints 14" in shown(app)
    assert app.query_params["notes"] == "yes"
    press(app, "Hide the notes")
    assert "The notebook prints 14" not in shown(app)


def test_notes_of_the_desk_stay_closed_on_the_projector(app: AppTest) -> None:
    show(app, **of_station("field", 3), notes="yes", projector="yes")
    assert "The notebook prints 14" not in shown(app)
    press(app, "Teacher's notes")
    assert "The notebook prints 14" in shown(app)
    assert app.query_params["notes"] == "projector"
    press(app, "Next station")
    assert "notes" not in app.query_params
    press(app, "Teacher's notes")
    press(app, "Leave")
    assert not {"notes", "projector"} & {*app.query_params}


def test_notes_of_a_projector_do_not_come_along_into_another_lesson() -> None:
    app = run("lessons", notes="projector", projector="yes", lesson="field.3")
    begins = [each.proto.query_string for each in app.get("page_link") if each.proto.label.startswith("Begin: ")]
    assert begins
    assert all("projector=yes" in each and "notes" not in each for each in begins)


def test_what_a_station_asks_for_is_covered_until_it_is_told(app: AppTest) -> None:
    show(app, **of_station("field", 3))
    assert 'class="covers-field"' in shown(app)
    press(app, "Show the answer")
    assert 'class="covers-' not in shown(app)
    assert "Back to the station" not in labels(app)
    assert "Show the answer" not in labels(app)
    press(app, "Next station")
    assert "told" not in app.query_params
    assert 'class="covers-field"' in shown(app)
    press(app, "Leave the lesson")
    assert 'class="covers-' not in shown(app)


def test_next_and_previous_lead_through_a_lesson_and_keep_the_projector(app: AppTest) -> None:
    show(app, **of_station("field", 1), projector="yes", unit="3.3")
    press(app, "Next station")
    assert dict(app.query_params) == {**of_station("field", 2), "projector": "yes"}
    press(app, "Previous station")
    assert dict(app.query_params) == {**of_station("field", 1), "projector": "yes"}
    (previous,) = [each for each in app.button if each.label == "Previous station"]
    assert previous.disabled


def test_who_wanders_off_can_come_back(app: AppTest) -> None:
    show(app, **{**of_station("field", 2), "row": "Conv2d-1"})
    assert "Receptive field, 2 of 6" in shown(app)
    press(app, "Back to the station")
    assert dict(app.query_params) == of_station("field", 2)
    assert "Back to the station" not in labels(app)


def test_the_lesson_can_be_left(app: AppTest) -> None:
    show(app, **of_station("field", 2), notes="yes")
    press(app, "Leave the lesson")
    assert not {"lesson", "notes"} & {*app.query_params}
    assert "Next station" not in labels(app)


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("nothing.1", "It can begin with tour, whole, field, table, norm, saliency."),
        ("field.7", "It can be field.1 to field.6."),
        ("field", "It can be field.1 to field.6."),
        ("field.\u0661", "It can be field.1 to field.6."),
    ],
)
def test_nonsense_gives_a_sentence(app: AppTest, place: str, allowed: str) -> None:
    show(app, lesson=place)
    assert not app.exception
    assert as_read(app.warning[0].value) == f"The link asks for lesson '{place}'. {allowed} No lesson is shown."


def test_the_numbers_are_those_of_the_lessons_network(app: AppTest) -> None:
    show(app, **{**of_station("field", 2), "net": "lenet", "row": "", "notes": "yes"})
    assert not app.exception
    assert "3, 5, 7" in shown(app)
