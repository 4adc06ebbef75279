"""The design lab in a real browser: an edit is painted before Python answers, and then has the model's numbers."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from model.commands.cli import main
from model.design import text
from model.design.assess import assess
from model.design.presets import preset
from tests.browser.conftest import Visit
from tests.browser.people import chosen, expect_chosen
from tests.serving import settle
from viz.design.editor import figures

START = "conv-8-3_relu_bn_max-2_conv-10-3_gap"
NUMBERS = ("output", "parameters b", "size")  # of a row
# What a row says as soon as a key was pressed in it, before anything else can run.
PRESS = """(row, key) => {
  row.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  return row.querySelector(".words").textContent;
}"""


def assert_shows(page: Page, *lines: str) -> None:
    """Check that the address has a design, and that the rows show it with the model's numbers."""
    settle(page)
    link = "_".join(line.replace(" ", "-").replace("=", "~").replace("@", "~~") for line in lines)
    expect_chosen(page, design=link)  # what is typed while an edit is on its way is sent after its answer
    found = assess(text.from_link(link))
    numbers = [
        [each["output"], f"{each['parameters']:,}" if each["output"] else "", each["size"]]
        for each in figures.rows(found, [()] * len(lines))
    ]
    for part, column in zip(NUMBERS, zip(*numbers, strict=True), strict=True):  # the last of many runs may follow
        expect(page.locator(f".row .{part}")).to_have_text(column, use_inner_text=True)
    totals = [each["text"] for each in figures.totals(found)]
    expect(page.locator(".totals dd:not(.change)")).to_have_text(totals, use_inner_text=True)
    assert [each.is_visible() for each in page.locator(".said").all()] == [bool(row.problem) for row in found.rows]


def in_rows(page: Page, place: int) -> Callable[[str], None]:
    """Choose a row, and return what presses keys in it."""
    page.locator(".row").nth(place).click()
    return page.keyboard.press


def test_each_edit_is_painted_at_once_and_then_has_its_numbers(visit: Visit) -> None:
    page = visit(f"design?design={START}")
    conv, relu, bn, pool, last, mean = START.replace("-", " ").split("_")
    assert_shows(page, conv, relu, bn, pool, last, mean)
    press = in_rows(page, 0)
    assert page.locator(".row").first.evaluate(PRESS, "+") == "9 kernels, 3 × 3"
    assert_shows(page, "conv 9 3", relu, bn, pool, last, mean)
    expect(page.locator(".row").first.locator("small")).to_have_text("+10 ")
    size = page.get_by_role("textbox", name="Size")
    size.fill("0")
    expect(page.get_by_role("alert")).to_have_text("Size is a whole number from 1 to 64, or two such as 3x1.")
    size.fill("5x3")
    assert_shows(page, "conv 9 5x3", relu, bn, pool, last, mean)
    press("Control+z")
    assert_shows(page, "conv 9 3", relu, bn, pool, last, mean)
    press("Control+Shift+Z")
    assert_shows(page, "conv 9 5x3", relu, bn, pool, last, mean)

    press = in_rows(page, 3)
    press("Alt+ArrowUp")
    assert_shows(page, "conv 9 5x3", relu, pool, bn, last, mean)
    press("Shift+ArrowDown")
    press("d")  # both selected layers
    assert_shows(page, "conv 9 5x3", relu, pool, bn, pool, bn, last, mean)
    press("Delete")
    assert_shows(page, "conv 9 5x3", relu, pool, bn, last, mean)
    page.get_by_role("button", name="Block").click()
    expect(page.locator(".row")).to_have_count(10)
    page.get_by_role("button", name="Undo").click()
    assert_shows(page, "conv 9 5x3", relu, pool, bn, last, mean)

    first, third = (page.locator(".row").nth(place).bounding_box() for place in (0, 2))
    assert first
    assert third
    page.mouse.move(first["x"] + 80, first["y"] + 9)
    page.mouse.down()
    page.mouse.move(third["x"] + 80, third["y"] + third["height"] + 4, steps=5)
    page.mouse.up()
    assert_shows(page, relu, pool, "conv 9 5x3", bn, last, mean)
    page.go_back()
    assert_shows(page, "conv 9 5x3", relu, pool, bn, last, mean)

    page.get_by_label("Add another kind of layer").select_option("add")
    assert_shows(page, "conv 9 5x3", relu, pool, "add @2", bn, last, mean)  # marked: the shapes differ
    page.locator(".fields .source select").select_option(label="3 Max pool")
    assert_shows(page, "conv 9 5x3", relu, pool, "add @3", bn, last, mean)
    in_rows(page, 0)("Delete")
    assert_shows(page, relu, pool, "add @2", bn, last, mean)  # it still names the same layer
    in_rows(page, 1)("Shift+ArrowDown")
    page.keyboard.press("d")
    assert_shows(page, relu, pool, "add @2", pool, "add @4", bn, last, mean)  # a copy names the copy


