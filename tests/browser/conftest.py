"""One server and one browser for the suite; for each test fresh contexts, watched for what must never happen."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import held
from tests.serving import PATIENCE, launch, serving, settle, watch
from tests.views import VIEWS

Visit = Callable[..., Page]
DESKTOP = {"width": 1280, "height": 800}
NOWHERE = "http://127.0.0.1:9"  # nothing answers there
OVERFLOWING = """() => {
  const wide = [];
  // What is wide on purpose lies in a box of its own that scrolls; the page must not.
  // What is for screen readers lies in a box of a pixel.
  const unseen = (each) => each.matches(".sideways, .steps.wordy") || each.getBoundingClientRect().width <= 1;
  const boxed = (each) => each && (unseen(each) || boxed(each.parentElement));
  const walk = (root) => root.querySelectorAll("*").forEach((each) => {
    if (boxed(each.parentElement)) return;
    const box = each.getBoundingClientRect();
    const seen = box.width > 1 && box.height > 1 && each.checkVisibility({ visibilityProperty: true });
    if (seen && box.left < innerWidth && box.right > innerWidth + 1)
      wide.push(`${each.tagName}.${each.className} ends at ${box.right}`);
    if (each.shadowRoot) walk(each.shadowRoot);
  });
  walk(document.body);
  if (document.documentElement.scrollWidth > innerWidth) wide.push("the page itself");
  return wide;
}"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = launch(playwright)
        if started is None:
            reason = "No Chromium or Chrome can be had here: 'make test' tries to install one."
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        expect.set_options(timeout=PATIENCE)
        yield started
        started.close()


@pytest.fixture(scope="session")
def app(browser: Browser) -> Iterator[str]:
    """Give the address of the app; there is a browser, or it need not start."""
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def app_without_mnist(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of an app that has no MNIST, and that no mirror will answer."""
    empty = str(tmp_path_factory.mktemp("mnist"))
    proxies = {name: NOWHERE for scheme in ("http", "https") for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())}
    with serving(environment={"MNIST_ROOT": empty, "no_proxy": "", "NO_PROXY": "", **proxies}) as address:
        yield address


@pytest.fixture(scope="session")
def held_app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, held.Gate]]:
    """Give the address of an app whose maps can be held, and the gate that holds them."""
    gate = held.Gate(tmp_path_factory.mktemp("held"))
    with serving(environment={held.FOLDER: str(gate.folder)}, module="tests.held") as address:
        yield address, gate


@pytest.fixture
def gate(held_app: tuple[str, held.Gate]) -> Iterator[held.Gate]:
    """Give the gate of the held app; it is open before and after each test."""
    yield held_app[1]
    held_app[1].open()


@pytest.fixture
def visit_held(visit: Visit, held_app: tuple[str, held.Gate]) -> Visit:
    """Open a page of the app whose maps can be held as somebody new."""
    return partial(visit, at=held_app[0])


@contextmanager
def visiting(browser: Browser, app: str) -> Iterator[Visit]:
    """Yield what opens a page of the app as somebody new.

    Afterwards it is checked that no request left this computer, and that no script failed.
    """
    failures: list[str] = []

    def guard(context: BrowserContext) -> None:
        context.on("page", watch)
        context.on("request", lambda request: note_stranger(request.url))
        context.on("weberror", lambda error: failures.append(f"a script failed: {error.error}"))
        context.on("page", lambda page: page.on("websocket", lambda socket: note_stranger(socket.url)))

    def note_stranger(url: str) -> None:
        if urlsplit(url).hostname not in {None, "127.0.0.1"}:
            failures.append(f"a request left this computer: {url}")

    with ExitStack() as stack:

        def open_page(path: str = "", at: str = app, **options: Any) -> Page:
            context = browser.new_context(**{"viewport": DESKTOP, **options})
            stack.callback(context.close)
            guard(context)
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(path if path.startswith("http") else f"{at}/{path}")
            settle(page)
            return page

        yield open_page
    assert not failures


@pytest.fixture
def visit(browser: Browser, app: str) -> Iterator[Visit]:
    """Open a page of the app as somebody new."""
    with visiting(browser, app) as open_page:
        yield open_page


@pytest.fixture(scope="session", params=[*VIEWS.values()], ids=[*VIEWS])
def view(browser: Browser, app: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open one view after another; all tests see the same page, at whatever size the one before left it."""
    with visiting(browser, app) as open_page:
        yield open_page(request.param)
