"""What holds on every page, in a real browser."""

import re
from urllib.parse import urlsplit

from model.images import digits
from tests.browser.conftest import OVERFLOWING, Visit
from tests.browser.controls import PAGE
from tests.browser.inspection import not_dark
from tests.browser.people import (
    HAND,
    PHONE,
    draw,
    expect_chosen,
    expect_read,
    sample,
    shown,
)
from tests.serving import choose_source, settle, show_sidebar


def test_two_people_see_their_own_digit(visit: Visit) -> None:
    one, other = visit(alone=True), visit("feature_maps", alone=True)
    for key_one, key_other in (("1a", "8a"), ("9a", "9b")):
        sample(one, key_one).click()
        sample(other, key_other).click()
        for page, key in ((one, key_one), (other, key_other)):
            expect_chosen(page, digit=f"project-{key}")
            expect_read(page, int(key[0]), re.compile(f"labelled {key[0]}"))
    assert shown(one) != shown(other)


def test_no_request_leaves_this_computer(visit: Visit) -> None:
    """The fixture watches every test for this; here every panel is opened."""
    hosts = set()
    page = visit()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.reload()
    settle(page)
    for source in ("MNIST", "Draw", "Upload", "Samples"):
        choose_source(page, source)
    assert {urlsplit(page.url).netloc} == {host for host in hosts if host}


def test_the_sidebar_fits_a_phone(visit: Visit) -> None:
    page = visit("?digit=project-4or9", **PHONE)
    for digit in ("project-4or9", digits.from_strokes(HAND["4a"]).key):
        page.goto(f"{page.url.partition('?')[0]}?digit={digit}")
        settle(page)
        show_sidebar(page)
        assert page.evaluate(OVERFLOWING) == [], digit


def test_a_page_that_is_opened_in_the_dark_is_dark_and_works(visit: Visit) -> None:
    page = visit("feature_maps", color_scheme="dark")
    assert not_dark(page, PAGE) == []
    sample(page, "6a").click()
    expect_read(page, 6, re.compile("labelled 6"))
    choose_source(page, "Draw")
    draw(page, HAND["0a"])
    expect_read(page, 0, "drawn by hand")
