"""The lie detector in a real browser: it streams to its end, rounds are played with keys, and a phone shows all."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from model.sanity_checks.comparison_quiz import quiz
from tests.browser.conftest import OVERFLOWING, PHONE, Visit
from tests.browser.people import expect_chosen
from tests.held import Gate
from tests.serving import settle

DIGIT = "project-4or9"
# Notes after each change of the page where its headings are, and what is drawn first: more come, but none may move.
WATCH = """() => {
  const PARTS = "[data-testid=stMain] [data-testid=stHeading] h3, .check-cards, .check-stages";
  window.places = {};
  const note = () => document.querySelectorAll(PARTS).forEach((each) => {
    const seen = (places[each.className || each.innerText.trim()] ??= []);
    const top = Math.round(each.getBoundingClientRect().top);
    if (!seen.includes(top)) seen.push(top);
  });
  note();
  new MutationObserver(() => requestAnimationFrame(note)).observe(document.body, { subtree: true, childList: true });
}"""
STANDS = """() => [...document.querySelectorAll("[data-testid=stMain] :is(h3, .check-cards, .check-stages)")]
  .slice(0, 3).map((each) => Math.round(each.getBoundingClientRect().top)).join()"""


def card(page: Page, question: str) -> str:
    return page.locator(".check-cards li", has_text=question).inner_text()


def test_one_map_streams_until_every_test_has_spoken(visit: Visit) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&method=smooth_grad&doubt_test=weights")
    expect(page.locator(".check-cards li")).to_have_count(6)
    expect(page.locator(".check-cards .pending, .check-stages .pending")).to_have_count(0)
    expect(page.locator(".check-stages img")).to_have_count(15)
    assert "…" not in page.locator(".check-cards").inner_text()


@pytest.mark.exhaustive
def test_nothing_moves_when_what_the_browser_still_loads_has_come(visit: Visit) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&method=smooth_grad&doubt_test=weights")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    settle(page)
    before = page.evaluate(STANDS)
    late: list[Route] = []

    def keep(route: Route) -> None:
        late.append(route)

    page.route(re.compile("/static/js/(BidiComponent|ButtonGroup|Selectbox|Slider)[.]"), keep)
    page.reload()
    settle(page)
    expect(page.get_by_test_id("stMain").get_by_test_id("stSkeleton")).not_to_have_count(0)
    page.wait_for_function(f"({STANDS})() === '{before}'")
    while late:  # what has come may ask for more
        late.pop().continue_()
        settle(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_function(f"({STANDS})() === '{before}'")


def test_nothing_moves_while_the_network_forgets(visit_held: Visit, gate: Gate) -> None:
    page = visit_held(f"lie_detector?digit={DIGIT}&method=smooth_grad&doubt_test=weights")
    before = page.evaluate(STANDS)
    gate.close()
    page.goto(page.url + "&doubt_seed=41")
    maps = page.locator(".check-stages img")
    for passed in range(1, 15):
        gate.let_pass(1)
        expect(maps).to_have_count(1 + passed)
        expect(page.locator(".check-stages .pending")).to_have_count(14 - passed)
        if passed == 1:
            page.wait_for_function(f"({STANDS})() === '{before}'")  # all that the browser loads has come
            page.evaluate(WATCH)
    gate.open()
    settle(page)
    places = page.evaluate("places")
    assert len(places) == 3
    assert {name: len(tops) for name, tops in places.items()} == dict.fromkeys(places, 1), places
    assert page.evaluate(STANDS) == before


def test_who_moves_on_is_not_kept_waiting(visit_held: Visit, gate: Gate) -> None:
    page = visit_held(f"lie_detector?digit={DIGIT}&method=saliency&doubt_test=weights")
    gate.close()
    page.goto(page.url.replace("method=saliency", "method=integrated_gradients&doubt_seed=17"))
    gate.let_pass(2)
    expect(page.locator(".check-stages img")).to_have_count(2)
    page.get_by_role("radio", name="Comparison quiz").click()
    expect_chosen(page, doubt_view="round")  # so the app has heard of it
    gate.let_pass(3)  # the map that is under way and both of a round: one more for the first view, and the round waits
    expect(page.locator(".quiz-round")).to_be_visible()


@pytest.mark.parametrize("complete", [False, pytest.param(True, marks=pytest.mark.exhaustive)])
def test_a_method_leads_from_the_table_to_its_own_tests(visit: Visit, complete: bool) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&doubt_view=all&method=saliency")
    page.get_by_role("button", name="Check all methods").click()
    lines = page.locator(".check-table tbody tr")
    expect(lines).to_have_count(13)
    place = lines.nth(12).bounding_box()
    expect(page.get_by_role("progressbar")).to_be_visible()
    link = page.locator(".check-table").get_by_role("link", name="Guided backprop")
    link.wait_for()  # it comes with its line
    if complete:
        expect(page.locator(".check-table")).not_to_contain_text("…")
        settle(page)
    assert lines.nth(12).bounding_box() == place, "nothing moved"
    link.click()
    expect(page.locator(".check-cards li")).to_have_count(6)
    expect(page.locator(".check-cards .pending")).to_have_count(0)
    assert "No" in card(page, "depend on the weights")
    expect_chosen(page, method="guided_backprop", digit=DIGIT)


def test_rounds_are_played_with_the_keys_and_survive_a_reload(visit: Visit) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&doubt_view=round")
    right = 0
    for number in (1, 2):
        page.keyboard.press("ArrowLeft")
        right += quiz.round_of(number).randomized == "left"
        expect(page.get_by_text(f"Score: {right} of {number} correct")).to_be_visible()
        settle(page)
        captions = page.locator(".quiz-round figcaption").all_inner_texts()
        truth = {"left": 0, "right": 1}[quiz.round_of(number).randomized]
        assert "random weights" in captions[truth]
        assert "random weights" not in captions[1 - truth]
        if number == 1:
            page.keyboard.press("g")
            expect(page.get_by_text("Round 2.")).to_be_visible()
            settle(page)
    page.reload()
    settle(page)
    expect(page.get_by_text(f"Score: {right} of 2 correct")).to_be_visible()
    page.go_back()
    settle(page)
    expect(page.get_by_role("button", name="Left is random")).to_be_enabled()


@pytest.mark.exhaustive  # tests/browser/test_every_view.py looks at four views
@pytest.mark.parametrize(
    "view", ["method=grad_cam&explain=difference&baseline=noise", "doubt_view=round&rounds=1l.2r.3l.4r.5l"]
)
def test_nothing_is_cut_off_on_a_phone(visit: Visit, view: str) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&{view}", viewport=PHONE)
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"]
