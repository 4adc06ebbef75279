"""Every page of other networks, looked at as in ``test_views.py``; in a file of its own, so that both run at once."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, Contexts
from tests.browser.controls import MAIN
from tests.browser.inspection import inspect, told
from tests.serving import settle
from tests.views import FIRST

EXHAUSTIVE = pytest.mark.exhaustive
OTHERS = ["residual", "shapes", *(pytest.param(net, marks=EXHAUSTIVE) for net in ("lenet", "basic", "separable"))]


@pytest.mark.parametrize("net", OTHERS)
@pytest.mark.parametrize("path", FIRST)
def test_nothing_is_wrong_with_a_page_of_another_network(
    window: tuple[Page, Contexts], app: str, path: str, net: str
) -> None:
    page, contexts = window
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    page.goto(f"{app}/{path}?net={net}")
    settle(page)
    found = inspect(page, MAIN)
    assert not found, f"'{path}' of {net} {told(found)}"
    assert not contexts.failures
