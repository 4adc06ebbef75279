"""What an element holds is said where it is pointed at, tapped, or reached with keys."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.serving import settle

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}

TERMS = ".workings .terms button"


def bubble(page: Page) -> Locator:
    return page.locator(".readout")


def bars(page: Page) -> Locator:
    return page.locator("ol.bars li")


def held(element: Locator) -> str:
    return str(element.get_attribute("data-says"))


def test_a_finger_reads_a_bar_and_nothing_leaves_the_window(visit: Visit) -> None:
    page = visit("overview", **PHONE)
    for place in (0, 9):
        bar = bars(page).nth(place)
        bar.tap()
        expect(bubble(page)).to_have_text(held(bar))
        box = bubble(page).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.get_by_role("heading", level=1).tap()
    expect(bubble(page)).to_be_hidden()


def test_keys_read_one_bar_after_another(visit: Visit) -> None:
    page = visit("overview")
    page.locator("ol.bars").focus()
    expect(bubble(page)).to_have_text(held(bars(page).first))
    for key, place in (("ArrowRight", 1), ("ArrowDown", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        expect(bubble(page)).to_have_text(held(bars(page).nth(place)))
    page.keyboard.press("Escape")
    expect(bubble(page)).to_be_hidden()
    assert held(bars(page).first) != held(bars(page).nth(1))


@pytest.mark.parametrize(
    ("path", "selector"),
    [
        ("feature_maps?row=Conv2d-7", "[data-testid=stMain] .grid button"),
        ("mistakes", ".confusion a"),
        ("layer_by_layer?row=Conv2d-7", TERMS),
    ],
)
def test_a_mouse_and_the_focus_say_the_same(visit: Visit, path: str, selector: str) -> None:
    page = visit(path)
    element = page.locator(selector).first
    element.hover()
    expect(bubble(page)).to_have_text(held(element))
    page.mouse.move(0, 0)
    expect(bubble(page)).to_be_hidden()
    element.focus()
    expect(bubble(page)).to_have_text(held(element))


def test_what_was_said_goes_when_the_page_is_redrawn_below_a_resting_mouse(visit: Visit) -> None:
    page = visit("layer_by_layer?row=Conv2d-7")
    page.locator(TERMS).nth(4).hover()
    expect(bubble(page)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text("BatchNorm2d-8: batch norm")
    settle(page)
    expect(bubble(page)).to_be_hidden()


def test_tab_says_of_each_cell_its_own(visit: Visit) -> None:
    page = visit("layer_by_layer?row=Conv2d-7")
    cells = page.locator(TERMS)
    cells.first.focus()
    for place in (1, 2):
        page.keyboard.press("Tab")
        expect(cells.nth(place)).to_be_focused()
        expect(bubble(page)).to_have_text(held(cells.nth(place)))
