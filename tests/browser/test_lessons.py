"""A lesson in the browser: keys lead through it, the clock runs by itself, and the bar costs no run."""

import re

import pytest
from playwright.sync_api import Page, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from tests.browser.conftest import Visit
from tests.browser.people import expect_chosen
from tests.serving import settle
from viz.lessons import plans

LINK = "row=Conv2d-7&digit=project-3a&net=assignment&field_view=growth"


def clock(page: Page) -> str:
    return page.get_by_title("Start the clock again").inner_text()


def seconds(text: str) -> list[int]:
    return [int(minutes) * 60 + int(rest) for minutes, rest in re.findall(r"(\d+):(\d\d)", text)]


def runs_of(page: Page, address: str) -> int:
    """Return how many runs a page asks for while its clock, if it has one, moves on twice."""
    asked: list[str] = []

    def note(frame: bytes | str) -> None:
        if isinstance(frame, bytes) and BackMsg.FromString(frame).WhichOneof("type") == "rerun_script":
            asked.append(address)

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", note)

    page.on("websocket", listen)
    page.goto(address)
    settle(page)
    page.wait_for_timeout(2100)
    settle(page)
    page.remove_listener("websocket", listen)
    return len(asked)


def test_the_bar_costs_no_run(visit: Visit) -> None:
    page = visit("receptive_field")
    plain = page.url.partition("?")[0]
    without = runs_of(page, f"{plain}?{LINK}")
    with_bar = runs_of(page, f"{plain}?{LINK}&lesson=field.2&notes=yes")
    assert len(seconds(clock(page))) == 2
    assert with_bar == without


def test_a_lesson_that_is_begun_again_starts_its_clock_again(visit: Visit) -> None:
    page = visit(f"receptive_field?{LINK}&lesson=tour.2")
    ((_, before),) = [seconds(clock(page))]
    assert before >= 120
    page.get_by_role("link", name="Lessons", exact=True).first.click()
    settle(page)
    page.get_by_role("link", name="Begin: Ten minutes").click()
    expect_chosen(page, lesson="tour.1")
    settle(page)
    assert seconds(clock(page))[1] < 60


def test_an_answer_is_covered_until_the_key_shows_it(visit: Visit) -> None:
    page = visit("overview?net=assignment&digit=project-4or9&lesson=whole.1")
    answer = page.locator(".digit figcaption strong")
    expect(answer).to_be_hidden()
    page.keyboard.press("a")
    expect(answer).to_be_visible()
    expect_chosen(page, told="yes")


BESIDE = """() => {
  const clock = document.querySelector(".st-key-lesson_clock").getBoundingClientRect();
  return [...document.querySelectorAll(".lesson :is(p, strong)")].every((each) => {
    const words = document.createRange();
    words.selectNodeContents(each);
    return [...words.getClientRects()].every((line) => line.right <= clock.left || line.top >= clock.bottom - 1);
  });
}"""
TALL = """(main) => main.querySelector(".st-key-page").insertAdjacentHTML(
  "beforeend", "<div id='tall' style='height: 3000px; flex: none'></div>")"""


def test_a_projector_shows_notes_over_the_page_and_a_page_that_was_taller_in_its_size_again(visit: Visit) -> None:
    page = visit("overview?net=assignment&digit=project-4or9&lesson=tour.1&projector=yes")
    assert page.evaluate(BESIDE), "the clock is on no word"
    picture = page.locator(".st-key-stage").first
    before = picture.bounding_box()
    page.keyboard.press("n")
    expect(page.get_by_role("complementary", name="Teacher's notes")).to_be_visible()
    settle(page)
    assert picture.bounding_box() == before
    page.get_by_test_id("stMain").evaluate(TALL)  # as a run does that has not yet removed the page before
    page.wait_for_function("() => parseFloat(document.querySelector('.st-key-page').style.transform.slice(6)) < 0.5")
    page.evaluate("document.getElementById('tall').remove()")
    settle(page)
    assert picture.bounding_box() == before


def test_keys_lead_through_a_lesson_and_the_clock_runs_on(visit: Visit) -> None:
    page = visit(f"receptive_field?{LINK}&lesson=field.2")
    expect(page.get_by_role("button", name="Back to the station")).to_have_count(0)
    page.wait_for_timeout(1100)
    ((here, all_),) = [seconds(clock(page))]
    assert here >= 1
    planned = 60 * plans.lesson("field").stations[0].minutes
    assert all_ - here == pytest.approx(planned, abs=1)  # the time of the stations before it
    page.keyboard.press("PageDown")
    expect_chosen(page, lesson="field.3", row="MaxPool2d-10")
    settle(page)
    there, later = seconds(clock(page))
    assert there < here + 1
    assert later >= all_
    page.keyboard.press("n")
    expect(page.get_by_role("complementary", name="Teacher's notes")).to_be_visible()
    page.keyboard.press("PageUp")
    expect_chosen(page, lesson="field.2", row="Conv2d-7", notes="yes")
