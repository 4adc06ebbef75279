"""The front door in a real browser: what each address opens, drawing on Start, and words that open."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.people import HAND, PHONE, draw, expect_chosen, expect_heading, expect_strokes, pad, sample
from tests.serving import choose_source, settle, show_sidebar

ANSWER = ".answer strong"


@pytest.mark.parametrize(
    ("path", "leads_to", "heading"),
    [
        ("", "start", "Glass Network"),
        ("?digit=project-8a", "overview?digit=project-8a", "One digit through 23 rows"),
        ("?net=residual&row=Conv2d-7", "overview?net=residual&row=Conv2d-7", re.compile("One digit through")),
        ("start?digit=project-8a", "start?digit=project-8a", "Glass Network"),
    ],
)
def test_what_an_address_opens(visit: Visit, app: str, path: str, leads_to: str, heading: str) -> None:
    page = visit(path)
    assert page.url == f"{app}/{leads_to}"
    expect_heading(page, heading)
    page.go_back()
    assert page.url == "about:blank", "no step leads nowhere"


def test_a_visitor_draws_at_once_and_finds_the_drawing_again(visit: Visit, app: str) -> None:
    page = visit()
    expect(page).to_have_title("Start · Glass Network")
    expect(page.locator(ANSWER)).to_have_text("3")  # nothing is drawn yet: a sample
    draw(page, HAND["5a"], lift=False)
    expect(page.locator(ANSWER)).to_have_text("5")  # while the pen is down
    page.mouse.up()
    strokes = expect_strokes(page, len(HAND["5a"]))
    expect(page.get_by_text("Why 5?")).to_be_visible()
    drawn = page.url
    page.reload()
    settle(page)
    expect(page.locator(ANSWER)).to_have_text("5")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(ANSWER)).to_have_text("3")
    page.go_back()
    assert expect_strokes(page, len(strokes)) == strokes
    expect(page.locator(ANSWER)).to_have_text("5")
    page.go_forward()
    expect(page.locator(ANSWER)).to_have_text("3")
    other = visit(drawn)
    expect(other.locator(ANSWER)).to_have_text("5")
    other.get_by_test_id("stSidebar").get_by_role("link", name="Pooling").click()
    expect(other).to_have_title("Pooling · Glass Network")
    assert expect_strokes(other, len(strokes)) == strokes


def in_view(page: Page) -> bool:
    box = pad(page).bounding_box()
    assert box
    return box["y"] > 0 and box["y"] + box["height"] < int(page.evaluate("innerHeight"))


def test_the_pad_of_a_phone_is_in_the_first_screen_and_one_tap_away_elsewhere(visit: Visit) -> None:
    page = visit(**PHONE)
    assert in_view(page)
    page.goto(page.url.replace("start", "pooling"))
    settle(page)
    page.get_by_role("button", name="Draw").tap()
    settle(page)
    assert in_view(page)
    expect_heading(page, "Pooling")
    page.get_by_role("button", name="Done").tap()
    expect(pad(page)).to_have_count(0)


def test_the_menu_of_a_phone_closes_when_a_page_is_chosen(visit: Visit) -> None:
    page = visit("pooling", **PHONE)
    show_sidebar(page)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Dropout").tap()
    expect_heading(page, "Dropout")
    expect(page.get_by_test_id("stSidebar").get_by_role("link", name="Dropout")).not_to_be_in_viewport()
    show_sidebar(page)
    expect(page.get_by_test_id("stSidebar").get_by_role("link", name="Pooling")).to_be_in_viewport()


def test_an_empty_pad_says_that_the_answer_is_of_an_example(visit: Visit) -> None:
    page = visit()
    said = page.get_by_text("Example: a 3. Draw your own.")
    expect(said).to_be_visible()
    draw(page, HAND["5a"])
    expect(said).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    expect(said).to_be_visible()
    choose_source(page, "Samples")
    expect(said).to_have_count(0)


def test_a_word_opens_by_keys_and_leads_to_a_view(visit: Visit) -> None:
    page = visit("start?digit=project-9d")
    word = page.get_by_role("button", name="logit")
    word.focus()
    page.keyboard.press("Enter")
    meaning = page.get_by_text("The score of a class before softmax.")
    expect(meaning).to_be_visible()
    page.keyboard.press("Escape")
    expect(meaning).not_to_be_visible()
    word.click()
    page.get_by_role("link", name="See it: The head").click()
    expect_heading(page, "The head")
    expect_chosen(page, digit="project-9d", part="softmax")


def test_a_network_of_pictures_shows_its_picture_and_samples(visit: Visit) -> None:
    page = visit("start?net=shapes")
    expect(pad(page)).to_have_count(0)
    before = page.locator(".looked-at img").get_attribute("src")
    page.get_by_role("group", name="Coloured shapes").get_by_role("button").nth(3).click()
    expect(page.locator(".looked-at img")).not_to_have_attribute("src", str(before))
    expect(page.locator(ANSWER)).not_to_be_empty()


def test_samples_of_start_stand_on_the_page(visit: Visit) -> None:
    page = visit("start")
    sample(page, "8c").click()
    expect_chosen(page, digit="project-8c")
    expect(page.locator(ANSWER)).to_have_text("8")
