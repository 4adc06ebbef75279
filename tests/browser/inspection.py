"""What must hold for each view, whoever looks at it: checked in one visit, situation after situation.

A check takes the page and the part of it that is looked at, and returns all that is wrong.
"""

import io
import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect
from pypdf import PageObject, PdfReader

from tests.browser.conftest import DESKTOP, OVERFLOWING, PHONE, PROJECTOR
from tests.browser.controls import (
    PAGE,
    SIDEBAR,
    THIRD_PARTY,
    for_mouse_only,
    lost_colours,
    moving,
    pictures,
    small,
    unnamed,
    unpainted,
    walk,
)
from tests.serving import settle, show_sidebar

Check = Callable[[Page, str], list[str]]

# What answers to a pointer and is no control, and the control that does the same with keys.
INSTEAD = {
    "figure > div": ".workings .terms button",  # the input map: each unit that can be chosen is a button too
    "ol.strip > li": "input[type=range]",  # the epochs, one by one
}
NUMBERS = "[data-testid=stMain] [data-testid=stExpander] summary"  # the numbers of a chart as a table
_COLOURS = ["color-contrast", "link-in-text-block"]  # what axe-core judges by colours: all that a theme can change
_APP = "document.querySelector('[data-testid=stApp]')"
_GROUND = f"getComputedStyle({_APP}).backgroundColor"
_LIGHTNESS = f"""() => ["backgroundColor", "color"].map(
  (name) => getComputedStyle({_APP})[name].match(/[0-9]+/g).slice(0, 3).map(Number))"""
_AXE = """([context, options]) => axe.run(context, { resultTypes: ["violations"], ...options }).then((found) =>
  found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id} at ${JSON.stringify(node.target)}`)))"""
_UNFOLD = """(tables) => document.querySelectorAll(tables).forEach((each) => {
  if (each.checkVisibility({ visibilityProperty: true }) && !each.parentElement.open) each.click();
})"""
# Words in a box that is too narrow for them: what is left of them is not seen.
_CUT_OFF = """() => [...document.querySelectorAll(".attributions :is(b, span), .method p, .column-sum dd")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent)"""

# 14 of a picture's 720 lines: from a seat four picture heights away its capitals are 12 minutes of arc high, more than
# twice the 5 that good eyes need.
SMALLEST = 14
# What is seen of the main part, and what is not seen of its letters: sub- and superscripts may be smaller.
_ON_SCREEN = """([what, smallest]) => {
  const found = new Set();
  const walk = (root, within) => root.querySelectorAll(within).forEach((each) => {
    if (each.shadowRoot) walk(each.shadowRoot, "*");
    const box = each.getBoundingClientRect();
    if (box.width <= 1 || box.height <= 1 || !each.checkVisibility({ visibilityProperty: true })) return;
    const wrong = { boxes: outside, letters: small }[what](each, box);
    if (wrong) found.add(`${each.tagName}.${each.className.baseVal ?? each.className}: ${wrong}`);
  });
  const outside = (_each, box) => {
    if (box.bottom > innerHeight + 1) return `ends at y ${box.bottom.toFixed()}`;
    return box.right > innerWidth + 1 ? `ends at x ${box.right.toFixed()}` : "";
  };
  const small = (each) => {
    const text = [...each.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!text.length || each.closest("sub, sup, script, style")) return "";
    const within = each.ownerSVGElement?.parentElement ?? each;
    const drawn = each.getCTM ? Math.hypot(each.getCTM().a, each.getCTM().b) : 1;
    const scale = within.offsetWidth ? within.getBoundingClientRect().width / within.offsetWidth : 1;
    const size = parseFloat(getComputedStyle(each).fontSize) * drawn * scale;
    return size < smallest - 0.05 ? `${size.toFixed(1)} px: ${text[0].data.trim().slice(0, 30)}` : "";
  };
  walk(document, "[data-testid=stMain] *");
  return [...found].slice(0, 12);
}"""
_SIDE = "[data-testid=stSidebar], [data-testid=stExpandSidebarButton]"
_STAGE = ".st-key-stage, .st-key-first-figure"
PAPER = 703  # pixels across A4 within its margins
_FOOT = re.compile(r"http://\S+|^.* · |\d+ / \d+", re.MULTILINE)
# What stands outside of the paper, and what only a screen needs; what components draw is looked at too.
_PRINTED = """([paper]) => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap(
    (each) => [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])]);
  const seen = (each) => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length;
  const told = (each) => `${each.localName} ${each.className} '${each.textContent.slice(0, 30)}'`;
  const every = all(document.querySelector("[data-testid=stMain]")).filter(
    (each) => seen(each) && !each.closest("svg, .js-plotly-plot *, .unseen, style, script"));
  const beyond = (each) => {
    const { left, right, width } = each.getBoundingClientRect();
    return width > 1 && (right > paper + 2 || left < -2);
  };
  const data = (each) => /[0-9]/.test(each.textContent) || each.querySelector("img");
  const kinds = "input, select, textarea, .modebar, [role=slider], [data-testid^=stBaseButton]";
  const control = (each) => each.matches(kinds)
    || (each.localName === "button" && each.getRootNode() !== document && !data(each));
  return { beyond: every.filter(beyond).map(told), controls: every.filter(control).map(told) };
}"""
# A chart of which nothing is drawn: a line, a bar or a word between its axes has a box.
_BLANK = """() => [...document.querySelectorAll("[data-testid=stMain] .js-plotly-plot")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length)
  .filter((each) => ![...each.querySelectorAll(".trace :is(path, text)")].some((mark) => {
    const { width, height } = mark.getBoundingClientRect();
    return width + height > 0;
  }))
  .map((each) => (each.closest("[aria-label]")?.ariaLabel ?? "a chart").slice(0, 60))"""


