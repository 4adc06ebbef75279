"""Every view for people who cannot see, hear, point or tell colours apart, and for those who have a phone.

A view is opened once; theme and size are then changed in the open page.
"""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import DESKTOP, OVERFLOWING, Visit
from tests.serving import choose_source, settle

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


def test_a_phone_shows_it_whole(view: Page) -> None:
    view.set_viewport_size(PHONE)
    settle(view)
    sidebar = view.get_by_test_id("stSidebar")
    if sidebar.get_attribute("aria-expanded") == "true":  # it may fold by itself, even now
        view.get_by_test_id("stSidebarCollapseButton").get_by_role("button").dispatch_event("click")
        expect(sidebar).to_have_attribute("aria-expanded", "false")
    settle(view)
    assert view.evaluate(OVERFLOWING) == []
    assert view.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"]
    assert grave(view) == []


@pytest.mark.parametrize("source", ["Draw", "MNIST", "Upload"])
def test_axe_finds_nothing_serious_in_any_source_of_digits(visit: Visit, source: str) -> None:
    page = visit()
    choose_source(page, source)
    assert in_both_themes(page) == {"light": [], "dark": []}
