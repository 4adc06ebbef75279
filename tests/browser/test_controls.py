"""The script that looks at a page from inside finds what it is there to find, on pages that are one fault long."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.controls import for_mouse_only, lost_colours, moving, small, walk

GOOD = """<style>:focus-visible { outline: 3px solid blue; }</style>
<main><button>One</button> <a href="#">Two</a> <label><input type="checkbox">Three</label>
<div role="radiogroup"><input type="radio" name="n" aria-label="a"><input type="radio" name="n" aria-label="b"></div>
</main>"""
CHART = "<figure><div class='js-plotly-plot'>{}</div></figure>"


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
        (CHART.format("<button style='outline: none; width: 5em'></button>"), []),  # a package's own
        (
            CHART.format("<button onkeydown='event.preventDefault()'>X</button>"),  # but nobody may be kept there
            ["button 'X' keeps the keyboard"],
        ),
    ],
)
def test_a_page_with_a_fault_is_found_out(blank: Page, fault: str, found: list[str]) -> None:
    blank.set_content(GOOD + fault)
    assert walk(blank) == found


def test_what_only_a_pointer_can_do_is_found(blank: Page) -> None:
    blank.set_content(f"{GOOD}<p><b style='cursor: pointer'>X</b> <i onclick='alert()'>Y</i></p>")
    assert for_mouse_only(blank) == {"p > b", "p > i"}


LINKS = "<a href='#' style='display: inline-block; width: {0}px; height: {0}px; font-size: 8px'>X</a>"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (LINKS.format(24) * 2, []),
        (LINKS.format(10) + LINKS.format(40), ["a 'X': 10.0 by 10.0"]),
        (LINKS.format(10) * 2, ["a 'X': 10.0 by 10.0"] * 2),
        (LINKS.format(10), []),  # it has room around it
        ("<p>See <a href='#'>X</a>, <a href='#'>Y</a>.</p>", []),  # in a sentence
        (CHART.format(LINKS.format(10) * 2), []),  # a package's own
    ],
)
def test_targets_that_a_finger_would_miss_are_found(blank: Page, html: str, found: list[str]) -> None:
    blank.set_viewport_size(PHONE)
    blank.set_content(html)
    assert small(blank) == found
    blank.set_viewport_size(DESKTOP)


COLOURS = "<div data-testid='stHtml'><p class='key'><i style='{}'>{}</i></p></div>"


@pytest.mark.parametrize(
    ("style", "text", "found"),
    [
        ("background: red; display: block; height: 9px", "", ["key > i."]),
        ("background: red; display: block; height: 9px; forced-color-adjust: none", "", []),
        ("border: 3px solid red; display: block", "", ["key > i."]),
        ("background: linear-gradient(red, blue); display: block; height: 9px", "", ["key > i."]),
        ("background: red", "a word", []),
    ],
)
def test_colours_that_are_lost_are_found(blank: Page, style: str, text: str, found: list[str]) -> None:
    blank.set_content(COLOURS.format(style, text))
    assert lost_colours(blank) == found


@pytest.mark.parametrize("style", ["transition: all 1s", "animation: blink 1s infinite", ""])
def test_what_moves_is_found(blank: Page, style: str) -> None:
    blank.set_content("<style>@keyframes blink { to { opacity: 0 } }</style>" + COLOURS.format(style, "a word"))
    assert moving(blank) == (["key > i."] if style else [])
