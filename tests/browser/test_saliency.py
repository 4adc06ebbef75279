"""Attributions in a real browser: read with a mouse and with keys, opened from one another, and still as they come."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from model.images import digits
from model.networks.assignment import weights
from model.saliency import METHODS, attribute
from model.saliency.records import Attribution
from tests.browser.conftest import OVERFLOWING, PHONE, Visit
from tests.browser.controls import PAGE
from tests.browser.inspection import cut_off
from tests.browser.people import expect_chosen, let_through
from tests.browser.test_feature_maps import expect_read, picture, point
from tests.held import Gate
from tests.sampling import few
from tests.serving import settle

DIGIT = "project-4or9"
METHOD = "input_x_gradient"
STAGE = f"saliency?digit={DIGIT}&method={METHOD}&target=4"
# Notes the tiles after each change of the page: how many there are, how many are filled, and where each one is.
WATCH = """() => {
  window.notes = [];
  const note = () => {
    const list = document.querySelector(".attributions");
    if (!list) return;
    const top = list.getBoundingClientRect().top;
    const places = [...list.querySelectorAll("img, i")].map((each) => {
      const box = each.getBoundingClientRect();
      return [box.left, box.top - top, box.width, box.height].map(Math.round).join(" ");
    });
    const filled = list.querySelectorAll("img").length;
    notes.push({ filled, places, top: Math.round(top + document.querySelector("[data-testid=stMain]").scrollTop) });
  };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true });
}"""


@pytest.fixture(scope="module")
def found() -> Attribution:
    return attribute(weights.load(), digits.to_input(digits.find(DIGIT)), 4, METHOD)


def stage(page: Page) -> Locator:
    return picture(page, "Contribution of each pixel to the ")


def expect_value(page: Page, found: Attribution, y: int, x: int) -> None:
    expect_read(stage(page), f"y {y}, x {x}: {found.values[y, x]:z.4f}")


def test_a_pixel_tells_its_value_by_pointer_and_by_keys_and_all_come_as_a_file(
    visit: Visit, found: Attribution, tmp_path: Path
) -> None:
    page = visit(STAGE)
    order = found.values.argsort(axis=None)
    for place in (order[0], order[-1], order[5], order[-7]):
        y, x = divmod(int(place), 28)
        point(stage(page), (y + 0.5) / 28, (x + 0.5) / 28)
        expect_value(page, found, y, x)
    page.mouse.move(0, 0)
    expect(stage(page).locator("xpath=following-sibling::div")).to_be_hidden()
    y, x = divmod(int(np.abs(found.values).argmax()), 28)
    stage(page).focus()
    for key in ["ArrowDown"] * y + ["ArrowRight"] * x:
        page.keyboard.press(key)
    expect_value(page, found, y, x)
    for key, down, across in (("ArrowUp", -1, 0), ("ArrowLeft", 0, -1), ("ArrowDown", 1, 0)):
        page.keyboard.press(key)
        y, x = y + down, x + across
        if abs(found.values[y, x]) > 1e-4:
            expect_value(page, found, y, x)
    settle(page)
    expect_chosen(page, digit=DIGIT, method=METHOD)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this map as CSV").click()
    assert download.value.suggested_filename == f"{METHOD}-{DIGIT}.csv"
    download.value.save_as(tmp_path / "map.csv")
    with (tmp_path / "map.csv").open() as file:
        values = [float(line["attribution"]) for line in csv.DictReader(file)]
    np.testing.assert_allclose(values, found.values.ravel(), rtol=1e-4, atol=1e-6)


def test_another_look_keeps_the_pixel_that_is_read(visit: Visit, found: Attribution) -> None:
    page = visit(f"{STAGE}&signs=absolute&clip=yes&opacity=30")
    y, x = divmod(int(found.values.argmin()), 28)
    point(stage(page), (y + 0.5) / 28, (x + 0.5) / 28)
    expect_read(stage(page), f"y {y}, x {x}: {-found.values[y, x]:.4f}")
    opacities = stage(page).locator("image").evaluate_all("all => all.map((each) => each.getAttribute('opacity'))")
    assert opacities == [None, "0.3", None], "the digit beneath and its outline stay as they are"


def test_a_tile_opens_its_method_without_loading_the_page_anew(visit: Visit) -> None:
    page = visit(f"saliency?digit={DIGIT}&map_view=all")
    page.evaluate("window.still = true")
    name, method = list(METHODS.items())[8]
    tile = page.get_by_role("link", name=method.title, exact=True)
    tile.focus()
    page.keyboard.press("Enter")
    expect(stage(page)).to_be_visible()
    settle(page)
    expect_chosen(page, digit=DIGIT, method=name)
    assert "map_view" not in page.url
    expect(page.get_by_role("combobox", name="Method")).to_have_value(method.title)
    assert page.evaluate("window.still")
    page.go_back()
    expect(page.locator(".attributions img")).to_have_count(len(METHODS))


def drawing(slant: float) -> str:
    """Return the key of a drawing, so that nothing of it is kept yet."""
    return digits.from_strokes([[(0.3, 0.2), (0.3 + slant, 0.5), (0.7, 0.5)], [(0.62, 0.2), (0.6 - slant, 0.85)]]).key


@pytest.mark.parametrize(("view", "places"), [("All methods", len(METHODS)), ("Through the network", 15)])
def test_maps_appear_as_they_come_and_nothing_moves(visit_held: Visit, gate: Gate, view: str, places: int) -> None:
    page = visit_held(f"saliency?digit={drawing(places / 100)}")
    page.evaluate(WATCH)
    gate.close()
    page.get_by_role("radio", name=view).click()
    maps = page.locator(".attributions img")
    let_through(gate, maps, 4)
    gate.open()
    expect(maps).to_have_count(places)
    settle(page)
    notes = page.evaluate("notes")
    filled = [note["filled"] for note in notes]
    assert 0 < filled[0] < places, "the first are there before the last"
    assert filled == sorted(filled)
    assert filled[-1] == places
    assert {len(note["places"]) for note in notes} == {places}
    assert len({tuple(note["places"]) for note in notes}) == 1
    assert len({note["top"] for note in notes}) == 1


@pytest.mark.parametrize("view", few(["all", "through"], 1))
def test_a_tile_that_is_drawn_anew_while_it_is_pressed_is_opened(visit_held: Visit, gate: Gate, view: str) -> None:
    slant = {"all": 0.21, "through": 0.22}[view]
    page = visit_held(f"pooling?digit={drawing(slant)}")
    gate.close()
    page.goto(page.url.replace("pooling", "saliency") + f"&map_view={view}")
    maps = page.locator(".attributions img")
    let_through(gate, maps, 2)
    tile = page.locator(".attributions a").nth(1)
    address = str(tile.get_attribute("href")).partition("?")[2]
    tile.hover()
    page.mouse.down()
    let_through(gate, maps, maps.count() + 1)
    page.mouse.up()
    gate.open()
    expect(page).to_have_url(re.compile(re.escape(address) + "$"))
    expect(maps).to_have_count(0)
    settle(page)


@pytest.mark.exhaustive  # tests/browser/test_every_view.py looks at three views
@pytest.mark.parametrize(
    "path",
    [
        "saliency?method=gradient_shap&explain=difference&baseline=noise",
        "saliency?method=guided_grad_cam&signs=absolute&clip=yes",
        "saliency?map_view=all&explain=log_probability&map_scale=all",
        "saliency?map_view=through&method=occlusion",
    ],
    ids=["draws", "looks at maps", "all", "through"],
)
def test_nothing_is_cut_off_on_a_phone(visit: Visit, path: str) -> None:
    page = visit(path, viewport=PHONE)
    assert page.evaluate(OVERFLOWING) == []
    assert cut_off(page, PAGE) == []
