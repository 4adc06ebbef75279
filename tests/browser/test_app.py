"""What holds on every page, in a real browser."""

import re
from urllib.parse import urlsplit

import pytest

from model.images import digits
from tests.browser.conftest import OVERFLOWING, Visit
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

each_page = pytest.mark.parametrize("path", ["", "feature_maps"], ids=["overview", "feature maps"])


def test_two_people_see_their_own_digit(visit: Visit) -> None:
    one, other = visit(), visit("feature_maps")
    for key_one, key_other in (("1a", "8a"), ("6b", "2b"), ("9a", "9b")):
        sample(one, key_one).click()
        sample(other, key_other).click()
        for page, key in ((one, key_one), (other, key_other)):
            expect_chosen(page, digit=f"project-{key}")
            expect_read(page, int(key[0]), re.compile(f"labelled {key[0]}"))
    assert shown(one) != shown(other)


@each_page
def test_no_request_leaves_this_computer(visit: Visit, path: str) -> None:
    """The fixture watches every test for this; here every panel is opened."""
    hosts = set()
    page = visit(path)
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.reload()
    settle(page)
    for source in ("MNIST", "Draw", "Upload", "Samples"):
        choose_source(page, source)
    assert {urlsplit(page.url).netloc} == {host for host in hosts if host}


@pytest.mark.parametrize("digit", ["project-4or9", "drawn"])
def test_the_sidebar_fits_a_phone(visit: Visit, digit: str) -> None:
    page = visit(f"?digit={digits.from_strokes(HAND['4a']).key if digit == 'drawn' else digit}", **PHONE)
    show_sidebar(page)
    assert page.evaluate(OVERFLOWING) == []


@each_page
def test_in_the_dark_the_page_is_dark_and_works(visit: Visit, path: str) -> None:
    page = visit(path, color_scheme="dark")
    ground, text = (
        page.get_by_test_id("stApp").evaluate(
            f"(app) => getComputedStyle(app).{part}.match(/[0-9]+/g).slice(0, 3).map(Number)"
        )
        for part in ("backgroundColor", "color")
    )
    assert max(ground) < 60
    assert min(text) > 200
    sample(page, "6a").click()
    expect_read(page, 6, re.compile("labelled 6"))
    choose_source(page, "Draw")
    draw(page, HAND["0a"])
    expect_read(page, 0, "drawn by hand")
