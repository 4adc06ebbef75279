"""The walkthrough in a real browser: by keyboard, by link, by following numbers, and playing."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from model import layers
from model.images import digits
from model.networks.assignment import weights
from model.records import IMAGE
from model.trace import record
from model.trace.records import Trace
from tests.browser.conftest import Visit
from tests.browser.people import sent_from_now_on
from tests.serving import settle

# Of each cell of a patch: its unit, its value, and what it is multiplied by.
CELLS = """all => all.map((each) => [
  each.dataset.unit, each.dataset.value, each.querySelector("span")?.innerText ?? ""])"""


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(weights.load(), digits.to_input(digits.find("project-3a")))


def factor(weight: float) -> str:
    """Write what a value is multiplied by, whole where it only says whether the value is kept."""
    return f"{weight:.0f}" if weight in {0, 1} else said(weight)


def expect_step(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(rf"^{re.escape(name)}: "))
    settle(page)


def assert_keys_lead_on(page: Page, names: list[str]) -> None:
    """Press the right arrow from one row to the next; all of them must come, in order."""
    expect_step(page, names[0])
    for name in names[1:]:
        page.keyboard.press("ArrowRight")
        expect_step(page, name)


def test_the_arrow_keys_go_from_the_first_row_on_and_end_at_the_last(visit: Visit, trace: Trace) -> None:
    page = visit("layer_by_layer?digit=project-3a")
    names = [row.name for row in trace.rows]
    assert_keys_lead_on(page, names[:3])
    page.goto(f"{page.url.partition('?')[0]}?digit=project-3a&row={names[-2]}")
    settle(page)
    assert_keys_lead_on(page, names[-2:])
    page.keyboard.press("ArrowRight")
    expect_step(page, names[-1])
    page.keyboard.press("ArrowLeft")
    expect_step(page, names[-2])


@pytest.mark.exhaustive
def test_the_arrow_keys_go_through_all_rows(visit: Visit, trace: Trace) -> None:
    assert_keys_lead_on(visit("layer_by_layer?digit=project-3a"), [row.name for row in trace.rows])


def test_in_the_projector_view_the_keys_move(visit: Visit) -> None:
    page = visit("layer_by_layer?digit=project-3a&row=Conv2d-4")
    page.keyboard.press("p")
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    settle(page)  # the buttons move to another place, and take no key meanwhile
    page.keyboard.press("ArrowRight")
    expect_step(page, "BatchNorm2d-5")
    page.keyboard.press("p")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


@pytest.mark.parametrize("sample", [slice(0, None, 22), pytest.param(slice(None), marks=pytest.mark.exhaustive)])
def test_each_row_has_a_link_that_opens_it(visit: Visit, trace: Trace, sample: slice) -> None:
    page = visit("layer_by_layer?digit=project-3a")
    strip = page.get_by_role("group", name="The rows").get_by_role("link")
    expect(strip).to_have_count(len(trace.rows))
    addresses = [str(link.get_attribute("href")) for link in strip.all()]
    for address, row in list(zip(addresses, trace.rows, strict=True))[sample]:
        page.goto(page.url.split("layer_by_layer", maxsplit=1)[0] + address)
        settle(page)
        expect_step(page, row.name)
        expect(page.locator(".steps a[aria-current]")).to_have_text(str(row.number))


def test_the_logit_can_be_followed_back_to_a_pixel_by_clicks_alone(visit: Visit, trace: Trace) -> None:
    page = visit("layer_by_layer?digit=project-3a")
    page.get_by_role("button", name="Last row").click()
    expect_step(page, "Conv2d-23")
    name, unit = "Conv2d-23", (trace.prediction, 0, 0)
    for _ in trace.steps:
        expect(page.locator(".workings")).to_have_attribute("data-unit", ".".join([name, *map(str, unit)]))
        recorded = f"{trace[name].maps[unit]:z.4f}".replace("-", "−")
        expect(page.locator(".verdict")).to_have_text(f"Recorded by the network: {recorded}")
        expect(page.locator(".workings .sum")).to_have_text(re.compile(rf"= {re.escape(recorded)}$"))
        name = trace.source(name)
        terms = page.locator(".cells button:visible, .list button:visible")
        shown = {tuple(map(int, where.split("."))): value for where, value, _ in terms.evaluate_all(CELLS)}
        for where, value in shown.items():
            assert value == f"{trace.maps_of(name)[where]:z.3f}".replace("-", "−")
        unit = max(shown, key=lambda where: float(trace.maps_of(name)[where]))  # type: ignore[assignment]
        terms.nth(list(shown).index(unit)).click()
        settle(page)
        if name == IMAGE:
            break
    expect(page.get_by_role("heading", level=1)).to_have_text("Pixels of the image")
    y, x = unit[1:]
    ink = digits.find("project-3a").pixels[y, x]
    expect(page.get_by_text(f"Ink {ink} of 255")).to_be_visible()
    way = page.get_by_role("group", name="Trail to this unit").get_by_role("link")
    expect(way.first).to_contain_text("Conv2d-23")
    way.first.click()
    expect_step(page, "Conv2d-23")


def test_playing_the_convolution_causes_no_rerun(visit: Visit) -> None:
    page = visit("layer_by_layer?row=Conv2d-4&channel=2")
    sent = sent_from_now_on(page)
    asked = len(sent)
    before = page.locator(".frame").last.bounding_box()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".workings .sum")).to_have_text(
        re.compile(r"^y [1-9][0-9]*, x [0-9]+:")
    )  # from the first ink on
    page.get_by_role("button", name="Pause").click()
    assert page.locator(".frame").last.bounding_box() != before
    page.get_by_role("button", name="Step").click()
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".workings .sum")).to_contain_text("=")
    assert len(sent) == asked
    page.get_by_role("button", name="Next row").click()
    expect_step(page, "BatchNorm2d-5")
    assert len(sent) > asked  # a rerun would have been seen


def test_each_part_of_the_sum_shows_its_window_and_the_position_can_be_dragged(visit: Visit, trace: Trace) -> None:
    page = visit("layer_by_layer?digit=project-3a&row=Conv2d-7&channel=3")
    parts, heading = page.locator(".workings .sum button"), page.locator(".terms > .group .heading")
    expect(parts).to_have_count(len(trace["Conv2d-7"].input))
    parts.nth(2).hover()
    expect(parts.nth(2)).to_have_class("lit")
    expect(heading).to_have_text(f"Input map 2: {parts.nth(2).inner_text().strip('()')}")
    expect(page.locator(".inputs figcaption")).to_have_text("Dropout-6, map 2")
    parts.first.focus()
    page.keyboard.press("ArrowRight")
    expect(parts.nth(1)).to_be_focused()
    expect(page.locator(".inputs figcaption")).to_have_text("Dropout-6, map 1")
    page.get_by_role("slider", name="Position of the window").fill("30")
    expect(page.locator(".workings .sum")).to_have_text(re.compile(r"^y 1, x 8: "))  # 22 in a line
    page.get_by_role("button", name="Show all").click()
    expect(parts).to_have_count(len(trace["Conv2d-7"].input))


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("Conv2d-4", 2),
        *(pytest.param(*each, marks=pytest.mark.exhaustive) for each in (("Conv2d-13", 5), ("MaxPool2d-10", 3))),
    ],
)
def test_each_place_that_is_played_is_worked_out(visit: Visit, trace: Trace, name: str, channel: int) -> None:
    page = visit(f"layer_by_layer?digit=project-3a&row={name}&channel={channel}")
    width = trace[name].maps.shape[2]
    for place in range(width + 2):  # beyond the end of the first line
        page.get_by_role("button", name="Step", exact=True).click()
        if 2 <= place < width - 1:
            continue  # the middle of a line is as its beginning
        y, x = divmod(place, width)
        explained = layers.explain(trace, name, (channel, y, x))
        expect(page.locator(".workings .sum")).to_have_text(
            re.compile(rf"^y {y}, x {x}: .*{said(explained.recorded)}$")
        )
        expect(page.locator(".verdict")).to_have_text(f"Recorded by the network: {said(explained.recorded)}")
        cells = page.locator(".cells button:visible").evaluate_all(CELLS)
        (map_in,) = {int(where.split(".")[0]) for where, _, _ in cells}
        terms = [term for term in explained.terms if term.unit[0] == map_in]
        assert [tuple(cell) for cell in cells] == [
            (".".join(map(str, term.unit)), said(term.value), f"× {factor(term.weight or 0)}") for term in terms
        ]
        if name != "MaxPool2d-10":
            part = explained.channels[map_in]
            shown = page.locator(".heading:visible").inner_text().partition(": ")[2]
            assert float(shown.replace("−", "-")) == pytest.approx(part, abs=0.0011)


def said(value: float) -> str:
    return f"{value:z.3f}".replace("-", "−")


def test_a_click_on_the_output_map_works_out_another_unit(visit: Visit, trace: Trace) -> None:
    page = visit("layer_by_layer?digit=project-3a&row=MaxPool2d-10&channel=3&unit=5.5")
    picture = page.locator(".workings .map").last
    box = picture.bounding_box()
    assert box
    picture.click(position={"x": box["width"] * 2.5 / 11, "y": box["height"] * 7.5 / 11})
    expect(page.locator(".workings")).to_have_attribute("data-unit", "MaxPool2d-10.3.7.2")
    recorded = f"{trace['MaxPool2d-10'].output[3, 7, 2]:z.4f}".replace("-", "−")
    expect(page.locator(".verdict")).to_contain_text(recorded)


def test_asked_first_a_row_is_answered_by_keyboard_and_the_score_is_kept(visit: Visit, trace: Trace) -> None:
    page = visit("layer_by_layer?digit=project-3a&row=Conv2d-4&channel=2&unit=5.7")
    page.get_by_text("Ask first").click()
    terms = layers.explain(trace, "Conv2d-4", (2, 5, 7)).terms
    changed = trace["Conv2d-4"].maps[2, 5, 7] - max((term.product for term in terms), key=abs)
    asked = "Unit y 5, x 7 of map 2, if its input"
    answers = {"Output shape": "16x24x24", "Parameters": "1152", "Receptive field": "5", asked: f"{changed:.3f}"}
    for label, answer in answers.items():
        field = page.get_by_role("textbox", name=label)
        field.press_sequentially(answer)
        field.press("ArrowLeft")  # moves in the text, not to the row before
    page.get_by_role("textbox").last.press("Enter")
    settle(page)
    for label in answers:
        expect(page.get_by_role("textbox", name=label)).to_have_count(0)
    expect_step(page, "Conv2d-4")
    expect(page.get_by_role("region", name="Parameters: incorrect")).to_contain_text(
        "That leaves out the biases: 16 more."
    )
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.reload()
    settle(page)
    expect(page.get_by_text("3 of 4 answers correct; 92 questions on 23 rows.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the score as CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 4 * len(trace.rows)
    assert 'Conv2d-4,Parameters,1152,"1,168",no,That leaves out the biases: 16 more.' in lines


def test_the_rows_are_one_tab_stop_and_arrows_lead_along_them(visit: Visit, trace: Trace) -> None:
    names = [row.name for row in trace.rows]
    page = visit(f"layer_by_layer?row={names[6]}")
    rows = page.get_by_role("group", name="The rows").get_by_role("link")
    expect(rows).to_have_count(len(names))  # a screen reader lists them all
    assert rows.evaluate_all("(all) => all.filter((each) => each.tabIndex === 0).map((each) => each.textContent)") == [
        "7"
    ]
    rows.nth(6).focus()
    for key, row in (("ArrowRight", 7), ("ArrowRight", 8), ("ArrowLeft", 7)):
        page.keyboard.press(key)
        expect(rows.nth(row)).to_be_focused()
    page.keyboard.press("Enter")
    expect_step(page, names[7])
    expect(rows.nth(7)).to_be_focused()
    rows.nth(9).click()
    expect_step(page, names[9])
    page.keyboard.press("ArrowRight")  # after a click the page's own keys work
    expect_step(page, names[10])
