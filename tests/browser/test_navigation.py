"""Samples, links, rows and maps in a real browser, by mouse and by keys."""

import re

from playwright.sync_api import Locator, Page, expect

from model.images import digits
from tests.browser.conftest import Visit
from tests.browser.people import (
    expect_chosen,
    expect_heading,
    expect_read,
    sample,
    shown,
)
from tests.serving import settle

SAMPLES = digits.samples()


def test_a_sample_is_chosen_by_keys_alone(visit: Visit) -> None:
    page = visit(f"feature_maps?digit=project-{SAMPLES[0].key.removeprefix('project-')}&row=Conv2d-7")
    page.get_by_test_id("stSidebar").get_by_role("radio", name="Samples").focus()
    page.keyboard.press("Enter")
    expect(sample(page, "0a")).to_be_visible()
    for _ in range(10):
        page.keyboard.press("Tab")
        if focused(page).startswith("0a: "):
            break
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    expected = SAMPLES[1]
    assert focused(page).startswith(expected.key.removeprefix("project-"))
    page.keyboard.press("Enter")
    expect_chosen(page, digit=expected.key, row="Conv2d-7")  # the step stays: those arrows were not meant for it
    settle(page)
    expect_chosen(page, digit=expected.key, row="Conv2d-7")


def test_a_sample_is_chosen_by_a_click_and_the_arrow_keys_step_again(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-7")
    sample(page, "8c").click()
    expect_read(page, 8, re.compile("labelled 8"))
    expect_chosen(page, digit="project-8c")
    expect(sample(page, "8c")).to_have_attribute("aria-pressed", "true")
    settle(page)
    page.keyboard.press("ArrowRight")
    expect_chosen(page, row="ReLU-7")


def test_arrows_at_either_end_of_the_samples_go_nowhere(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-7")
    for place, key in ((0, "ArrowLeft"), (len(SAMPLES) - 1, "ArrowRight")):
        name = SAMPLES[place].key.removeprefix("project-")
        sample(page, name).focus()
        page.keyboard.press(key)
        assert focused(page).startswith(name)
        settle(page)
        expect_chosen(page, row="Conv2d-7")


def focused(page: Page) -> str:
    """Return the name of what has the keyboard, in shadow roots too."""
    return str(
        page.evaluate("""() => {
            let at = document.activeElement;
            while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
            return at?.getAttribute("aria-label") ?? "";
        }""")
    )


def step_choice(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Step", exact=True)


def test_back_and_forward_restore_digit_and_row(visit: Visit) -> None:
    page = visit("feature_maps?digit=project-1a&row=Conv2d-7")
    sample(page, "8a").click()
    expect_chosen(page, digit="project-8a")
    settle(page)
    page.get_by_role("button", name="Next").click()
    expect_chosen(page, digit="project-8a", row="ReLU-7")
    settle(page)
    for step, digit, row in ((-1, 8, "Conv2d-7"), (-1, 1, "Conv2d-7"), (1, 8, "Conv2d-7"), (1, 8, "ReLU-7")):
        page.go_back() if step < 0 else page.go_forward()
        expect_chosen(page, digit=f"project-{digit}a", row=row)
        expect_read(page, digit, re.compile(f"labelled {digit}"))
        expect(step_choice(page)).to_have_value(re.compile(f"^{row} "))


def row_link(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=re.compile(f"^{name}: "))


def test_a_row_of_the_overview_opens_on_feature_maps_in_a_new_tab_and_here(visit: Visit) -> None:
    page = visit("?digit=project-7a")
    with page.context.expect_page() as opened:
        row_link(page, "MaxPool2d-10").click(modifiers=["Control"])
    settle(opened.value)
    expect_heading(opened.value, "Feature maps")
    expect_chosen(opened.value, digit="project-7a", row="MaxPool2d-10")
    assert shown(opened.value) == shown(page)
    expect_heading(page, "One digit through 23 rows")
    row_link(page, "Conv2d-16").click()
    expect_heading(page, "Feature maps")
    expect_chosen(page, digit="project-7a", row="Conv2d-16", channel=r"\d+")  # the map in front of the deck
    expect(step_choice(page)).to_have_value(re.compile("^Conv2d-16 "))
    page.go_back()
    expect_heading(page, "One digit through 23 rows")
    expect_read(page, 7, re.compile("labelled 7"))


def maps(page: Page) -> Locator:
    return page.get_by_role("group", name="The maps of ").get_by_role("button")


def test_a_click_on_a_map_selects_it_and_a_second_keeps_it(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-7")
    expect(maps(page)).to_have_count(16)
    for position in (5, 5, 12, 12, 5):
        maps(page).nth(position).click()
        expect_chosen(page, row="Conv2d-7", channel=str(position))
        expect(page.get_by_role("combobox", name="Map", exact=True)).to_have_value(f"Map {position}")
        expect(maps(page).nth(position)).to_have_attribute("aria-pressed", "true")
        settle(page)
        expect_chosen(page, channel=str(position))
    maps(page).nth(5).dblclick()
    settle(page)
    expect_chosen(page, channel="5")
    page.keyboard.press("ArrowRight")  # after a click the page's own keys work
    expect_chosen(page, row="ReLU-7", channel="5")


def test_a_map_is_chosen_by_keys_alone_and_another_step_by_other_keys(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-7&channel=5")
    for key, row in (("ArrowRight", "ReLU-7"), ("ArrowLeft", "Conv2d-7")):
        page.keyboard.press(key)
        expect_chosen(page, row=row, channel="5")  # the same map on the way through its block
        settle(page)
        expect(step_choice(page)).to_have_value(re.compile(f"^{row} "))
    maps(page).nth(5).focus()
    for key, position in (("ArrowRight", 6), ("ArrowDown", 10), ("ArrowLeft", 9), ("ArrowUp", 5), ("ArrowDown", 9)):
        page.keyboard.press(key)
        assert focused(page).startswith(f"Map {position}: ")
    page.keyboard.press("Enter")
    expect_chosen(page, row="Conv2d-7", channel="9")  # the step stays: those arrows were not meant for it


def test_a_step_without_a_map_of_that_number_starts_at_its_first(visit: Visit) -> None:
    page = visit("feature_maps?row=Dropout-12&channel=12")
    page.get_by_role("button", name="Next").click()
    expect_chosen(page, row="Conv2d-13", channel="0")
    settle(page)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
