"""Each page with the keyboard alone: Tab leads to what can be done, and keys do it."""

import re
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.controls import MAIN, SIDEBAR, pictures
from tests.browser.people import chosen, expect_chosen, expect_read, expect_strokes, strokes_in
from tests.serving import choose_source, settle


class Way(NamedTuple):
    """What to go to with Tab, what to press there, and what the address then says.

    Where a unit is chosen, the value says how far down and across the keys lead from the unit that was chosen before.
    """

    control: str
    keys: str
    parameter: str
    value: str | tuple[int, int]


WAYS = {  # by the name of the view where each begins
    "start": Way("Ten minutes", "Enter", "lesson", r"tour\.1"),
    "about": Way("See it: Mistakes", "Enter", "mistakes_view", "calibration"),
    "overview": Way("Conv2d-16: ", "Enter", "row", "Conv2d-16"),
    "lessons": Way("Begin: Ten minutes", "Enter", "lesson", r"tour\.1"),
    "feature maps": Way("Map 3: ", "ArrowRight Enter", "channel", "4"),
    "layer by layer": Way("Conv2d-7, map 3: unit", "ArrowDown ArrowDown ArrowRight", "unit", (2, 1)),
    "parameters": Way("Conv2d-13$", "Enter", "row", "Conv2d-13"),
    "pooling": Way("MaxPool2d-10, map 3: unit", "ArrowUp ArrowLeft", "unit", (-1, -1)),
    "head": Way("4−", "Enter", "target", "4"),
    "dropout": Way("p, share dropped", "ArrowRight", "p", r"0\.\d+"),
    "batch norm": Way("Map$", "ArrowDown Enter", "channel", "4"),
    "saliency": Way("One method", "ArrowRight Enter", "map_view", "all"),
    "lie detector": Way("One", "ArrowRight Enter", "doubt_view", "all"),
    "mistakes": Way("labelled 4, classified as 9", "Enter", "cell", "4.9"),
    "design": Way("Layer 1: ", "+", "design", r"conv-9-.*"),
    "open": Way("Residual network$", "Enter", "net", "residual"),
    "compare": Way("B, the other network", "ArrowDown Enter", "with", r"\w+"),
    "worksheet": Way("Sheet$", "ArrowUp Enter", "seed", "4"),
    "training, epoch by epoch": Way("Epoch$", "ArrowRight", "epoch", "3"),
}


def assert_keys_choose(page: Page, way: Way) -> None:
    """Go to a control with Tab, press keys there, and see that the address and the pictures have changed."""
    before = pictures(page)
    control = go_to(page, way.control)
    value = way.value if isinstance(way.value, str) else moved(control, *way.value)
    for key in way.keys.split():
        page.keyboard.press(key)
    page.wait_for_url(lambda _url: re.fullmatch(value, chosen(page, way.parameter)) is not None)
    settle(page)
    assert pictures(page) != before


def moved(control: str, down: int, across: int) -> str:
    """Return the unit so far from the one that a control names, as the address has it."""
    y, x = map(int, re.findall(r"[yx] (\d+)", control))
    return f"{y + down}.{x + across}"


def test_a_unit_of_the_receptive_field_is_chosen_by_keys_alone(visit: Visit) -> None:
    page = visit("receptive_field?row=Conv2d-7&unit=5.5")
    assert_keys_choose(page, Way("The 22 × 22 units", "ArrowDown", "unit", "6.5"))


def test_a_digit_is_drawn_with_keys_alone(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-7")
    choose_source(page, "Draw")
    pictures(page)
    go_to(page, "Drawing pad", SIDEBAR)
    for key, times in (("ArrowUp", 8), (" ", 1), ("ArrowDown", 16), (" ", 1), ("ArrowRight", 5)):
        for _ in range(times):
            page.keyboard.press(key)
    ((top, *_, bottom),) = expect_strokes(page, 1)
    assert [*top, *bottom] == pytest.approx([0.5, 0.5 - 8 / 28, 0.5, 0.5 + 8 / 28], abs=0.02)
    expect_read(page, 1, "drawn by hand")
    settle(page)
    expect_chosen(page, row="Conv2d-7")  # the step stays: those arrows were not meant for it
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Undo
    page.wait_for_url(lambda url: not strokes_in(url))


def go_to(page: Page, control: str, part: str = MAIN) -> str:
    """Press Tab from the top of a part of the page until a control of this name has the focus; return all its name."""
    names = []
    page.evaluate("(part) => controls.begin(part)", part)
    page.evaluate("controls.finish()")
    for _ in range(150):
        page.keyboard.press("Tab")
        names.append(str(page.evaluate("controls.focusedName()")))
        if re.match(control, names[-1]):
            return names[-1]
    raise AssertionError(f"Tab does not come to '{control}', but to {names}")
