"""The values of the feature maps in a real browser: pointed at, and read with keys alone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from model.images import digits
from model.networks.assignment import weights
from model.trace import record
from model.trace.records import Trace
from tests.browser.conftest import OVERFLOWING, PHONE, Visit
from tests.browser.people import expect_chosen
from tests.serving import settle

DIGIT = "project-3a"
TOP = "(each) => Math.round(each.getBoundingClientRect().top + scrollY)"


@pytest.fixture(scope="module")
def traced() -> Trace:
    return record(weights.load(), digits.to_input(digits.find(DIGIT)))


def picture(page: Page, name: str) -> Locator:
    return page.get_by_role("application", name=re.compile(f"^{name}"))


def point(picture: Locator, y: float, x: float) -> None:
    """Point at shares of a picture's height and width."""
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box
    picture.hover(position={"x": box["width"] * x, "y": box["height"] * y})


def expect_read(picture: Locator, text: str) -> None:
    words = picture.locator("xpath=following-sibling::div")
    expect(words).to_be_visible()
    expect(words).to_have_text(text.replace("-", "−"))


def test_a_value_of_the_large_map_is_read_where_it_is_pointed_at(visit: Visit, traced: Trace) -> None:
    page = visit(f"feature_maps?digit={DIGIT}&row=Conv2d-7&channel=3")
    large, values = picture(page, "Map 3 of Conv2d-7."), traced["Conv2d-7"].maps[3]
    for y, x in ((0, 0), (4, 17), (21, 21)):
        point(large, (y + 0.5) / 22, (x + 0.5) / 22)
        expect_read(large, f"y {y}, x {x}: {values[y, x]:z.4f}")
    page.mouse.move(0, 0)
    expect(large.locator("xpath=following-sibling::div")).to_be_hidden()


def test_a_weight_is_read_with_the_map_that_it_reads_by_pointer_and_by_keys(visit: Visit, traced: Trace) -> None:
    page = visit(f"feature_maps?digit={DIGIT}&row=Conv2d-7&channel=3")
    kernel, weight = picture(page, "The kernel of map 3 of Conv2d-7."), traced["Conv2d-7"].parameters["weight"][3]
    for n, y, x in ((0, 0, 0), (6, 1, 2), (15, 2, 0)):  # four squares a line, a unit between two of them
        point(kernel, (n // 4 * 4 + y + 0.5) / 15, (n % 4 * 4 + x + 0.5) / 15)
        expect_read(kernel, f"from map {n}, y {y}, x {x}: {weight[n, y, x]:z.4f}")
    point(kernel, 3.5 / 15, 0.5 / 15)
    expect(kernel.locator("xpath=following-sibling::div")).to_be_hidden()  # nothing lies between two squares

    kernel.focus()
    steps = [("ArrowRight", 0, 0, 1), ("ArrowRight", 0, 0, 2), ("ArrowRight", 1, 0, 0), ("ArrowUp", 1, 0, 0)]
    steps += [("ArrowDown", 1, 1, 0), ("ArrowLeft", 0, 1, 2)]
    for key, n, y, x in steps:
        page.keyboard.press(key)
        expect_read(kernel, f"from map {n}, y {y}, x {x}: {weight[n, y, x]:z.4f}")
    settle(page)
    expect_chosen(page, row="Conv2d-7", channel="3")  # those arrows were not meant for the step


def test_the_values_that_are_printed_stand_on_their_own_places(visit: Visit, traced: Trace) -> None:
    page = visit(f"feature_maps?digit={DIGIT}&row=MaxPool2d-10&channel=3")
    values = traced["MaxPool2d-10"].maps[3]
    numbers = picture(page, "Map 3 of MaxPool2d-10.").locator("text")
    places = numbers.evaluate_all("all => all.map((each) => [each.getAttribute('y'), each.getAttribute('x')])")
    texts = numbers.all_text_contents()
    found = {(float(y) - 0.5, float(x) - 0.5): text for (y, x), text in zip(places, texts, strict=True)}
    expected = {(y, x): f"{values[y, x]:z.1f}".replace("-", "−") for y in range(11) for x in range(11)}
    assert found == expected


@pytest.mark.exhaustive  # tests/browser/test_every_view.py looks at one row
@pytest.mark.parametrize("row", ["Conv2d-7", "Conv2d-19", "MaxPool2d-10", "AvgPool2d-22", "log-softmax"])
@pytest.mark.parametrize("scale", ["layer", "map"])
def test_nothing_overflows_sideways_on_a_phone(visit: Visit, row: str, scale: str) -> None:
    page = visit(f"feature_maps?row={row}&scale={scale}", viewport=PHONE)
    assert page.evaluate(OVERFLOWING) == []


def test_nothing_below_the_stage_moves_with_the_digit_or_the_step(visit: Visit) -> None:
    page = visit(f"feature_maps?digit={DIGIT}&row=Conv2d-1")
    below = page.get_by_role("heading", name="Map 0 through its block")
    tops = {below.evaluate(TOP)}
    for digit, row in (("1a", "Conv2d-7"), ("8c", "ReLU-19"), ("4a", "log-softmax")):
        page.goto(f"{page.url.split('?')[0]}?digit=project-{digit}&row={row}")
        settle(page)
        tops.add(below.evaluate(TOP))
    assert len(tops) == 1
