"""What tests of the browser do and see: samples, drawings, what the link says, what is read."""

import re
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from model.images import codec
from model.images.samples import SKETCHES
from model.images.strokes import Point, Stroke, smooth
from tests.held import Gate
from tests.serving import choose_source, settle

CONNECTED = '[data-testid="stApp"][data-test-connection-state="CONNECTED"]'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
HAND = {sketch.key: [smooth(stroke, per_segment=2) for stroke in sketch.strokes] for sketch in SKETCHES}


def chosen(page: Page, name: str) -> str:
    """Return what the link says."""
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def expect_chosen(page: Page, **values: str) -> None:
    for name, value in values.items():
        expect(page).to_have_url(re.compile(rf"[?&]{name}={value}(&|$)"))


def sent_from_now_on(page: Page) -> list[object]:
    """Load a page anew, and return a list that grows with all that it sends: a rerun is asked for so."""
    sent: list[object] = []

    def note(frame: object) -> None:
        sent.append(frame)

    page.on("websocket", lambda socket: socket.on("framesent", note))
    page.reload()
    settle(page)
    return sent


def shown(page: Page) -> str:
    """Return the picture of the current digit, exact to the pixel."""
    settle(page)
    return str(page.locator(".digit img").get_attribute("src"))


def expect_read(page: Page, label: int, source: str | re.Pattern[str]) -> None:
    expect(page.locator(".digit small")).to_have_text(source)
    expect(page.locator(".digit strong")).to_have_text(str(label))


def sample(page: Page, key: str) -> Locator:
    """Return the button of a sample; where they are not shown, choose them first."""
    if page.get_by_role("button", name=re.compile("^0a: ")).count() == 0:
        choose_source(page, "Samples")
    return page.get_by_role("button", name=re.compile(f"^{key}: "))


def expect_answer(page: Page) -> None:
    """Wait until the page has found a server again, and shows what it has asked of it."""
    expect(page.locator(CONNECTED)).to_have_count(1)
    settle(page)


def expect_heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)
    settle(page)


def pad(page: Page) -> Locator:
    return page.get_by_label("Drawing pad")


def draw(page: Page, strokes: Sequence[Stroke], lift: bool = True) -> None:
    pad(page).scroll_into_view_if_needed()
    box = pad(page).bounding_box()
    assert box
    for number, stroke in enumerate(strokes, start=1):
        for position, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if position == 0:
                page.mouse.down()
        if lift or number < len(strokes):
            page.mouse.up()


def strokes_in(url: str) -> list[list[Point]]:
    """Return the strokes of the drawing that a link holds, or none."""
    source, _, code = parse_qs(urlsplit(url).query).get("digit", [""])[0].partition("-")
    return codec.unpack_strokes(code) if source == "drawn" else []


def expect_strokes(page: Page, count: int) -> list[list[Point]]:
    """Wait until the link holds a drawing of so many strokes, and return them."""
    page.wait_for_url(lambda url: len(strokes_in(url)) == count)
    return strokes_in(page.url)


def let_through(gate: Gate, maps: Locator, count: int) -> None:
    """Let one map pass after another until so many are shown; runs that the page has given up may take some of them."""
    while (before := maps.count()) < count:
        gate.let_pass(1)
        with suppress(AssertionError):
            expect(maps).not_to_have_count(before, timeout=3_000)
