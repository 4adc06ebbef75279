"""The mistakes in a real browser: a cell shows its images, an image opens elsewhere, and a phone shows all."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OVERFLOWING, PHONE, Visit
from tests.browser.people import expect_chosen, expect_heading
from tests.scoring import in_cell, truth, worst, wrong
from tests.serving import settle

BARS = "(chart) => chart.calcdata[0].map(({ p, s }) => [p, s])"  # the place and the height of each bar


def test_a_cell_shows_its_images_without_loading_the_page_anew(visit: Visit) -> None:
    page = visit("mistakes")
    page.evaluate("window.still = true")
    index = wrong()[-1]
    pair = truth()[2][index], truth()[1][index]
    for label, read in (pair, (7, 7)):
        link = page.get_by_role("link", name=f"labelled {label}, classified as {read}: ")
        link.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=f"Labelled {label}, classified as {read}: ")).to_be_visible()
        settle(page)
        expect_chosen(page, cell=f"{label}.{read}")
        expect(page.locator(".image-cards li")).to_have_count(min(len(in_cell(label, read)), 24))
        expect(page.locator(".confusion .selected a")).to_have_attribute("aria-current", "true")
    assert page.evaluate("window.still")
    page.go_back()
    expect(page.get_by_role("heading", name="Labelled {}, classified as {}: ".format(*pair))).to_be_visible()


def test_the_list_is_walked_through_with_the_keys_and_survives_a_reload(visit: Visit) -> None:
    page = visit("mistakes?mistakes_view=all")
    first, second, third = wrong()[:3]
    heading = page.locator(".large-image h3")
    expect(heading).to_contain_text(f"Image {first:,}: ")
    for index in (second, third):
        page.keyboard.press("ArrowRight")
        expect(heading).to_contain_text(f"Image {index:,}: ")
        settle(page)
    page.keyboard.press("ArrowLeft")
    expect(heading).to_contain_text(f"Image {second:,}: ")
    settle(page)
    expect_chosen(page, image=str(second))
    page.reload()
    settle(page)
    expect(heading).to_contain_text(f"Image {second:,}: ")
    expect(page.locator(".image-cards .selected a")).to_have_attribute("aria-current", "true")


def test_a_mistake_opens_on_another_page_with_its_two_classes(visit: Visit, mnist_root: Path) -> None:
    assert mnist_root.is_dir()
    page = visit("mistakes?mistakes_view=all")
    index = wrong()[0]
    read, label = truth()[1][index], truth()[2][index]
    page.get_by_role("link", name=f"Saliency: {read} rather than {label}").click()
    expect_heading(page, "Saliency")
    expect_chosen(page, digit=f"test-{index}", explain="difference", target=str(read), against=str(label))
    page.go_back()
    expect_heading(page, "Mistakes")
    expect(page.locator(".large-image h3")).to_contain_text(f"Image {index:,}: ")


def test_the_temperature_moves_the_bars_and_nothing_else(visit: Visit) -> None:
    page = visit("mistakes?mistakes_view=calibration")
    diagram = page.locator(".st-key-reliability .js-plotly-plot")
    place, bars = diagram.bounding_box(), diagram.evaluate(BARS)
    slider = page.get_by_role("slider", name="Temperature T")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "2.50")
    expect(page.get_by_text("With T = 2.50 the network")).to_be_visible()
    settle(page)
    assert diagram.bounding_box() == place
    assert diagram.evaluate(BARS) != bars
    page.get_by_role("button", name="as fitted").click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("fitted$"))
    expect_chosen(page, mistakes_t="fitted")
    settle(page)
    page.get_by_role("button", name="T = 1, no scaling").click()
    expect_chosen(page, mistakes_t="1.00")
    settle(page)
    assert diagram.evaluate(BARS) == bars


def test_without_mnist_the_matrix_is_there_and_the_pictures_can_be_downloaded(
    visit: Visit, app_without_mnist: str
) -> None:
    page = visit("mistakes", at=app_without_mnist)
    label, read = worst()
    cell = page.get_by_role("link", name=f"labelled {label}, classified as {read}: ")
    expect(cell).to_have_text(str(len(in_cell(label, read))))
    expect(page.locator(".large-image .absent")).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_role("button", name="Download MNIST")).to_be_enabled()
    assert page.evaluate(OVERFLOWING) == []


@pytest.mark.exhaustive  # tests/browser/test_every_view.py looks at three views
@pytest.mark.parametrize("view", ["matrix&cell=5.5", "all&mistakes_of=disputed"])
def test_nothing_is_cut_off_on_a_phone(visit: Visit, view: str) -> None:
    page = visit(f"mistakes?mistakes_view={view}", viewport=PHONE)
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE["width"]
