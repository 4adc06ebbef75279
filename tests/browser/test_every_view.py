"""Every view for people who cannot see, point or tell colours apart, who have keys alone, or a phone: in one visit."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE, PROJECTOR, Visit, Window
from tests.browser.controls import MAIN, PAGE, SIDEBAR
from tests.browser.inspection import SITUATIONS, at_a_desk, inspect, told
from tests.browser.test_keyboard import WAYS, assert_keys_choose
from tests.serving import choose_source
from tests.views import FIRST, VIEWS


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_is_wrong_with_a_view(window: Window, name: str) -> None:
    page = window.open(VIEWS[name])
    found = inspect(page, PAGE if name in FIRST.values() else MAIN)
    assert not found, f"'{name}' {told(found)}"
    if name in WAYS:
        at_a_desk(page, PAGE)
        assert_keys_choose(page, WAYS[name])
    assert not window.contexts.failures


def test_nothing_is_wrong_with_any_source_of_digits(visit: Visit) -> None:
    page = visit("overview")  # where the sources are in the sidebar
    for source in ("Draw", "MNIST", "Upload"):
        choose_source(page, source)
        found = inspect(page, SIDEBAR)
        assert not found, f"'{source}' {told(found)}"


# A page without a fault, and for each check what it must reject.
SOUND = """<html lang="en"><title>Sound</title><style>:focus-visible {{ outline: 3px solid blue; }}
button {{ font: inherit; }}</style>
<body data-testid="stApp" data-test-script-state="notRunning" style="background: {ground}; color: {text}">
<section data-testid="stSidebar" style="display: none">X</section>
<main data-testid="stMain"><h1>Sound</h1><button>One</button> <a href="#" style="color: inherit">Two</a>
<p class="st-key-stage">A word</p>{fault}</main></body></html>"""
LIGHT, DARK = {"ground": "#fff", "text": "#111"}, {"ground": "#111", "text": "#eee"}
PALE = "<p style='color: #777; background: #888'>A word</p>"
OURS = "<div data-testid='stHtml'><p><i style='{}'></i></p></div>"
FAULTS = {
    "at a desk, images": "<img alt='X' style='width: 9px; height: 9px' src='data:image/png;base64,AAAA'>",
    "at a desk, words for charts": (
        "<div class='js-plotly-plot'>X</div><details data-testid='stExpander'><summary>X</details>"
    ),
    "at a desk, keyboard": "<button tabindex='-1'>X</button>",
    "at a desk, pointer": "<p><b style='cursor: pointer'>X</b></p>",
    "at a desk, motion": OURS.format("display: block; height: 9px; transition: all 1s"),
    "at a desk, forced colours": OURS.format("display: block; height: 9px; background: red; forced-color-adjust: auto"),
    "at a desk, axe": PALE,
    "in the dark, ground": "<style>[data-testid=stApp] { color: #777 !important }</style>",
    "in the dark, axe": PALE,
    "on paper, width": "<div style='width: 1500px; height: 9px'></div>",
    "on paper, controls": "<input aria-label='X'>",
    "on paper, colours": "<style>html [data-testid=stApp] { color: #777 !important }</style>",
    "on paper, charts": "<div class='js-plotly-plot'><svg><path d='M0,0h9' /><g class='trace'></g></svg></div>",
    "on paper, pages": (
        "<div style='break-before: page; height: 9px'></div><div style='break-before: page; height: 9px'></div><p>X</p>"
    ),
    "on a phone, targets": "<a href='#' style='display: inline-block; width: 9px; height: 9px'>X</a>" * 2,
    "on a phone, axe": PALE,
    "on a phone, width": "<div style='width: 1500px; height: 9px'></div>",
    "on a projector, stage": "<style>.st-key-stage, .st-key-first-figure { display: none }</style>",
    "on a projector, height": "<div style='height: 900px'></div>",
    "on a projector, letters": "<p style='font-size: 13px'>A word</p>",
    "on a projector, sidebar": "<style>[data-testid=stSidebar] { display: block !important }</style>",
    "on a phone, cut off": "<p class='attributions'><b style='display: block; width: 9px'>Xxxxxxxxxxxxxx</b></p>",
}
INSERT = (
    "(faults) => document.querySelector('[data-testid=stMainBlockContainer]').insertAdjacentHTML('afterbegin', faults)"
)
SCREENS = {"phone": PHONE, "projector": PROJECTOR}
CHECKS = {
    f"{name}, {check}": test for name, situation in SITUATIONS.items() for check, test in situation.checks.items()
}


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_rejects_its_fault_and_nothing_else(blank: Page, name: str) -> None:
    looks = DARK if "dark" in name else LIGHT
    blank.set_viewport_size(next((size for screen, size in SCREENS.items() if screen in name), DESKTOP))
    blank.set_content(SOUND.format(fault="", **looks))
    assert CHECKS[name](blank, PAGE) == []
    blank.set_content(SOUND.format(fault=FAULTS[name], **looks))
    assert CHECKS[name](blank, PAGE) != []


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (
            "at a desk, words for charts",
            "<figure role='figure' aria-label='A'><div class='js-plotly-plot'>X</div></figure>",
        ),
        ("in the dark, ground", "<style>[data-testid=stApp] { background: #eee !important }</style>"),
        ("at a desk, motion", "<div data-testid='stHtml'><p id='x'>X</p></div>"),  # its script follows
    ],
    ids=["a chart without numbers", "a light ground", "a picture that changes"],
)
def test_other_faults_are_rejected_too(blank: Page, name: str, fault: str) -> None:
    blank.set_content(SOUND.format(fault=fault, **(DARK if "dark" in name else LIGHT)))
    blank.evaluate(
        "setInterval(() => document.getElementById('x')?.setAttribute('style', `top: ${Math.random()}px`), 9)"
    )
    assert CHECKS[name](blank, PAGE) != []


def test_one_visit_finds_every_fault(visit: Visit) -> None:
    page = visit("mistakes")
    page.evaluate(INSERT, "".join(FAULTS.values()))
    found = inspect(page)
    assert found.keys() == FAULTS.keys() == CHECKS.keys()


def test_keys_choose_something_on_each_page() -> None:
    assert {VIEWS[name].partition("?")[0] for name in WAYS} == FIRST.keys() - {
        "receptive_field",  # has its own test
        "ten_questions",  # has no pictures
    }
