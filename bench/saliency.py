"""How soon the maps of all methods are there for a digit that nobody has asked for: ``make bench``.

Samples are clicked in a browser, each once, so that none of its maps is kept yet. It is timed in the page itself, from
the click until the first of the new maps is painted, and until all are; then all maps of a digit are made without a
page, which is what both are held against. The goals are for two cores.
"""

import statistics
import sys
import time

import torch
from playwright.sync_api import Page, sync_playwright

from bench.repaint import digit_button, opened
from model.images import digits
from model.networks.assignment import weights
from model.saliency import METHODS, attribute
from tests.serving import launch, serving

ROUNDS, WARM_UP = 15, 3
FIRST_GOAL, ALL_GOAL = 0.3, 1.5  # seconds

# Clicks a sample and returns when the first and the last of its maps were painted.
_TIMED_CLICK = """
async ([button, count]) => {
  const TOO_LONG = 20000;
  const maps = () => [...document.querySelectorAll(".attributions img")].map((each) => each.src);
  const frame = () => new Promise(requestAnimationFrame);
  const before = new Set(maps());
  const fresh = () => maps().filter((map) => !before.has(map)).length;
  const start = performance.now();
  const painted = async (least) => {
    while (fresh() < least) {
      if (performance.now() - start > TOO_LONG) throw new Error(`there are ${fresh()} maps, and not ${least}`);
      await frame();
    }
    await frame();
    return (performance.now() - start) / 1000;
  };
  button.click();
  return [await painted(1), await painted(count)];
}
"""


def main() -> None:
    """Measure both, and print a line for each."""
    with serving() as app, sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            sys.exit("No Chromium or Chrome is installed: 'make test' installs one.")
        times = _measure(opened(browser, f"{app}/saliency?map_view=all"))
        browser.close()
    alone = _without_a_page()
    for words, taken, goal in zip(("first map", "all maps"), times, (FIRST_GOAL, ALL_GOAL), strict=True):
        print(f"{words:<20}{taken * 1000:6.0f} ms   {taken / alone:5.2f}   goal {goal * 1000:.0f} ms")


def _measure(page: Page) -> tuple[float, float]:
    """Return the median seconds until the first map, and until all."""
    clicks = [page.evaluate(_TIMED_CLICK, [digit_button(page, count), len(METHODS)]) for count in range(ROUNDS)]
    first, every = zip(*clicks[WARM_UP:], strict=True)
    return statistics.median(first), statistics.median(every)


def _without_a_page() -> float:
    """Return the median seconds that all methods take for a digit."""
    torch.set_num_threads(1)  # as the app does
    network, taken = weights.load(), []
    for digit in digits.samples()[:ROUNDS]:
        started = time.perf_counter()
        for name in METHODS:
            attribute(network, digits.to_input(digit), digit.label or 0, name)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[WARM_UP:])


if __name__ == "__main__":
    main()