def test_quick_edits_all_count(visit: Visit) -> None:
    page = visit(f"design?design={START}")
    press = in_rows(page, 0)
    for _ in range(12):
        press("+")
    press("ArrowDown")
    press("Delete")
    conv, _, *others = START.replace("-", " ").split("_")
    assert_shows(page, "conv 20 3", *others)
    for name in ("About", "Design lab"):  # what can be undone is not lost on the way
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        settle(page)
    press = in_rows(page, 0)
    for _ in range(2):
        press("Control+z")
    assert_shows(page, conv, "relu", *others)
    page.get_by_role("button", name="Redo").click()
    assert_shows(page, "conv 20 3", "relu", *others)
    press = in_rows(page, 3)
    for keys in ("Alt+ArrowDown", "Alt+ArrowUp", "Delete", "Control+z", "Control+z"):
        press(keys)
    expect(page.locator(".row[aria-current=true]")).to_be_focused()  # the next key acts on what is marked


def test_a_layer_that_does_not_fit_is_marked_and_all_before_it_has_its_numbers(visit: Visit) -> None:
    page = visit(f"design?design={START}")
    in_rows(page, 3)
    page.get_by_role("textbox", name="Size").fill("40")
    conv, relu, bn, _, last, mean = START.replace("-", " ").split("_")
    assert_shows(page, conv, relu, bn, "max 40", last, mean)
    expect(page.locator(".said:visible")).to_contain_text(
        "is larger than its map of 26 × 26. A size of at most 26 fits."
    )


def test_text_and_layers_are_the_same_design_and_nothing_is_lost(visit: Visit) -> None:
    page = visit(f"design?design={START}&design_view=text")
    field = page.get_by_role("textbox", name="The design as text")
    expect(field).to_have_value(START.replace("-", " ").replace("_", "\n"))
    field.fill("conv 8 3\nblur 2")
    field.press("Control+Enter")
    expect(page.get_by_text(re.compile("Line 2: There is no layer 'blur'"))).to_be_visible()
    settle(page)
    assert chosen(page, "design") == START
    page.get_by_role("radio", name="Layers").click()
    settle(page)
    expect(page.locator(".row")).to_have_count(6)
    page.get_by_role("radio", name="As text").click()
    expect(field).to_have_value("conv 8 3\nblur 2")
    field.fill("nn.Sequential(nn.Conv2d(1, 10, 3), nn.AdaptiveAvgPool2d(1))")
    field.press("Control+Enter")
    expect(field).to_have_value("conv 10 3\ngap")
    expect(page.get_by_text("self.conv1 = nn.Conv2d(1, 10, 3)")).to_be_visible()


def test_a_design_begins_with_another_and_opens_on_every_page(visit: Visit) -> None:
    page = visit("design?design_view=inside")
    box = page.get_by_role("combobox", name=re.compile("Begin with"))
    box.click()
    page.get_by_role("option", name="LeNet").click()
    settle(page)
    assert chosen(page, "design") == text.to_link(preset("lenet"))
    page.get_by_role("button", name="Open it with random weights").click()
    settle(page)
    assert re.fullmatch("[0-9a-z]{32}", chosen(page, "net"))
    assert chosen(page, "design") == text.to_link(preset("lenet"))  # the list of networks did not take it away
    page.get_by_test_id("stMain").get_by_role("link", name="Parameters").click()
    settle(page)
    expect(page.get_by_role("heading", name="Parameters", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_text("44,426").first).to_be_visible()


@pytest.mark.exhaustive
@pytest.mark.usefixtures("mnist_root")
def test_a_smaller_network_is_designed_trained_opened_and_checked(
    visit: Visit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = visit("design?parameters_limit=7047")  # 30 % fewer than 10,066
    page.get_by_text("What would bring it under 7,047 parameters?").click()
    settle(page)
    page.locator(".what-if a").first.click()
    settle(page)
    assert page.locator(".limits .fails").count() == 0
    assert assess(text.from_link(chosen(page, "design"))).parameters < 7_047
    page.get_by_role("radio", name="Train it").click()
    settle(page)
    page.get_by_role("radio", name="One epoch").click()
    settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("Trained: ")).to_be_visible(timeout=600_000)
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Network (.glass)").click()
    file = tmp_path / "design.glass"
    download.value.save_as(file)
    assert main(["check", str(file), "--max-parameters", "7046", "--no-linear", "--format", "json"]) == 0
    assert all(each["holds"] is not False for each in json.loads(capsys.readouterr().out)["limits"])
    page.get_by_role("button", name="Open it on every page").click()
    settle(page)
    for name in ("overview", "parameters", "saliency"):
        page.goto(page.url.replace("/design?", f"/{name}?"))
        settle(page)
        expect(page.locator(".digit strong")).to_have_text("3")
