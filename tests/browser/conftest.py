"""One server and one browser for the suite; for each test fresh contexts, watched for what must never happen."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests import held
from tests.serving import FOR_SHORT_VISITS, PATIENCE, launch, serving, settle, watch
from tests.sharing import shared

Visit = Callable[..., Page]
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PROJECTOR: ViewportSize = {"width": 1280, "height": 720}
PHONE: ViewportSize = {"width": 390, "height": 844}
_FORWARD = """(url) => {
  document.activeElement.blur();
  history.pushState({}, "", url);
  dispatchEvent(new PopStateEvent("popstate"));
}"""
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
        started = launch(playwright, *FOR_SHORT_VISITS)
        if started is None:
            reason = "No Chromium or Chrome can be had here: 'make test' tries to install one."
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        expect.set_options(timeout=PATIENCE)
        yield started
        started.close()


@pytest.fixture(scope="session")
def app(browser: Browser, of_all_workers: Path) -> Iterator[str]:
    """Give the address of the app, which all workers share; there is a browser, or it need not start."""
    folder = of_all_workers / "app"
    kept = {"GLASS_NETWORKS": str(folder / "networks"), "GLASS_RUNS": str(folder / "runs")}
    with shared(folder, lambda: serving(environment=kept)) as address:
        yield address


@pytest.fixture(scope="session")
def app_without_mnist(browser: Browser, of_all_workers: Path) -> Iterator[str]:
    """Give the address of an app that has no MNIST, and that no mirror will answer; all workers share it."""
    folder = of_all_workers / "app-without-mnist"
    proxies = {name: NOWHERE for scheme in ("http", "https") for name in (f"{scheme}_proxy", f"{scheme}_proxy".upper())}
    environment = {"MNIST_ROOT": str(folder / "mnist"), "no_proxy": "", "NO_PROXY": "", **proxies}
    with shared(folder, lambda: serving(environment=environment)) as address:
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


class Contexts:
    """Browser contexts that are kept, so that the app's scripts are fetched and compiled once for all tests.

    One page at a desk is kept too: what it has decoded need not be decoded again.

    Attributes:
        failures: What must never happen and did: a request that leaves this computer, a script that fails.
    """

    def __init__(self, browser: Browser) -> None:
        self.failures: list[str] = []
        self._browser, self._kept, self._alone = browser, dict[str, BrowserContext](), list[BrowserContext]()
        self._blank: Page | None = None  # for whoever comes next to a desk

    def new_page(self, alone: bool, options: Mapping[str, Any]) -> Page:
        """Open a page, in a context with nobody else where it is to be alone: cookies are then its own."""
        name = _named(options)
        if alone:
            self._alone.append(self._watched(options))
            return self._alone[-1].new_page()
        if not options and self._blank:
            page, self._blank = self._blank, None
            return page
        if name not in self._kept:
            self._kept[name] = self._watched(options)
            _hold_process(self._kept[name])
        return self._kept[name].new_page()

    def _watched(self, options: Mapping[str, Any]) -> BrowserContext:
        context = self._browser.new_context(**{"viewport": DESKTOP, **options})
        context.set_default_timeout(PATIENCE)
        context.on("page", watch)
        context.on("request", lambda request: self._note_stranger(request.url))
        context.on("weberror", lambda error: self.failures.append(f"a script failed: {error.error}"))
        context.on("page", lambda page: page.on("websocket", lambda socket: self._note_stranger(socket.url)))
        return context

    def _note_stranger(self, url: str) -> None:
        if urlsplit(url).hostname not in {None, "127.0.0.1"}:
            self.failures.append(f"a request left this computer: {url}")

    def clear(self) -> None:
        """Close all pages, and forget what they left behind."""
        for context in self._alone:
            context.close()
        self._alone.clear()
        for name, context in self._kept.items():
            context.clear_cookies()
            pages = context.pages[1:]
            if pages and name == _NO_OPTIONS:
                self._blank = pages.pop(0)
                _make_blank(self._blank)
            for page in pages:
                page.close()


def _make_blank(page: Page) -> None:
    """Make a page as it was before it was first used, but for its history."""
    page.unroute_all()
    page.mouse.up()
    page.mouse.move(0, 0)
    if page.url.startswith("http"):
        page.evaluate("sessionStorage.clear()")
    page.goto("about:blank")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(media="null", color_scheme="null", reduced_motion="null", forced_colors="null")


def _named(options: Mapping[str, Any]) -> str:
    return repr(sorted(options.items()))


_NO_OPTIONS = _named({})


def _hold_process(context: BrowserContext) -> None:
    """Open an empty page as if from the app: while it is there, so is the process with the compiled scripts."""
    page = context.new_page()
    page.route("**", lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto("http://127.0.0.1/")


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    return Contexts(browser)


@pytest.fixture
def visit(contexts: Contexts, app: str) -> Iterator[Visit]:
    """Open a page of the app as somebody new.

    Afterwards it is checked that no request left this computer, and that no script failed.
    """

    def open_page(path: str = "", at: str = app, alone: bool = False, **options: Any) -> Page:
        media = {name: options.pop(name) for name in ("color_scheme", "reduced_motion") if name in options}
        viewport = options.pop("viewport", None) if "is_mobile" not in options else None
        page = contexts.new_page(alone, options)
        if media:
            page.emulate_media(**media)
        if viewport:
            page.set_viewport_size(viewport)
        page.goto(path if path.startswith("http") else f"{at}/{path}")
        settle(page)
        return page

    yield open_page
    failures, contexts.failures = contexts.failures, []
    contexts.clear()
    assert not failures


@pytest.fixture(scope="session")
def blank(browser: Browser) -> Iterator[Page]:
    """Give a page of no app, for fragments of HTML that checks must reject."""
    page = browser.new_page(viewport=DESKTOP)
    yield page
    page.close()


class Window:
    """A page in which one view is opened after another.

    Attributes:
        page: The page.
        contexts: What it lies in.
    """

    def __init__(self, contexts: Contexts, app: str) -> None:
        self.contexts, self.page, self._app = contexts, contexts.new_page(alone=True, options={}), app
        self._begun = False

    def open(self, view: str) -> Page:
        """Open a view at a desk, as the browser's forward button does: the app's scripts are there already."""
        self.page.set_viewport_size(DESKTOP)
        self.page.emulate_media(color_scheme="light")
        if self._begun:
            self.page.evaluate(_FORWARD, f"{self._app}/{view}")
        else:
            self.page.goto(f"{self._app}/{view}")
        self._begun = True
        settle(self.page)
        return self.page


@pytest.fixture(scope="module")
def window(browser: Browser, app: str) -> Iterator[Window]:
    contexts = Contexts(browser)
    yield Window(contexts, app)
    contexts.clear()
