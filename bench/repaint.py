"""The time of each page for a repaint with another digit, compared with an empty page: ``make bench``.

All pages are clicked in turn in one browser, and timed in the page: from the click until the run has ended, the new
digit is shown, and the browser has painted the last change of the page, late charts included. Only the ratios are
comparable between machines. ``make bench ARGS="parameters receptive_field"`` measures some pages alone, and
``ARGS="dropout,_their_mean"`` one view, with the name that it has in ``tests/views.py``.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from playwright.sync_api import Browser, ElementHandle, Page, sync_playwright

from tests.serving import PATIENCE, launch, serving, settle
from tests.views import VIEWS
from viz.app import page_list

ROUNDS, WARM_UP = 25, 3
GOAL, WITH_A_CHART = 1.8, 2.5  # times the empty page
GOALS = {"sanity_checks": 4.0, **dict.fromkeys(("receptive_field", "batch_norm", "training"), WITH_A_CHART)}
EMPTY = Path(__file__).with_name("empty.py")
NOTHING = "empty page"

# Click an element, and return when the last change of the page was painted; the page must be still for a while.
TIMED_CLICK = """
async ([button, shown]) => {
  const STILL = 250, TOO_LONG = 20000;
  const content = () => (({ src, textContent }) => src ?? textContent)(document.querySelector(shown) ?? {});
  const before = content();
  let changed = 0, painted = 0;
  const note = () => {
    const now = (changed = performance.now());
    requestAnimationFrame(() => requestAnimationFrame(() => { if (changed === now) painted = performance.now(); }));
  };
  const observer = new MutationObserver((changes) => {
    note();
    changes.forEach((change) => change.addedNodes.forEach(watchShadows));
  });
  const watch = (root) => {
    observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    watchShadows(root);
  };
  const watchShadows = (root) => {
    root.querySelectorAll?.("*").forEach((each) => each.shadowRoot && watch(each.shadowRoot));
  };
  const app = document.querySelector("[data-test-script-state]");
  observer.observe(app, { attributes: true });  // the end of the run counts as a change
  document.querySelectorAll('[data-testid="stMain"], [data-testid="stSidebar"]').forEach(watch);
  const done = () => content() !== before && app.dataset.testScriptState === "notRunning"
    && painted > changed && performance.now() - painted > STILL;
  const start = performance.now();
  button.click();
  while (!done()) {
    if (performance.now() - start > TOO_LONG) throw new Error(`${shown} did not change, or the page was never still`);
    await new Promise(requestAnimationFrame);
  }
  observer.disconnect();
  return painted - start;
}
"""


def main(arguments: Sequence[str]) -> None:
    """Measure the pages and print one line for each."""
    parser = argparse.ArgumentParser(prog="bench.repaint", description="How long each page takes to repaint.")
    parser.add_argument("pages", nargs="*", help="names of pages (default: all)")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"clicks on each page, of which {WARM_UP} are a warm-up"
    )
    options = parser.parse_args(arguments)
    with serving_nothing() as empty, serving() as app, sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            sys.exit("No Chromium or Chrome is installed: 'make test' installs one.")
        pages = addresses_of(app)
        addresses = {**{name.replace(" ", "_"): f"{app}/{path}" for name, path in VIEWS.items()}, **pages}
        unknown = sorted({*options.pages} - {*addresses})
        if unknown:
            sys.exit(f"There is no page {' '.join(unknown)}. There are {' '.join(addresses)}.")
        chosen = {NOTHING: empty, **{name: addresses[name] for name in options.pages or pages}}
        taken = measure({name: opened(browser, address) for name, address in chosen.items()}, options.rounds)
        browser.close()
    floor = taken[NOTHING]
    for name, median in taken.items():
        goal = "-" if name == NOTHING else WITH_A_CHART if "," in name else GOALS.get(name, GOAL)
        print(f"{name:<28}{median:6.0f} ms   {median / floor:5.2f}   goal {goal}")


def serving_nothing() -> AbstractContextManager[str]:
    """Serve the empty page, with Streamlit's default garbage collection after each run."""
    return serving(EMPTY, options=["--runner.postScriptGC=true"])


def addresses_of(app: str) -> dict[str, str]:
    """Return the address of every page, by its title as a file name."""
    titles = {file: entry.title.lower().replace(" ", "_") for file, entry in page_list.PAGES.items()}
    return {title: f"{app}/{page_list.path(file)}" for file, title in titles.items()}


def opened(browser: Browser, address: str) -> Page:
    """Open a page at projector size with the samples to choose from, and wait until it is complete."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    settle(page)
    show_samples(page)
    return page


def show_samples(page: Page) -> None:
    """Open the samples to choose from, where a page has them."""
    samples = page.get_by_role("radio", name="Samples")
    if samples.count():
        samples.click()
        settle(page)


def measure(pages: dict[str, Page], rounds: int, warm_up: int = WARM_UP) -> dict[str, float]:
    """Return the median milliseconds of each page; each round starts with another page, because of caches."""
    taken: dict[str, list[float]] = {name: [] for name in pages}
    for count in range(rounds):
        first = count % len(pages)
        for name in [*pages][first:] + [*pages][:first]:
            page = pages[name]
            page.bring_to_front()
            if name == NOTHING:
                click = page.locator('[data-testid="stButton"] button').element_handle(), ".run"
            else:
                click = digit_button(page, count), ".digit img"
            taken[name].append(float(page.evaluate(TIMED_CLICK, [*click])))
    return {name: statistics.median(times[warm_up:]) for name, times in taken.items()}


def digit_button(page: Page, count: int) -> ElementHandle:
    """Return a button that chooses a digit, a different one for each count."""
    buttons = page.locator(".st-key-picker .grid button")
    handle = buttons.nth((7 * count + 1) % buttons.count()).element_handle()
    return handle


if __name__ == "__main__":
    main(sys.argv[1:])
