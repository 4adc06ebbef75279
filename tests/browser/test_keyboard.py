"""The main controls by keyboard alone: choices, sliders, terms, playing, the projector view and the rounds."""

import re

from playwright.sync_api import expect

from model import rounds
from tests.browser.conftest import Visit
from tests.browser.people import expect_chosen
from tests.serving import settle


def test_a_segmented_control_and_a_slider_are_set_by_keys(visit: Visit) -> None:
    page = visit("dropout?row=Dropout-9&digit=project-4or9")
    choices = page.get_by_role("radiogroup", name="What to look at")
    choices.get_by_role("radio", name="One mask").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect_chosen(page, drop_view="journey")
    settle(page)
    page.get_by_role("slider", name=re.compile("share dropped")).press("ArrowRight")
    expect_chosen(page, p="0.15")


def test_a_term_is_followed_and_the_window_played_by_keys(visit: Visit) -> None:
    page = visit("layer_by_layer?digit=project-3a&row=Conv2d-4&channel=2&unit=5.7")
    page.get_by_role("button", name="Play", exact=True).press("Enter")
    expect(page.locator(".workings .sum")).to_have_text(re.compile(r"^y 0, x [2-9]:"))
    page.get_by_role("button", name="Pause").press("Space")
    page.get_by_role("button", name="Show all").press("Enter")
    page.locator(".cells button").first.press("Enter")
    expect_chosen(page, row="Dropout-3")


def test_escape_leaves_the_projector_view_as_its_own_key_does(visit: Visit) -> None:
    page = visit("layer_by_layer?digit=project-3a&row=Conv2d-4")
    sidebar = page.get_by_test_id("stSidebar")
    for key in ("Escape", "p"):
        page.keyboard.press("p")
        expect(sidebar).to_be_hidden()
        settle(page)
        page.keyboard.press(key)
        expect(sidebar).to_be_visible()
        settle(page)


def test_in_a_round_two_keys_at_once_are_both_heard(visit: Visit) -> None:
    page = visit("lie_detector?digit=project-4or9&doubt_view=round")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("n")
    expect(page.get_by_text("Round 2.")).to_be_visible()
    right = int(rounds.deal(1).untrained == "left")
    expect(page.get_by_text(f"Score: {right} of 1 right")).to_be_visible()