def grave(page: Page, part: str, rules: list[str] | None = None) -> list[str]:
    """Return what axe-core calls serious or critical."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    context = {"include": [[part]], "exclude": [[each] for each in THIRD_PARTY]}
    options = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    return [str(each) for each in page.evaluate(_AXE, [context, options])]


def grave_by_colour(page: Page, part: str) -> list[str]:
    return grave(page, part, _COLOURS)


def not_painted(page: Page, _part: str) -> list[str]:
    return unpainted(page)


def without_words(page: Page, _part: str) -> list[str]:
    """Return the charts of packages that have no name, and those of a page that has no table of numbers."""
    charts = page.locator(", ".join(THIRD_PARTY)).count()
    return [*unnamed(page), *(["no numbers"] if charts and not page.locator(NUMBERS).count() else [])]


def out_of_reach(page: Page, part: str) -> list[str]:
    """Walk through the page with Tab, and return what is wrong on the way; to look around must choose nothing."""
    address = page.url
    found = walk(page, part)
    settle(page)
    return found if page.url == address else [*found, f"the walk led to {page.url}"]


def without_keys(page: Page, _part: str) -> list[str]:
    """Return what a pointer can do and keys cannot."""
    others = {each: page.locator(INSTEAD[each]).first if each in INSTEAD else None for each in for_mouse_only(page)}
    return [each for each, instead in others.items() if instead is None or not instead.is_visible()]


def in_motion(page: Page, _part: str) -> list[str]:
    """Return what moves although the system asks for less motion."""
    page.emulate_media(reduced_motion="reduce")
    found, before = moving(page), pictures(page)
    page.wait_for_timeout(100)
    changed = [] if pictures(page) == before else ["pictures change by themselves"]
    page.emulate_media(reduced_motion="no-preference")
    return [*found, *changed]


def colours_lost(page: Page, _part: str) -> list[str]:
    return lost_colours(page)


def not_dark(page: Page, _part: str) -> list[str]:
    ground, text = page.evaluate(_LIGHTNESS)
    return [f"{name} is {value}" for name, value, bad in _dark(ground, text) if bad]


def _dark(ground: list[int], text: list[int]) -> list[tuple[str, list[int], bool]]:
    return [("the ground", ground, max(ground) >= 60), ("the text", text, min(text) <= 200)]


def too_wide(page: Page, _part: str) -> list[str]:
    """Return what is wider than the page, all tables of numbers unfolded."""
    page.evaluate(_UNFOLD, NUMBERS)
    settle(page)
    width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    return [*page.evaluate(OVERFLOWING), *([] if width <= PHONE["width"] else [f"the main part: {width}"])]


def cut_off(page: Page, _part: str) -> list[str]:
    return [str(each) for each in page.evaluate(_CUT_OFF)]


def beyond_the_paper(page: Page, _part: str) -> list[str]:
    """Return what is wider than the paper: a column would be cut."""
    page.evaluate("(width) => document.documentElement.style.setProperty('width', `${width}px`, 'important')", PAPER)
    found: list[str] = page.evaluate(_PRINTED, [PAPER])["beyond"]
    page.evaluate("document.documentElement.style.removeProperty('width')")
    return found


def controls_on_paper(page: Page, _part: str) -> list[str]:
    return [str(each) for each in page.evaluate(_PRINTED, [PAPER])["controls"]]


def not_black_on_white(page: Page, _part: str) -> list[str]:
    ground, text = page.evaluate(_LIGHTNESS)
    return [
        f"{name} is {value}"
        for name, value, bad in (("the ground", ground, min(ground) < 250), ("the text", text, max(text) > 40))
        if bad
    ]


def blank_charts(page: Page, _part: str) -> list[str]:
    return [str(each) for each in page.evaluate(_BLANK)]


def empty_pages(page: Page, part: str) -> list[str]:
    """Print the first view of a page, and return the sheets of paper without a word or a picture."""
    if part != PAGE:
        return []
    sheets = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    return [
        f"page {number} of {len(sheets)} is empty" for number, each in enumerate(sheets, 1) if not _has_content(each)
    ]


def _has_content(sheet: PageObject) -> bool:
    pictures = (sheet.get("/Resources") or {}).get("/XObject") or {}
    return bool(pictures) or bool(_FOOT.sub("", sheet.extract_text()).strip())


def too_small(page: Page, part: str) -> list[str]:
    return small(page, part)


def taller_than_screen(page: Page, _part: str) -> list[str]:
    return [str(each) for each in page.evaluate(_ON_SCREEN, ["boxes", 0])]


def small_letters(page: Page, _part: str) -> list[str]:
    return [str(each) for each in page.evaluate(_ON_SCREEN, ["letters", SMALLEST])]


def without_stage(page: Page, _part: str) -> list[str]:
    return [] if any(each.is_visible() for each in page.locator(_STAGE).all()) else ["there is no stage"]


def beside_stage(page: Page, _part: str) -> list[str]:
    return [each.get_attribute("data-testid") or "" for each in page.locator(_SIDE).all() if each.is_visible()]


def at_a_desk(page: Page, _part: str) -> None:
    if "projector=yes" in page.url:
        _press_p(page, False)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)
    settle(page)
    show_sidebar(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def in_the_dark(page: Page, _part: str) -> None:
    before = page.evaluate(_GROUND)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(before) => {_GROUND} !== before", arg=before)
    settle(page)


def on_paper(page: Page, _part: str) -> None:
    """Look at the page as it is printed, while the app is dark."""
    page.emulate_media(media="print")


def off_the_paper(page: Page) -> None:
    page.emulate_media(media="screen")


def on_a_phone(page: Page, part: str) -> None:
    """Make the page as small as on a phone, where the sidebar is folded away unless it is looked at."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    settle(page)
    sidebar = page.get_by_test_id("stSidebar")
    if sidebar.count() and sidebar.get_attribute("aria-expanded") == "true":  # it may fold by itself, even now
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").dispatch_event("click")
        expect(sidebar).to_have_attribute("aria-expanded", "false")
    if part == SIDEBAR:
        show_sidebar(page)
    settle(page)


