"""The head in a real browser: nothing is cut off, and what lies over the digit lies where it should."""

import pytest

from tests.browser.conftest import Visit

PARTS = ("class", "two", "mix", "softmax")
OVERFLOWING = """() => [...document.querySelectorAll('[data-testid="stMain"] *')]
  .filter((each) => !each.closest(".sideways") && each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => `${each.tagName}.${each.className}`)"""
PLACES = """() => {
  const [digit, units, outline] = [...document.querySelectorAll(".class-map .over img")].map((each) => {
    if (!each.complete || !each.naturalWidth) throw new Error("a picture is missing");
    return each.getBoundingClientRect();
  });
  const share = (box, side, size) => (box[side] - digit[side]) / digit[size];
  return [share(units, "left", "width"), share(units, "top", "height"), units.width / digit.width,
          share(outline, "left", "width"), outline.width / digit.width];
}"""


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_cut_off_on_a_phone(visit: Visit, part: str) -> None:
    page = visit(f"head?digit=project-4or9&part={part}&mute=3", viewport={"width": 390, "height": 844})
    assert page.evaluate(OVERFLOWING) == []


def test_the_class_map_lies_in_the_middle_of_the_digit(visit: Visit) -> None:
    page = visit("head?digit=project-4or9")
    assert page.evaluate(PLACES) == pytest.approx([0.25, 0.25, 0.5, 0, 1], abs=0.01)
