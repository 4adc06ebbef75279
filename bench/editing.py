"""The time until a change of a design is painted, with its numbers, compared with an empty page: ``make bench``.

A chain of 30 layers; the kernels of a layer in its middle go up and down. Only the ratio is comparable between
machines.
"""

import statistics
import sys

from playwright.sync_api import Page, sync_playwright

from bench.repaint import GOAL, TIMED_CLICK, WARM_UP, opened, serving_nothing
from tests.serving import launch, serving

ROUNDS = 25
_BLOCK = "conv-16-3-padding~1_relu_bn_dropout-0.1_"
CHAIN = f"{_BLOCK * 7}gap_flatten"  # 30 layers
_SAID = ".st-key-stage [data-testid=stMarkdown]"  # the sentence below the list


def main() -> None:
    """Measure both pages in turn, and print the medians and their ratio."""
    with (
        serving_nothing() as empty,
        serving() as app,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        if browser is None:
            sys.exit("No Chromium or Chrome is installed: 'make test' installs one.")
        nothing, design = opened(browser, empty), opened(browser, f"{app}/design?design={CHAIN}")
        design.locator(".row").nth(12).click()
        taken: dict[str, list[float]] = {"empty": [], "design": []}
        for count in range(ROUNDS):
            taken["empty"].append(click(nothing, '[data-testid="stButton"] button', 0, ".run"))
            taken["design"].append(click(design, ".fields .step", (count + 1) % 2, _SAID))
        browser.close()
    floor, edit = (statistics.median(times[WARM_UP:]) for times in taken.values())
    print(
        f"empty page {floor:.0f} ms, a change of a design of 30 layers {edit:.0f} ms: {edit / floor:.2f}, goal {GOAL}"
    )


def click(page: Page, button: str, place: int, shown: str) -> float:
    """Click a button, and return the milliseconds until the last change of the page is painted."""
    page.bring_to_front()
    return float(page.evaluate(TIMED_CLICK, [page.locator(button).nth(place).element_handle(), shown]))


if __name__ == "__main__":
    main()
