"""The lie detector in a real browser: it streams to its end, rounds are played with keys, and a phone shows all."""

import pytest
from playwright.sync_api import Page, expect

from model import rounds
from tests.browser.conftest import OVERFLOWING, Visit
from tests.browser.people import expect_chosen
from tests.serving import settle

DIGIT = "project-4or9"
PHONE = {"width": 390, "height": 844}
TOPS = """() => [...document.querySelectorAll('[data-testid="stMain"] h3, .doubt-cards, .doubt-strip')]
  .map((each) => Math.round(each.getBoundingClientRect().top))"""


def card(page: Page, question: str) -> str:
    return page.locator(".doubt-cards li", has_text=question).inner_text()


def test_one_map_streams_until_every_test_has_spoken(visit: Visit) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&method=smooth_grad")
    expect(page.locator(".doubt-cards li")).to_have_count(6)
    expect(page.locator(".doubt-cards .awaited, .doubt-strip .awaited")).to_have_count(0)
    expect(page.locator(".doubt-strip img")).to_have_count(15)
    assert "…" not in page.locator(".doubt-cards").inner_text()


def test_nothing_moves_while_the_network_forgets(visit: Visit) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&method=smooth_grad")
    before = page.evaluate(TOPS)
    page.goto(page.url + "&doubt_seed=41")
    page.locator(".doubt-strip .awaited").first.wait_for()
    places = []
    while page.locator(".doubt-strip .awaited").count():
        places.append(page.evaluate(TOPS)[:3])
        page.wait_for_timeout(50)
    settle(page)
    assert set(map(tuple, places[1:])) <= {tuple(before[:3])}
    assert page.evaluate(TOPS) == before


def test_who_moves_on_is_not_kept_waiting(visit: Visit) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&method=saliency")
    page.goto(page.url.replace("method=saliency", "method=integrated_gradients&doubt_seed=17"))
    page.locator(".doubt-strip .awaited").first.wait_for()
    page.get_by_role("radio", name="Which is untrained?").click()
    expect(page.locator(".doubt-round")).to_be_visible(timeout=3000)
    expect_chosen(page, doubt_view="round")


def test_a_method_leads_from_the_table_to_its_own_tests(visit: Visit) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&doubt_view=all&method=saliency")
    page.get_by_role("button", name="Put all methods to the test").click()
    lines = page.locator(".doubt-table tbody tr")
    expect(lines).to_have_count(13)
    place = lines.nth(12).bounding_box()
    expect(page.get_by_role("progressbar")).to_be_visible()
    link = page.locator(".doubt-table").get_by_role("link", name="Guided backprop")
    link.wait_for(timeout=60_000)  # links come with the last line
    expect(page.locator(".doubt-table")).not_to_contain_text("…")
    settle(page)
    assert lines.nth(12).bounding_box() == place, "nothing moved"
    link.click()
    expect(page.locator(".doubt-cards .awaited")).to_have_count(0)
    expect(page.locator(".doubt-cards li")).to_have_count(6)
    assert "No" in card(page, "react to the weights")
    expect_chosen(page, method="guided_backprop", digit=DIGIT)


def test_rounds_are_played_with_the_keys_and_survive_a_reload(visit: Visit) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&doubt_view=round")
    right = 0
    for number in (1, 2):
        page.keyboard.press("ArrowLeft")
        right += rounds.deal(number).untrained == "left"
        expect(page.get_by_text(f"Score: {right} of {number} right")).to_be_visible()
        settle(page)
        captions = page.locator(".doubt-round figcaption").all_inner_texts()
        truth = {"left": 0, "right": 1}[rounds.deal(number).untrained]
        assert "untrained" in captions[truth]
        assert "untrained" not in captions[1 - truth]
        if number == 1:
            page.keyboard.press("n")
            expect(page.get_by_text("Round 2.")).to_be_visible()
            settle(page)
    page.reload()
    settle(page)
    expect(page.get_by_text(f"Score: {right} of 2 right")).to_be_visible()
    page.go_back()
    settle(page)
    expect(page.get_by_role("button", name="Left is untrained")).to_be_enabled()


@pytest.mark.parametrize(
    "view",
    [
        "method=guided_backprop",
        "method=grad_cam&explain=difference&baseline=noise",
        "doubt_view=all",
        "doubt_view=round",
        "doubt_view=round&rounds=1l.2r.3l.4r.5l",
    ],
)
def test_nothing_is_cut_off_on_a_phone(visit: Visit, view: str) -> None:
    page = visit(f"lie_detector?digit={DIGIT}&{view}", viewport=PHONE)
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"]
