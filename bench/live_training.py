"""The slowdown of another person's page during a small training: ``python -m bench.live_training``.

In a browser another digit is clicked on the overview again and again: before a training, while somebody else's runs,
and after it. Times are taken in the page, from the click until the last change is painted. Only the ratio means
something on another machine.
"""

import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from bench.repaint import TIMED_CLICK, digit_button, opened
from model.images import mnist
from model.training.background.queue import TIMEOUT
from tests.serving import launch, serving
from tests.sessions import html_of

ROUNDS, WARM_UP, CLICKS = 3, 5, 15
GOAL = 1.5
_LOOK = 5.0  # seconds


def main() -> None:
    """Measure, and print one line for each."""
    if not mnist.is_present():
        sys.exit("MNIST is not there: set MNIST_ROOT to a folder that torchvision's MNIST(root=...) can read.")
    alone: list[float] = []
    beside: list[float] = []
    with serving() as app, sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            sys.exit("No Chromium or Chrome is installed: 'make test' installs one.")
        page = opened(browser, app)
        _clicked(page, WARM_UP)
        with _training(app, 0):
            _clicked(page, WARM_UP)
        for seed in range(1, ROUNDS + 1):
            time.sleep(TIMEOUT + 1)  # the last training then counts as unwatched
            alone += _clicked(page, CLICKS)
            with _training(app, seed):
                beside += _clicked(page, CLICKS)
        browser.close()
    without, during = (statistics.median(times) for times in (alone, beside))
    print(f"{'no training':<20}{without:6.0f} ms   nine in ten under {_ninth(alone):.0f} ms")
    print(f"{'one training':<20}{during:6.0f} ms   nine in ten under {_ninth(beside):.0f} ms")
    print(f"{'ratio':<20}{during / without:6.2f}      goal {GOAL}")


@contextmanager
def _training(app: str, seed: int) -> Iterator[None]:
    """Run and watch the longest training during the block."""
    link = {"train_view": "live", "live": "yes", "live_steps": "600", "live_batch": "64", "live_seed": str(seed)}
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            html_of(app, "training", link)
            over.wait(_LOOK)

    looking = threading.Thread(target=look)
    looking.start()
    time.sleep(_LOOK)  # time for reading MNIST and the first steps
    try:
        yield
    finally:
        over.set()
        looking.join()


def _clicked(page: Page, count: int) -> list[float]:
    """Return the milliseconds of each of some clicks on digits."""
    return [
        float(page.evaluate(TIMED_CLICK, [digit_button(page, number), ".digit img"])) for number in range(1, count + 1)
    ]


def _ninth(times: list[float]) -> float:
    return sorted(times)[len(times) * 9 // 10]


if __name__ == "__main__":
    main()
