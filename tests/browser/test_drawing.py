"""Drawing a digit in a real browser: with a mouse, a finger, and too much of it."""

import numpy as np
import pytest
from playwright.sync_api import expect

from model.images import codec, digits
from tests.browser.conftest import Visit
from tests.browser.people import (
    HAND,
    PHONE,
    draw,
    expect_chosen,
    expect_heading,
    expect_read,
    expect_strokes,
    pad,
    shown,
    strokes_in,
)
from tests.serving import choose_source, settle

SEVERAL = [[(x, 0.2), (x, 0.8)] for x in (0.2, 0.35, 0.5, 0.65, 0.8)]


@pytest.mark.parametrize("key", ["3a", *(pytest.param(key, marks=pytest.mark.exhaustive) for key in ("0a", "7b"))])
def test_a_drawing_is_read_while_it_is_drawn(visit: Visit, key: str) -> None:
    page = visit("?digit=project-1a")
    choose_source(page, "Draw")
    page.evaluate("(now) => (performance.now = () => now)", page.evaluate("performance.now()"))  # as if drawn at once
    draw(page, HAND[key], lift=False)
    expect_read(page, int(key[0]), "drawn by hand")
    assert len(strokes_in(page.url)) == len(HAND[key]) - 1  # a stroke that is not finished is not in the link
    page.mouse.up()
    expect_strokes(page, len(HAND[key]))
    expect_read(page, int(key[0]), "drawn by hand")
    expect(page.get_by_role("heading", name=f"Prediction: {key[0]}")).to_be_visible()


def test_a_drawing_survives_a_page_change_a_reload_and_a_journey(visit: Visit) -> None:
    page = visit()
    choose_source(page, "Draw")
    draw(page, HAND["5a"])
    expect_strokes(page, len(HAND["5a"]))
    drawn = shown(page)
    page.get_by_role("link", name="Feature maps", exact=True).click()
    expect_heading(page, "Feature maps")
    assert shown(page) == drawn
    page.reload()
    settle(page)
    assert shown(page) == drawn
    elsewhere = visit(page.url)
    expect_read(elsewhere, 5, "drawn by hand")
    assert shown(elsewhere) == drawn
    choose_source(elsewhere, "Draw")
    draw(elsewhere, SEVERAL[:1])  # the pad holds it too, so one more stroke is added to it
    expect_strokes(elsewhere, len(HAND["5a"]) + 1)


def test_quick_strokes_are_kept_and_taken_back_one_by_one_or_all_at_once(visit: Visit) -> None:
    page = visit("?digit=project-4b")
    choose_source(page, "Draw")
    draw(page, SEVERAL)
    np.testing.assert_allclose(expect_strokes(page, len(SEVERAL)), SEVERAL, atol=0.02)
    page.get_by_role("button", name="Undo").click()
    expect_strokes(page, 4)
    pad(page).focus()
    page.keyboard.press("Control+z")
    np.testing.assert_allclose(expect_strokes(page, 3), SEVERAL[:3], atol=0.02)
    page.get_by_role("button", name="Clear").click()
    expect_chosen(page, digit="project-4b")  # what was there before drawing began
    draw(page, SEVERAL[:2])
    expect_strokes(page, 2)


SCROLLED = "[...document.querySelectorAll('*')].map((each) => each.scrollTop).filter(Boolean)"


def test_a_finger_draws_and_does_not_scroll(visit: Visit) -> None:
    page = visit(alone=True, **PHONE)  # after taps on another page of its context no touch of ours arrives
    choose_source(page, "Draw")
    pad(page).scroll_into_view_if_needed()
    box = pad(page).bounding_box()
    assert box
    before = page.evaluate(SCROLLED)
    finger = page.context.new_cdp_session(page)
    for stroke in HAND["7b"]:
        for position, (x, y) in enumerate(stroke):
            touch = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            kind = "touchMove" if position else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touch]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_strokes(page, len(HAND["7b"]))
    expect_read(page, 7, "drawn by hand")
    assert page.evaluate(SCROLLED) == before


SPIRAL = [(0.5 + t * np.cos(60 * t) / 9, 0.5 + t * np.sin(60 * t) / 9) for t in np.linspace(0, 1, codec.MAX_POINTS - 2)]


def test_too_much_on_the_pad_is_a_sentence_and_can_be_undone(visit: Visit) -> None:
    page = visit(f"?digit={digits.from_strokes([SPIRAL]).key}")
    drawing, refusal = shown(page), page.get_by_test_id("stAlertContentError")
    choose_source(page, "Draw")
    draw(page, [[(0.2, 0.2), (0.5, 0.2), (0.8, 0.2)]])
    expect(refusal).to_contain_text("The drawing has 2,001 points")
    assert shown(page) == drawing
    page.get_by_role("button", name="Undo").click()
    expect(refusal).to_have_count(0)
    assert shown(page) == drawing
    draw(page, SEVERAL[4:])  # and what was drawn before is still on the pad
    expect_strokes(page, 2)
