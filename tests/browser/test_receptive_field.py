"""The receptive field's page in a real browser: clicks on units, and the growing box."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from model.networks.assignment import weights
from model.receptive_field import of_network
from model.receptive_field.records import Box
from tests.browser.conftest import Visit
from tests.browser.people import sent_from_now_on
from tests.serving import settle

FIELDS = of_network(weights.load())


def click_pixel(page: Page, picture: Locator, y: float, x: float) -> None:
    """Click where a pixel of the image lies in a picture that shows one pixel more on each side."""
    shown = picture.bounding_box()
    assert shown
    picture.click(position={"x": (x + 1.5) / 30 * shown["width"], "y": (y + 1.5) / 30 * shown["height"]})
    settle(page)


def in_pixels(part: Locator, of: Locator) -> list[float]:
    """Return top, left, bottom and right of a part of a picture as it is drawn, in pixels of the image."""
    inner, outer = part.bounding_box(), of.bounding_box()
    assert inner
    assert outer
    high, wide = outer["height"] / 30, outer["width"] / 30
    top, left = (inner["y"] - outer["y"]) / high - 1, (inner["x"] - outer["x"]) / wide - 1
    return [top, left, top + inner["height"] / high, left + inner["width"] / wide]


def sides(box: Box) -> list[float]:
    return [box.top, box.left, box.bottom, box.right]


@pytest.mark.parametrize("name", ["Conv2d-1", "MaxPool2d-10", "Conv2d-19", "Conv2d-23"])
def test_a_click_chooses_the_unit_that_looks_there(visit: Visit, name: str) -> None:
    page = visit(f"receptive_field?row={name}")
    field, picture = FIELDS[name], page.locator("svg[data-selected]")
    last = {"Conv2d-1": 25, "MaxPool2d-10": 10, "Conv2d-19": 6, "Conv2d-23": 0}[name]
    for unit in {(0, last), (last // 2, last // 3)}:
        click_pixel(page, picture, *field.center_of(unit))
        expect(picture).to_have_attribute("data-selected", f"{unit[0]}.{unit[1]}")
        for outline in ("formula", "gradient"):
            drawn = in_pixels(page.locator(f".sight .{outline}"), page.locator(".sight"))
            assert drawn == pytest.approx(sides(field.box(unit)), abs=0.1)
    click_pixel(page, picture, 27.9, -0.9)  # beside all units: the nearest one
    expect(picture).to_have_attribute("data-selected", f"{last}.0")


def test_the_arrow_keys_move_the_unit_where_the_units_have_the_focus(visit: Visit) -> None:
    page = visit("receptive_field?row=MaxPool2d-10&unit=9.3")
    picture = page.locator("svg[data-selected]")
    picture.focus()
    for key, unit in (("ArrowDown", "10.3"), ("ArrowDown", "10.3"), ("ArrowLeft", "10.2"), ("ArrowUp", "9.2")):
        page.keyboard.press(key)
        expect(picture).to_have_attribute("data-selected", unit)
        settle(page)
    expect(page.get_by_text("Unit (y 9, x 2) of MaxPool2d-10")).to_be_visible()
    click_pixel(page, picture, *FIELDS["MaxPool2d-10"].center_of((4, 4)))
    page.keyboard.press("ArrowRight")  # after a click the keys go from step to step, as everywhere
    expect(page.get_by_text("Unit (y 4, x 4) of BatchNorm2d-11")).to_be_visible()


def test_the_growing_box_is_played_paused_and_stepped_without_a_rerun(visit: Visit) -> None:
    page = visit("receptive_field")
    sent = sent_from_now_on(page)
    asked = len(sent)
    slider, address = page.get_by_role("slider", name="Row"), page.url
    expect(slider).to_have_attribute("aria-valuetext", "A pixel: 1 × 1")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("Conv2d-1: 3 × 3"))
    expect(slider).to_have_attribute("aria-valuetext", re.compile("BatchNorm2d-2: 3 × 3"))
    page.get_by_role("button", name="Pause").click()
    there = slider.input_value()
    page.wait_for_timeout(1200)  # longer than a row stays
    assert slider.input_value() == there
    slider.press("End")
    slider.press("ArrowLeft")
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "Conv2d-23: 28 × 28")
    box = page.locator("svg[aria-hidden] rect")
    assert [box.get_attribute(name) for name in ("x", "y", "width", "height")] == ["0", "0", "28", "28"]
    assert (len(sent), page.url) == (asked, address)  # the arrow keys stepped the slider, not the network
    page.get_by_role("button", name="Next").click()
    settle(page)
    expect(slider).to_have_attribute("aria-valuetext", "Conv2d-23: 28 × 28")  # and it stays where it was
    assert len(sent) > asked


def test_nothing_plays_for_who_asked_for_less_motion(visit: Visit) -> None:
    page = visit("receptive_field", reduced_motion="reduce")
    slider = page.get_by_role("slider", name="Row")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_hidden()
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "Conv2d-1: 3 × 3")
    box = page.locator("svg[aria-hidden] rect")
    assert box.evaluate("e => getComputedStyle(e).transitionDuration") == "0s"
