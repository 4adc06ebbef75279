"""Two clicks in quick succession, with a real mouse: a sample in the sidebar and a link to a page. Both count."""

import random
import re
from itertools import cycle, islice, product

import pytest
from playwright.sync_api import Locator, Page

from model.images import digits
from tests.browser.conftest import Visit
from tests.browser.people import expect_chosen, sample
from tests.sampling import few
from tests.serving import settle

# Of each page: its path, its title in the sidebar, and how its heading begins.
PAGES = [
    ("feature_maps", "Feature maps", "Feature maps"),
    ("layer_by_layer", "Layer by layer", "Conv2d-1"),
    ("receptive_field", "Receptive field", "Receptive field"),
    ("parameters", "Parameters", ""),
    ("dropout", "Dropout", "Dropout"),
    ("batch_norm", "Batch norm", "Batch norm"),
    ("pooling", "Pooling", "Pooling"),
    ("head", "The head", "The head"),
    ("saliency", "Saliency", "Saliency"),
    ("lie_detector", "Sanity checks", "Sanity checks"),
    ("mistakes", "Mistakes", "Mistakes"),
    ("training", "Training", "Training"),
    ("overview", "Overview", "One digit"),
]
GAPS = (0, 10, 40, 120)  # milliseconds
PAIRS = list(product(GAPS, ("sample first", "link first")))
LARGE = {"width": 1280, "height": 1600}  # all samples and links are in view
SAMPLES = [each.key.removeprefix("project-") for each in digits.samples() if each.label is not None]


def middle(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def press(page: Page, at: tuple[float, float]) -> None:
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.up()


def press_both(page: Page, first: Locator, second: Locator, gap: int) -> None:
    places = middle(first), middle(second)
    press(page, places[0])
    if gap:
        page.wait_for_timeout(gap)
    press(page, places[1])


def page_link(page: Page, title: str) -> Locator:
    return page.get_by_role("navigation", name="Pages").get_by_role("link", name=title, exact=True)


def expect_both(page: Page, path: str, heading: str, key: str) -> None:
    """Expect a page and a digit, in the address and in what is shown. It waits as briefly as it can."""
    address = re.compile(rf"://[^/]+/{path}\?([^#]*&)?digit=project-{key}(&|$)")
    page.wait_for_url(address, wait_until="commit")
    page.get_by_role("heading", level=1, name=re.compile(f"^{heading}")).wait_for()
    page.get_by_role("button", name=re.compile(f"^{key}: "), pressed=True).wait_for()
    assert page.get_by_test_id("stException").count() == 0
    assert address.search(page.url)


def test_both_clicks_count_on_every_page_in_one_tab(visit: Visit) -> None:
    page = visit("overview", viewport=LARGE)
    keys, pairs = cycle(SAMPLES[::7]), cycle(PAIRS)
    for path, title, heading in PAGES * 3:
        key, (gap, order) = next(keys), next(pairs)
        both = sample(page, key), page_link(page, title)
        press_both(page, *(both if order == "sample first" else both[::-1]), gap)
        expect_both(page, path, heading, key)


def test_a_sample_on_start_counts_though_its_picker_stays_behind(visit: Visit) -> None:
    page = visit(viewport=LARGE)
    press_both(page, sample(page, "8c"), page_link(page, "Pooling"), 0)
    settle(page)
    sample(page, "8c")  # the sidebar's picker
    expect_both(page, "pooling", "Pooling", "8c")


@pytest.mark.exhaustive
def test_forty_pairs_each_at_rest(visit: Visit) -> None:
    chance = random.Random(0)  # noqa: S311 (no secret)
    page, key, place = visit("overview", viewport=LARGE), "", PAGES[-1]
    for gap, order in islice(cycle(PAIRS), 40):
        key = chance.choice([each for each in SAMPLES if each != key])
        place = chance.choice([each for each in PAGES if each != place])
        path, title, heading = place
        both = sample(page, key), page_link(page, title)
        press_both(page, *(both if order == "sample first" else both[::-1]), gap)
        settle(page)
        expect_both(page, path, heading, key)


def test_a_map_that_is_clicked_at_once_after_next_is_of_the_next_row(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-1", viewport=LARGE)
    maps = page.get_by_role("group", name="The maps of ").get_by_role("button")
    steps = cycle([("Next", "ReLU-1"), ("Previous", "Conv2d-1")])
    for channel, gap in enumerate((0, 20, 40, 60, 80, 120)):
        button, row = next(steps)
        press_both(page, page.get_by_role("button", name=button), maps.nth(channel), gap)
        expect_chosen(page, row=row, channel=str(channel))
        settle(page)
        expect_chosen(page, row=row, channel=str(channel))


# Streamlit's browser part sends from a timer: clicks before it runs, as in a busy browser, are one message.
SENT = "() => new Promise((sent) => setTimeout(sent))"
AT_ONCE = f"async (button) => {{ for (let n = 0; n < 3; n++) {{ button.click(); await ({SENT})(); }} }}"


def test_each_of_some_quick_clicks_on_next_counts(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-1", viewport=LARGE)
    button = page.get_by_role("button", name="Next")
    button.evaluate(AT_ONCE)
    expect_chosen(page, row="Dropout-3")
    settle(page)
    expect_chosen(page, row="Dropout-3")
    for _ in range(4):
        press(page, middle(button))
        page.evaluate(SENT)
        page.wait_for_timeout(30)
    expect_chosen(page, row="Dropout-6")
    settle(page)
    expect_chosen(page, row="Dropout-6")


@pytest.mark.parametrize("link_first", few([True, False], 1, ["link first", "link second"]))
def test_a_click_on_what_the_page_change_removes_harms_nothing(visit: Visit, link_first: bool) -> None:
    page = visit("layer_by_layer?row=Conv2d-7&digit=project-1a&ask=yes", viewport=LARGE)
    start = page.url
    for place in (
        page.get_by_role("link", name="Row 12: "),
        page.get_by_test_id("stForm").get_by_role("button", name="Answer"),
    ):
        sample(page, "1a")
        both = page_link(page, "Pooling"), place
        press_both(page, *(both if link_first else both[::-1]), 0)
        settle(page)
        expect_both(page, "pooling", "Pooling", "1a")
        page.goto(start)
        settle(page)
