"""Every view with the keyboard alone: Tab reaches all that can be done, shows where it is, and keys do it."""

import re
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, Visit
from tests.browser.controls import for_mouse_only, pictures, walk
from tests.browser.people import chosen, expect_chosen, expect_read, expect_strokes, strokes_in
from tests.serving import choose_source, settle, show_sidebar

_TABLE = "[data-testid=stExpander] summary"  # the numbers of a chart as a table
# What answers to a pointer and is no control, and the control that does the same with keys.
INSTEAD = {
    "figure > div": ".workings .terms button",  # the input map: each unit that can be chosen is a button too
    "ol.strip > li": "input[type=range]",  # the epochs, one by one
    "svg.main-svg > g": _TABLE,  # what is pointed at in a chart is read out
    "g.traces > rect": _TABLE,  # Plotly shows a hand there, but nothing follows
}


def test_tab_reaches_every_control_and_shows_where_it_is(view: Page) -> None:
    view.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    settle(view)
    show_sidebar(view)
    expect(view.get_by_test_id("stSkeleton")).to_have_count(0)
    address = view.url
    assert walk(view) == []
    settle(view)
    assert view.url == address  # to look around chooses nothing


def test_what_a_pointer_does_keys_do_too(view: Page) -> None:
    for each in for_mouse_only(view):
        expect(view.locator(INSTEAD[each]).first).to_be_visible()


@pytest.mark.parametrize("source", ["Draw", "MNIST", "Upload"])
def test_tab_reaches_every_source_of_digits(visit: Visit, source: str) -> None:
    page = visit()
    choose_source(page, source)
    assert walk(page) == []


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
    go_to(page, "Drawing pad")
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


def go_to(page: Page, control: str) -> None:
    """Press Tab until a control of this name has the focus."""
    names = []
    for _ in range(150):
        page.keyboard.press("Tab")
        names.append(str(page.evaluate("controls.focusedName()")))
        if re.match(control, names[-1]):
            return
    raise AssertionError(f"Tab does not come to '{control}', but to {names}")


GOOD = """<style>:focus-visible { outline: 3px solid blue; }</style>
<main><button>One</button> <a href="#">Two</a> <label><input type="checkbox">Three</label>
<div role="radiogroup"><input type="radio" name="n" aria-label="a"><input type="radio" name="n" aria-label="b"></div>
</main>"""


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("", []),
        ("<button tabindex='-1'>X</button>", ["button 'X' cannot be reached"]),
        ("<button style='outline: none'>X</button>", ["button 'X' does not show its focus"]),
        ("<button style='width: 2rem; height: 2rem'></button>", ["button '' has no name"]),
        (
            "<div style='position: relative'><button>X</button><i style='position: absolute; inset: 0'></i></div>",
            ["button 'X' is off the screen or covered"],
        ),
        (
            "<button style='position: fixed; top: -90px; width: 9em'>X</button>",
            ["button 'X' is off the screen or covered"],
        ),
        ("<button onkeydown='event.preventDefault()'>X</button>", ["button 'X' keeps the keyboard"]),
        ("<button tabindex='1'>X</button>", ["button 'X' cannot be reached"]),  # from the top it is passed over
        (
            "<div style='display: flex; flex-flow: row-reverse; reading-flow: flex-visual'>"
            "<button>X</button><button>Y</button></div>",
            ["button 'X' comes too late"],
        ),
        (
            "<div role='radiogroup'><button>X</button><button tabindex='-1'>Y</button></div>",
            ["button 'Y' cannot be reached"],
        ),
    ],
)
def test_a_page_with_a_fault_is_found_out(browser: Browser, fault: str, found: list[str]) -> None:
    page = browser.new_page()
    page.set_content(GOOD + fault)
    assert walk(page) == found
    page.close()


def test_what_only_a_pointer_can_do_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"{GOOD}<p><b style='cursor: pointer'>X</b> <i onclick='alert()'>Y</i></p>")
    assert for_mouse_only(page) == {"p > b", "p > i"}
    page.close()