def on_a_projector(page: Page, _part: str) -> None:
    page.set_viewport_size(PROJECTOR)
    page.evaluate("document.activeElement.blur()")
    _press_p(page, True)


def _press_p(page: Page, on: bool) -> None:
    page.keyboard.press("p")
    page.wait_for_url(lambda url: ("projector=yes" in url) == on)
    settle(page)


def _nothing(_page: Page) -> None:
    pass


class Situation(NamedTuple):
    """How a view is looked at, and what must hold then."""

    prepare: Callable[[Page, str], None]
    checks: Mapping[str, Check]
    leave: Callable[[Page], None] = _nothing


PROJECTED = "on a projector"
SITUATIONS = {
    "at a desk": Situation(
        at_a_desk,
        {
            "images": not_painted,
            "words for charts": without_words,
            "keyboard": out_of_reach,
            "pointer": without_keys,
            "motion": in_motion,
            "forced colours": colours_lost,
            "axe": grave,
        },
    ),
    "in the dark": Situation(in_the_dark, {"ground": not_dark, "axe": grave_by_colour}),
    "on paper": Situation(
        on_paper,
        {
            "width": beyond_the_paper,
            "controls": controls_on_paper,
            "colours": not_black_on_white,
            "charts": blank_charts,
            "pages": empty_pages,
        },
        off_the_paper,
    ),
    "on a phone": Situation(on_a_phone, {"targets": too_small, "axe": grave, "width": too_wide, "cut off": cut_off}),
    PROJECTED: Situation(
        on_a_projector,
        {
            "stage": without_stage,
            "height": taller_than_screen,
            "letters": small_letters,
            "sidebar": beside_stage,
        },
    ),
}


# What can be wrong with one network and right with another: names are longer, maps smaller, rows more. Colours, keys
# and paper are the same for all.
OF_A_NETWORK = {
    "at a desk": {"images", "words for charts", "axe"},
    "on a phone": {"width", "cut off"},
    PROJECTED: {*SITUATIONS[PROJECTED].checks},
}


def inspect(
    page: Page, part: str = PAGE, *, projected: bool = True, only: Mapping[str, Collection[str]] | None = None
) -> dict[str, list[str]]:
    """Return all that is wrong with a page, by situation and check; nothing is chosen meanwhile.

    Args:
        page: What has been opened.
        part: Where the keyboard, targets and axe-core are tried; all else is of the whole page. No projector shows
            the sidebar.
        projected: Whether it has a projector view.
        only: The checks of each situation, by default all.
    """
    found: dict[str, list[str]] = {}
    for name, situation in SITUATIONS.items():
        wanted = situation.checks if only is None else only.get(name, ())
        checks = {check: test for check, test in situation.checks.items() if check in wanted}
        if not checks or (name == PROJECTED and (part == SIDEBAR or not projected)):
            continue
        situation.prepare(page, part)
        found |= {f"{name}, {check}": test(page, part) for check, test in checks.items()}
        situation.leave(page)
    return {name: wrong for name, wrong in found.items() if wrong}


def told(found: Mapping[str, list[str]]) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False)
