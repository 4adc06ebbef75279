"""The page on the head in a real browser: class maps are at the right place, and links do not load the page."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.serving import settle

PLACES = """() => {
  const [digit, units, outline] = [...document.querySelectorAll(".class-map .over img")].map((each) => {
    if (!each.complete || !each.naturalWidth) throw new Error("a picture is missing");
    return each.getBoundingClientRect();
  });
  const share = (box, side, size) => (box[side] - digit[side]) / digit[size];
  return [share(units, "left", "width"), share(units, "top", "height"), units.width / digit.width,
          share(outline, "left", "width"), outline.width / digit.width];
}"""


def test_the_class_map_lies_in_the_middle_of_the_digit_and_a_class_and_a_map_are_chosen_in_place(visit: Visit) -> None:
    page = visit("head?digit=project-4or9")
    assert page.evaluate(PLACES) == pytest.approx([0.25, 0.25, 0.5, 0, 1], abs=0.01)
    page.evaluate("window.still = true")
    page.locator(".all-classes a").nth(4).click()
    expect(page.locator(".all-classes .selected b")).to_have_text("4")
    settle(page)
    assert "target=4" in page.url
    page.get_by_role("radio", name="32 maps to one logit").click()
    chosen = page.locator(".contributions tbody tr").nth(2).locator("a")
    number = chosen.inner_text()
    chosen.click()
    expect(page.locator(".contributions .selected a")).to_have_text(number)
    settle(page)
    assert f"pooled={number}" in page.url
    assert page.evaluate("window.still")
