"""The small training in a real browser: it grows to its end without moving, comes back, and is left by keys alone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.controls import MAIN
from tests.browser.inspection import on_a_phone, too_wide
from tests.browser.people import expect_chosen
from tests.serving import settle

LINK = "training?train_view=live&live_steps=100&live_batch=16&live_rate=0.03"
LONG = LINK.replace("100", "300")  # seconds even on a fast computer
PATIENCE = 120_000  # ms, where others use the machine too
# Writes down how many losses the first chart has whenever that changes, and where it stands.
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const chart = document.querySelector(".st-key-live-loss .js-plotly-plot");
    const losses = chart?.calcdata?.[2]?.length;
    if (!losses || losses === window.seen.at(-1)?.losses) return;
    window.seen.push({ losses, top: Math.round(chart.getBoundingClientRect().top) });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  look();
}"""
DRAWN = """() => [...document.querySelectorAll(".js-plotly-plot")].map(({ calcdata }) =>
  calcdata.map((trace) => trace.map(({ x, y }) => [x, y])))"""


def end(page: Page, steps: int = 100) -> None:
    """Wait for the end of a training."""
    expect(page.get_by_text(re.compile(f"All {steps} steps are done"))).to_be_visible(timeout=PATIENCE)
    settle(page)


def charts(page: Page) -> list[Any]:
    """Return the places and values of every chart, series by series."""
    found: list[Any] = page.evaluate(DRAWN)
    return found


@pytest.mark.usefixtures("mnist_root")
def test_it_grows_to_its_end_and_is_there_after_a_reload(visit: Visit) -> None:
    page = visit(LONG)
    page.evaluate(WATCH)
    page.get_by_role("button", name="Start").click()
    end(page, 300)
    expect_chosen(page, live="yes", train_view="live")
    seen = page.evaluate("window.seen")
    lengths = [each["losses"] for each in seen]
    assert len(seen) > 3, "it was drawn again and again"
    assert lengths == sorted(lengths), "each time with more in it"
    assert max(each["top"] for each in seen) - min(each["top"] for each in seen) <= 2, "in the same place"
    before = charts(page)
    page.reload()
    settle(page)
    end(page, 300)
    assert charts(page) == before
    assert len(before) == 2
    expect(page.get_by_role("button", name="Start")).to_be_disabled()
    on_a_phone(page, MAIN)
    assert too_wide(page, MAIN) == []


@pytest.mark.exhaustive
@pytest.mark.usefixtures("mnist_root")
@pytest.mark.parametrize("maps", ["Conv2d-1", "Conv2d-19"])
def test_nothing_is_cut_off_on_a_phone(visit: Visit, maps: str) -> None:
    page = visit(f"{LINK}&live=yes&live_seed=2&live_maps={maps}")
    end(page)
    on_a_phone(page, MAIN)
    assert too_wide(page, MAIN) == []


@pytest.mark.usefixtures("mnist_root")
def test_keys_alone_start_it_cancel_it_and_go_through_its_steps(visit: Visit) -> None:
    page = visit(f"{LINK}&live_seed=2")
    page.keyboard.press("s")
    end(page)
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    expect_chosen(page, live_step="0")
    expect(page.locator(".live-maps img").first).to_have_attribute("alt", re.compile("after step 0$"))
    page.keyboard.press("ArrowRight")
    expect_chosen(page, live_step="5")
    expect(page.get_by_text("After step 5 it predicts")).to_be_visible()
    page = visit("training?train_view=live&live_steps=600&live_batch=64&live_seed=77")
    page.keyboard.press("s")
    expect_chosen(page, live="yes")
    expect(page.get_by_role("button", name="Cancel")).to_be_enabled()
    page.keyboard.press("x")
    expect(page.get_by_text(re.compile("Cancelled at step"))).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_enabled()
    settle(page)
    assert "live=yes" not in page.url


def test_without_mnist_it_offers_the_download(app_without_mnist: str, visit: Visit) -> None:
    page = visit(f"{LINK}&live=yes", at=app_without_mnist)
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Download MNIST")).to_be_visible()
    expect(page.get_by_text("MNIST is not on this computer")).to_be_visible()
