"""Every view for people who cannot see, hear, point or tell colours apart, and for those who have a phone.

A view is opened once; theme and size are then changed in the open page.
"""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import DESKTOP, OVERFLOWING, Visit
from tests.browser.controls import lost_colours, moving, pictures, small
from tests.serving import choose_source, settle, show_sidebar

PHONE: ViewportSize = {"width": 390, "height": 844}
GRAVE = {"serious", "critical"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


def grave(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']} at {node['target']}" for each in found if each["impact"] in GRAVE for node in each["nodes"]]


def in_both_themes(page: Page) -> dict[str, list[str]]:
    """Return what axe-core finds in the light theme, and in the dark one."""
    found: dict[str, list[str]] = {}
    grounds: set[str] = set()
    for scheme in SCHEMES:
        before = page.evaluate(GROUND) if grounds else None
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"(before) => {GROUND} !== before", arg=before)
        grounds.add(page.evaluate(GROUND))
        settle(page)
        found[scheme] = grave(page)
    assert len(grounds) == 2, "the theme did not change"
    return found


def test_axe_finds_nothing_serious(view: Page) -> None:
    view.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    assert in_both_themes(view) == {"light": [], "dark": []}


def make_narrow(page: Page) -> None:
    """Make a page as small as on a phone, where the sidebar is folded away."""
    page.set_viewport_size(PHONE)
    settle(page)
    sidebar = page.get_by_test_id("stSidebar")
    if sidebar.get_attribute("aria-expanded") == "true":  # it may fold by itself, even now
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").dispatch_event("click")
        expect(sidebar).to_have_attribute("aria-expanded", "false")
    settle(page)


def test_a_phone_shows_it_whole(view: Page) -> None:
    make_narrow(view)
    assert view.evaluate(OVERFLOWING) == []
    assert view.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"]
    assert grave(view) == []


def test_a_finger_hits_what_it_means(view: Page) -> None:
    make_narrow(view)
    assert small(view) == []


def test_nothing_moves_for_who_asked_for_less_motion(view: Page) -> None:
    view.emulate_media(reduced_motion="reduce")
    assert moving(view) == []
    before = pictures(view)
    view.wait_for_timeout(100)
    assert pictures(view) == before
    view.emulate_media(reduced_motion="no-preference")


def test_what_colours_say_stays_where_the_system_takes_them(view: Page) -> None:
    assert lost_colours(view) == []


@pytest.mark.parametrize("source", ["Draw", "MNIST", "Upload"])
def test_axe_finds_nothing_serious_in_any_source_of_digits(visit: Visit, source: str) -> None:
    page = visit()
    choose_source(page, source)
    assert in_both_themes(page) == {"light": [], "dark": []}
    page.set_viewport_size(PHONE)
    settle(page)
    show_sidebar(page)
    assert small(page) == []


LINKS = "<a href='#' style='display: inline-block; width: {0}px; height: {0}px; font-size: 8px'>X</a>"


@pytest.mark.parametrize(
    ("page_", "found"),
    [
        (LINKS.format(24) * 2, []),
        (LINKS.format(10) + LINKS.format(40), ["a 'X': 10.0 by 10.0"]),
        (LINKS.format(10) * 2, ["a 'X': 10.0 by 10.0"] * 2),
        (LINKS.format(10), []),  # it has room around it
        ("<p>See <a href='#'>X</a>, <a href='#'>Y</a>.</p>", []),  # in a sentence
    ],
)
def test_targets_that_a_finger_would_miss_are_found(browser: Browser, page_: str, found: list[str]) -> None:
    page = browser.new_page(viewport=PHONE)
    page.set_content(page_)
    assert small(page) == found
    page.close()


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
def test_colours_that_are_lost_are_found(browser: Browser, style: str, text: str, found: list[str]) -> None:
    page = browser.new_page()
    page.set_content(COLOURS.format(style, text))
    assert lost_colours(page) == found
    page.close()


@pytest.mark.parametrize("style", ["transition: all 1s", "animation: blink 1s infinite", ""])
def test_what_moves_is_found(browser: Browser, style: str) -> None:
    page = browser.new_page()
    page.set_content("<style>@keyframes blink { to { opacity: 0 } }</style>" + COLOURS.format(style, "a word"))
    assert moving(page) == (["key > i."] if style else [])
    page.close()
