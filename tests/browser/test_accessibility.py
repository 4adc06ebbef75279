"""Every view for people who cannot see, hear, point or tell colours apart, and for those who have a phone.

A view is opened once; theme and size are then changed in the open page.
"""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import DESKTOP, OVERFLOWING, Visit
from tests.serving import choose_source, settle
from viz import theme

PHONE: ViewportSize = {"width": 390, "height": 844}
GRAVE = {"serious", "critical"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
# All that the Tab key should stop at, in the order of the document, and how each looks without the keyboard on it.
PREPARE = """() => {
  const walk = { stops: [], reached: [], looks: [] };
  const still = "* { transition: none !important; animation: none !important }";
  document.head.append(Object.assign(document.createElement("style"), { textContent: still }));
  const NAMES = ["outlineStyle", "outlineColor", "boxShadow", "borderTopColor", "borderBottomColor", "backgroundColor",
    "textDecorationLine", "color", "opacity"];
  // Where a native input is hidden, what stands for it shows the focus: look at all of its label, and what is around.
  const around = (each) => {
    const found = [each, ...(each.closest("label") ?? each.parentElement ?? each).querySelectorAll("*")].slice(0, 30);
    for (let at = each.parentElement, up = 0; at && up < 4; at = at.parentElement, up += 1) found.push(at);
    return found;
  };
  const look = (each) => around(each).map((at) => NAMES.map((name) => getComputedStyle(at)[name]).join()).join("|");
  const isStop = (each) => {
    if (each.tabIndex < 0 || each.matches(":disabled, iframe") || each.closest("[inert]")) return false;
    if (!each.matches("a[href], button, input, select, textarea, summary, [tabindex]")) return false;
    if (each.type === "radio" && !each.checked && each.name) return false; // a group of them is one stop
    const box = each.getBoundingClientRect();
    return each.checkVisibility({ visibilityProperty: true }) && box.width > 0 && box.height > 0;
  };
  const note = (event) => {
    const each = event.composedPath()[0];
    const at = walk.stops.indexOf(each);
    if (at >= 0 && walk.reached.at(-1) !== at) walk.reached.push(at);
  };
  walk.unseen = new Set();
  const judge = (event) => {  // when the keyboard is about to leave: whatever was to show it has been drawn by then
    const each = event.composedPath()[0];
    const at = walk.stops.indexOf(each);
    if (at >= 0 && look(each) === walk.looks[at]) walk.unseen.add(at);
  };
  document.addEventListener("keydown", judge, true);
  const search = (root) => {
    root.addEventListener("focusin", note, true);
    root.querySelectorAll("*").forEach((each) => {
      if (isStop(each)) walk.stops.push(each);
      if (each.shadowRoot) search(each.shadowRoot);
    });
  };
  document.activeElement?.blur();
  search(document);
  walk.looks = walk.stops.map(look);
  window.walk = walk;
  return walk.stops.length;
}"""
WALKED = """() => {
  const { stops, reached, unseen } = window.walk;
  const name = (at) => {
    const each = stops[at];
    const said = each.getAttribute("aria-label") || each.textContent || each.labels?.[0]?.textContent || each.className;
    return `${at} ${each.tagName} ${said}`.slice(0, 60);
  };
  const first = reached[0] ?? 0;
  const expected = stops.map((_, place) => (first + place) % stops.length);
  const got = reached.slice(0, stops.length);
  const wrong = expected.findIndex((at, place) => got[place] !== at);
  const turn = (at) => (at === undefined ? "nothing" : name(at));
  return {
    "left out": expected.filter((at) => !reached.includes(at)).map(name),
    "out of order": wrong < 0 ? [] : [`${turn(got[wrong])} in place of ${turn(expected[wrong])}`],
    "focus is not seen": [...unseen].map(name),
    "ahead of its place": stops.flatMap((each, at) => (each.tabIndex > 0 ? [name(at)] : [])),
  };
}"""
# What a finger can press is at least 24 pixels high and wide (success criterion 2.5.8), but for links within a text.
# Streamlit hides the native input of a switch or a slider: what is pressed is the label, or the track, around it.
SMALL = """() => {
  const small = [];
  const walk = (root) => root.querySelectorAll("*").forEach((each) => {
    if (each.shadowRoot) walk(each.shadowRoot);
    if (!each.matches("a[href], button, input, select, textarea, summary, [role='radio'], [role='button']")) return;
    if (each.matches("p a, li p a, h1 a, h2 a, h3 a") || each.closest("[data-testid=stSidebar]")) return;
    const pressed = each.closest("label, [data-testid=stSlider]") ?? each;
    const box = pressed.getBoundingClientRect();
    const seen = pressed.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box.width > 1;
    if (seen && box.left < innerWidth && Math.min(box.width, box.height) < 23.5)
      small.push(`${each.tagName} ${(each.ariaLabel ?? each.textContent).slice(0, 30)} ${box.width}x${box.height}`);
  });
  walk(document.querySelector("[data-testid=stMain]"));
  return small;
}"""


def grave(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']} at {node['target']}" for each in found if each["impact"] in GRAVE for node in each["nodes"]]


def in_both_themes(page: Page) -> dict[str, list[str]]:
    """Return what axe-core finds in the light theme, and in the dark one."""
    found, grounds = {}, set()
    for scheme in SCHEMES:
        before = page.evaluate(GROUND) if grounds else None
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"(before) => {GROUND} !== before", arg=before)
        grounds.add(page.evaluate(GROUND))
        settle(page)
        found[scheme] = grave(page)
    assert len(grounds) == 2, "the theme did not change"
    return found


def test_every_control_is_reached_by_the_tab_key_in_order_and_seen(view: Page) -> None:
    view.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    stops = view.evaluate(PREPARE)
    assert stops > 15  # the pages alone are more than ten
    for _ in range(stops + 3):  # beyond the last one it leaves the page, and begins anew: nothing holds it
        view.keyboard.press("Tab")
    assert {what: found for what, found in view.evaluate(WALKED).items() if found} == {}


def test_axe_finds_nothing_serious(view: Page) -> None:
    view.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    assert in_both_themes(view) == {"light": [], "dark": []}


def test_a_phone_shows_it_whole_and_large_enough_to_press(view: Page) -> None:
    view.set_viewport_size(PHONE)
    fold = view.get_by_test_id("stSidebarCollapseButton").get_by_role("button")
    if fold.is_visible():
        fold.click()
        expect(view.get_by_test_id("stSidebar")).to_have_attribute("aria-expanded", "false")
    settle(view)
    assert view.evaluate(OVERFLOWING) == []
    assert view.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"]
    assert view.evaluate(SMALL) == []
    assert grave(view) == []


@pytest.mark.parametrize("source", ["Draw", "MNIST", "Upload"])
def test_axe_finds_nothing_serious_in_any_source_of_digits(visit: Visit, source: str) -> None:
    page = visit()
    choose_source(page, source)
    assert in_both_themes(page) == {"light": [], "dark": []}


def test_what_colour_says_is_kept_where_the_system_chooses_the_colours(visit: Visit) -> None:
    page = visit("?digit=project-8a", forced_colors="active")

    def style(selector: str, name: str) -> Any:
        return page.locator(selector).first.evaluate(f"(each) => getComputedStyle(each).{name}")

    accent = tuple(bytes.fromhex(theme.ACCENT[1:]))
    assert style(".bars .most i", "backgroundColor") == f"rgb{accent}"
    assert style('.grid button[aria-pressed="true"]', "outlineStyle") == "solid"
    assert style('.grid button[aria-pressed="false"]', "outlineStyle") == "none"


def test_nothing_plays_where_the_system_asks_for_less_motion(visit: Visit) -> None:
    page = visit("layer_by_layer?row=Conv2d-4&channel=2")
    play = page.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_visible()
    page.emulate_media(reduced_motion="reduce")
    expect(play).to_be_hidden()
    page.get_by_role("button", name="Step", exact=True).press("Enter")
    expect(page.locator(".workings .sum")).to_contain_text("y 0, x 0:")
