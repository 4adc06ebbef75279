"""One server and one browser for the suite; for each test fresh contexts, watched for what must never happen."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import held
from tests.serving import PATIENCE, launch, serving, settle, watch

Visit = Callable[..., Page]
DESKTOP = {"width": 1280, "height": 800}
NOWHERE = "http://127.0.0.1:9"  # nothing answers there
VIEWS = {
    "overview": "",
    "feature maps": "feature_maps?row=Conv2d-7&channel=3",
    "layer by layer": "layer_by_layer?row=Conv2d-7&channel=3&trail=Conv2d-13.0.0.0",
    "layer by layer, asked": "layer_by_layer?row=Conv2d-13&ask=yes&answers=Conv2d-13_shape_16x11x11",
    "receptive field": "receptive_field?row=Conv2d-7",
    "parameters": "parameters?row=Conv2d-7",
    "pooling": "pooling?channel=3",
    "pooling, lost": "pooling?channel=3&pool_view=lost",
    "pooling, average": "pooling?channel=3&pool_view=average",
    "pooling, moved": "pooling?channel=3&pool_view=move&pool_guess=two",
    "head": "head",
    "head, sum": "head?part=sum",
    "head, two classes": "head?part=two",
    "head, mixing": "head?part=mix&mute=3.7&gain=-1&without=same",
    "head, softmax": "head?part=softmax&temperature=0.25",
    "dropout": "dropout?row=Dropout-9&digit=project-4or9",
    "dropout, its journey": "dropout?row=Dropout-9&digit=project-4or9&drop_view=journey",
    "dropout, many masks": "dropout?row=Dropout-9&digit=project-4or9&drop_view=many&changes=few",
    "dropout, their mean": "dropout?row=Dropout-9&digit=project-4or9&drop_view=mean",
    "dropout, many digits": "dropout?row=Dropout-9&digit=project-4or9&drop_view=digits&many=yes",
    "batch norm": "batch_norm?row=BatchNorm2d-8&channel=3",
    "batch norm, forgotten": "batch_norm?row=BatchNorm2d-8&channel=3&norm_view=forget&forgets=same",
    "batch norm, folded": "batch_norm?row=BatchNorm2d-8&channel=3&norm_view=fold&frame=inside",
    "saliency": "saliency?digit=project-4or9&explain=difference&baseline=mean",
    "saliency, all": "saliency?map_view=all&digit=project-4or9",
    "saliency, through": "saliency?map_view=through&digit=project-4or9",
    "lie detector": "lie_detector?digit=project-4or9&method=guided_backprop",
    "lie detector, asked": "lie_detector?digit=project-4or9&doubt_view=all",
    "lie detector, a round": "lie_detector?digit=project-4or9&doubt_view=round",
    "lie detector, answered": "lie_detector?digit=project-4or9&doubt_view=round&rounds=1l",
    "mistakes": "mistakes",
    "mistakes, all": "mistakes?mistakes_view=all",
    "mistakes, how sure": "mistakes?mistakes_view=calibration",
    "training": "training",
    "training, epoch by epoch": "training?train_view=epochs&digit=project-4or9&row=Conv2d-7&channel=3&epoch=2",
    "training, the recipe": "training?train_view=recipe",
    "training, live": "training?train_view=live",
}
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


@pytest.fixture
def visit(browser: Browser, app: str) -> Iterator[Visit]:
    """Open a page of the app as somebody new.

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
