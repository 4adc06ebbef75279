"""How long the overview takes to repaint for another digit, against the emptiest page there is: ``make bench``.

Both are clicked in turn, in one browser, and timed in the page itself: from the click until the new content is
there, the run has finished, and the browser has painted twice. Only the ratio means something on another machine.
"""

import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.serving import launch, serving, settle

ROUNDS = 25
GOAL = 1.6
_EMPTY = Path(__file__).with_name("empty.py")

# Finds an element wherever it is, in shadow roots too, clicks it, and waits for the page to show `expected`.
_TIMED_CLICK = """
async ([button, content, expected]) => {
  const find = (selector, root = document) => {
    const here = root.querySelector(selector);
    if (here) return here;
    for (const each of root.querySelectorAll("*")) {
      const inside = each.shadowRoot && find(selector, each.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const finished = () => {
    const shown = find(content);
    return (shown?.dataset.digit ?? shown?.textContent) === expected
      && document.querySelector('[data-test-script-state="notRunning"]');
  };
  const start = performance.now();
  find(button).click();
  while (!finished()) {
    if (performance.now() - start > 20000) throw new Error(`${expected} was not shown within 20 s`);
    await new Promise(requestAnimationFrame);
  }
  await painted();
  return performance.now() - start;
}
"""


def main() -> None:
    """Measure and print both, and their ratio."""
    with serving(_EMPTY) as empty, serving() as app, sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            sys.exit("No Chromium or Chrome is installed: 'make test' installs one.")
        pages = [browser.new_page(viewport={"width": 1280, "height": 800}) for _ in range(2)]
        clicks: list[Callable[[Page, int], float]] = [_click_empty, _click_digit]
        for page, address in zip(pages, (empty, app), strict=True):
            page.goto(address)
            settle(page)
        times: list[list[float]] = [[], []]
        for count in range(ROUNDS):
            for page, click, taken in zip(pages, clicks, times, strict=True):
                page.bring_to_front()
                taken.append(click(page, count))
        browser.close()
    floor, overview = (statistics.median(taken[3:]) for taken in times)  # the first few warm up
    print(f"empty page {floor:6.0f} ms   overview {overview:6.0f} ms   ratio {overview / floor:.2f} (goal {GOAL})")


def _click_empty(page: Page, count: int) -> float:
    return float(page.evaluate(_TIMED_CLICK, ['[data-testid="stButton"] button', ".run", f"run {count + 2}"]))


def _click_digit(page: Page, count: int) -> float:
    names = page.locator(".grid button")
    title = str(names.nth((7 * count) % names.count()).get_attribute("title"))
    expected = f"project-{title.partition(':')[0]}"
    return float(page.evaluate(_TIMED_CLICK, [f'.grid button[title="{title}"]', ".network", expected]))


if __name__ == "__main__":
    main()
