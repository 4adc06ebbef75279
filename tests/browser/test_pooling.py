"""The page of the max pool in a real browser: clicks on the maps."""

import re

from playwright.sync_api import expect

from model.images import digits
from model.networks.assignment import weights
from model.pooling import max_pool
from model.trace import record
from tests.browser.conftest import Visit
from tests.serving import settle


def test_a_click_chooses_a_window_and_a_number_is_traced_to_the_digit(visit: Visit) -> None:
    page = visit("pooling?digit=project-3a&channel=3&unit=5.5")
    picture = page.locator(".workings .map").last
    box = picture.bounding_box()
    assert box
    width = page.locator(".workings .map img").first.evaluate("(each) => each.decode().then(() => each.naturalWidth)")
    assert width == 22 * 20
    picture.click(position={"x": box["width"] * 6.5 / 11, "y": box["height"] * 4.5 / 11})
    expect(page.locator(".workings")).to_have_attribute("data-unit", "MaxPool2d-10.3.4.6")
    settle(page)
    done = max_pool.pooled(record(weights.load(), digits.to_input(digits.find("project-3a"))), "MaxPool2d-10")
    y, x = done.winners[3, 4, 6].tolist()
    expect(page.get_by_text(f"rows {y} to {y + 6}, columns {x} to {x + 6}.")).to_be_visible()
    other = next((8 + down, 12 + across) for down in (0, 1) for across in (0, 1) if (8 + down, 12 + across) != (y, x))
    page.locator(f'.cells [data-unit="3.{other[0]}.{other[1]}"]').click()
    traced = f"rows {other[0]} to {other[0] + 6}, columns {other[1]} to {other[1] + 6}."
    expect(page.get_by_text(traced)).to_be_visible()
    expect(page).to_have_url(re.compile(f"pool_trace={other[0] - 8}.{other[1] - 12}"))
