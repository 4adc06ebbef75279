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
    """Where to begin, what to go to with Tab, what to press there, and what the address then says."""

    path: str
    control: str
    keys: str
    parameter: str
    value: str


WAYS = {
    "overview": Way("", "Conv2d-16: ", "Enter", "row", "Conv2d-16"),
    "feature maps": Way("feature_maps?row=Conv2d-7&channel=3", "Map 3: ", "ArrowRight Enter", "channel", "4"),
    "layer by layer": Way(
        "layer_by_layer?row=Conv2d-7&channel=3&unit=5.5",
        "Conv2d-7, map 3: unit y 5, x 5",
        "ArrowDown ArrowDown ArrowRight",
        "unit",
        "7.6",
    ),
    "receptive field": Way("receptive_field?row=Conv2d-7&unit=5.5", "The 22 × 22 units", "ArrowDown", "unit", "6.5"),
    "parameters": Way("parameters?row=Conv2d-7", "Conv2d-13$", "Enter", "row", "Conv2d-13"),
    "pooling": Way("pooling?channel=3&unit=5.5", "MaxPool2d-10, map 3: unit", "ArrowUp ArrowLeft", "unit", "4.4"),
    "head": Way("head", "4−", "Enter", "target", "4"),
    "dropout": Way("dropout?row=Dropout-9&digit=project-4or9", "p, share dropped", "ArrowRight", "p", r"0\.\d+"),
    "batch norm": Way("batch_norm?row=BatchNorm2d-8&channel=3", "Map$", "ArrowDown Enter", "channel", "4"),
    "saliency": Way("saliency?digit=project-4or9", "One method", "ArrowRight Enter", "map_view", "all"),
    "lie detector": Way("lie_detector?digit=project-4or9", "One", "ArrowRight Enter", "doubt_view", "all"),
    "mistakes": Way("mistakes", "labelled 4, read as 9", "Enter", "cell", "4.9"),
    "training": Way("training?train_view=epochs&epoch=2", "Epoch$", "ArrowRight", "epoch", "3"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_keys_alone_choose_something_else(visit: Visit, way: Way) -> None:
    page = visit(way.path)
    before = pictures(page)
    go_to(page, way.control)
    for key in way.keys.split():
        page.keyboard.press(key)
    page.wait_for_url(lambda _url: re.fullmatch(way.value, chosen(page, way.parameter)) is not None)
    settle(page)
    assert pictures(page) != before


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


def go_to(page: Page, control: str, part: str = MAIN) -> None:
    """Press Tab from the top of a part of the page until a control of this name has the focus."""
    names = []
    page.evaluate("(part) => controls.begin(part)", part)
    page.evaluate("controls.finish()")
    for _ in range(150):
        page.keyboard.press("Tab")
        names.append(str(page.evaluate("controls.focusedName()")))
        if re.match(control, names[-1]):
            return
    raise AssertionError(f"Tab does not come to '{control}', but to {names}")
