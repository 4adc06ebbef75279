"""The file that needs no server, opened from disk without a network: its numbers are the app's and PyTorch's."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from model import layers
from model.networks import BUILT_IN
from model.trace.records import Step
from tests import any_network, odd_networks, own_networks, walkthroughs
from tests.browser.conftest import DESKTOP
from tests.browser.inspection import inspect, told
from tests.model.graph.build import Builder
from tests.model.layers.test_graph import TWINS
from tests.sampling import few
from tests.viz.walkthrough.test_document import HOSTILE
from viz.layers import worked_unit
from viz.pictures import readable
from viz.walkthrough import document, payload
from viz.walkthrough.contents import contents
from viz.walkthrough.records import Subject

UNITS = 5  # of each step
CLOSE = 1e-5  # of single precision
PREPARE = """async ([text, name, units]) => {
  if (text) globalThis.tried = await walkthrough.unpack(text);
  const content = globalThis.tried ?? walkthrough.content;
  const step = content.named.get(name);
  const { prepare, explain } = walkthrough;
  return units.map((unit) => [prepare(content, step, unit), explain(content, step, unit).value]);
}"""
Spoil = Callable[[dict[str, Any]], None]


class Opened:
    """A page that shows a file from disk, without a network."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.context = browser.new_context(viewport=DESKTOP)
        self.context.set_offline(True)
        self.page, self.folder = self.context.new_page(), folder
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(f"a script failed: {error}"))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith(("file://", "data:")):
            self.wrong.append(f"a request: {url}")

    def show(self, subject: Subject, at: str = "") -> Page:
        """Write a file and open it; ``at`` is what follows the # in the address."""
        path = self.folder / "walkthrough.html"
        path.write_text(document.write(subject), encoding="utf-8")
        return self.go(path, at)

    def go(self, path: Path, at: str = "") -> Page:
        """Open a file."""
        self.page.goto("about:blank")
        self.page.goto(f"{path.as_uri()}#{at}")
        self.page.wait_for_selector('body[data-test-script-state="notRunning"]')
        return self.page


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    found = Opened(browser, tmp_path_factory.mktemp("file"))
    yield found
    found.context.close()


@pytest.fixture(autouse=True)
def _nothing_went_wrong(opened: Opened) -> Iterator[None]:
    opened.wrong.clear()
    yield
    assert opened.wrong == []


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Yield where two nested values differ; numbers may differ by rounding, texts not at all."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences(one.get(key), other.get(key), f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}[{at}]")
    elif isinstance(one, float) and isinstance(other, float | int):
        if abs(one - other) > CLOSE * max(1.0, abs(one)):
            yield f"{path}: {one} and {other}"
    elif one != other:
        yield f"{path}: {str(one)[:200]} and {str(other)[:200]}"


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def units_of(step: Step) -> list[list[int]]:
    """Return the first and the last unit, the largest and some that are drawn."""
    shape = step.maps.shape
    drawn = np.random.default_rng(0).integers(0, shape, size=(UNITS, 3)).tolist()
    largest = [int(i) for i in np.unravel_index(int(step.maps.argmax()), shape)]
    return [[0, 0, 0], [size - 1 for size in shape], largest, *drawn]


def assert_worked_out(page: Page, subject: Subject, step: Step, text: str = "") -> None:
    """Compare units that the script works out with the app's own arithmetic, and with what PyTorch computed.

    Args:
        page: It has the script.
        subject: What the content is about.
        step: One of its steps.
        text: A content; by default that of the page, or the one before.
    """
    units, scale = units_of(step), max(1.0, float(np.abs(step.output).max()))
    found = page.evaluate(PREPARE, [text, step.name, units])
    for unit, (shown, value) in zip(units, found, strict=True):
        place = (unit[0], unit[1], unit[2])
        explained = layers.explain(subject.trace, step.name, place)
        expected = worked_unit.prepare(subject.trace, explained, subject.windows[step.name])
        wrong = [*differences(plain(expected), shown)]
        assert not wrong, (step.name, step.kind, unit, wrong[:3])
        assert abs(value - float(step.maps[place])) <= CLOSE * scale, (step.name, step.kind, unit)


@pytest.mark.parametrize(
    "id", few(["assignment", "shapes", *(id for id in BUILT_IN if id not in {"assignment", "shapes"})], 2)
)
def test_every_step_of_a_network_is_worked_out_as_in_the_app(opened: Opened, id: str) -> None:
    subject = walkthroughs.built_in(id)
    page = opened.show(subject)
    for step in subject.trace.steps:
        lacks = page.evaluate("(name) => walkthrough.content.named.get(name).lacks", step.name)
        assert (lacks == "") == (
            id != "basic" or step.kind != "linear" or step.output.size == len(subject.trace.logits)
        )
        if not lacks:
            assert_worked_out(page, subject, step)
    many = "([name, c]) => walkthrough.large(walkthrough.content.named.get(name), c)"
    for step in (subject.trace.steps[0], subject.trace.steps[-1]):
        expected = plain(readable.large(step.maps[0], like=step.maps))
        assert not [*differences(expected, page.evaluate(many, [step.name, 0]))]


def test_every_kind_of_step_is_worked_out_as_in_the_app(opened: Opened) -> None:
    page = opened.show(walkthroughs.of_file(own_networks.residual()))
    for name, build, _ in TWINS:
        builder = Builder((4, 5, 6))
        build(builder)
        subject = walkthroughs.of_module(builder.module())
        text = payload.encode(payload.fitted(contents(subject), document.LIMIT))
        for node in builder.nodes:
            step = subject.trace[node.name]
            assert subject.recipes[node.name] is not None, name
            assert_worked_out(page, subject, step, text)
    page.evaluate("delete globalThis.tried")


@pytest.mark.parametrize("kind", [odd_networks.FixedKernel, odd_networks.Positions, odd_networks.Tiny])
def test_odd_networks_are_worked_out_as_in_the_app(opened: Opened, kind: Any) -> None:
    subject = walkthroughs.of_file(odd_networks.of(kind))
    page = opened.show(subject)
    for step in subject.trace.steps:
        assert_worked_out(page, subject, step)


def test_operations_without_a_rule_are_shown_with_their_values(opened: Opened) -> None:
    subject = walkthroughs.of_file(any_network.everything())
    page = opened.show(subject)
    unworked = [step for step in subject.trace.steps if subject.recipes[step.name] is None]
    assert {step.kind for step in unworked} == {"abs", "sqrt", "exp"}
    for step in subject.trace.steps:
        assert_worked_out(page, subject, step)
    page.goto(f"{page.url.partition('#')[0]}#{unworked[0].name}")
    expect(page.locator("#said")).to_contain_text("is not worked out term by term")
    expect(page.locator("#grid button")).to_have_count(len(unworked[0].maps))


def roll(name: str) -> Spoil:
    """Move the numbers of an array one place on."""

    def spoil(step: dict[str, Any]) -> None:
        arrays = step["recipe"]["arrays"]
        arrays[name] = np.roll(arrays[name], 1)

    return spoil


def shift_window(step: dict[str, Any]) -> None:
    settings = step["recipe"]["settings"]
    settings["rows"] = [*settings["rows"][1:], settings["rows"][0]]


def shift_values(step: dict[str, Any]) -> None:
    step["values"] = np.roll(step["values"], 1)


WRONG: dict[str, tuple[str, Spoil]] = {
    "a window one row lower": ("Conv2d-4", shift_window),
    "a weight of the next place": ("Conv2d-4", roll("weight")),
    "a bias of the next map": ("Conv2d-4", roll("bias")),
    "a mean of the next map": ("BatchNorm2d-5", roll("mean")),
    "a recorded value of the next unit": ("Conv2d-4", shift_values),
    "scores of the next class": ("log-softmax", roll("members")),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_index_in_the_content_is_found(opened: Opened, name: str) -> None:
    subject = walkthroughs.built_in("assignment")
    page = opened.show(subject)
    content = deepcopy(payload.fitted(contents(subject), document.LIMIT))
    at, spoil = WRONG[name]
    spoil(next(each for each in content["steps"] if each["name"] == at))
    with pytest.raises(AssertionError):
        assert_worked_out(page, subject, subject.trace[at], payload.encode(content))
    page.evaluate("delete globalThis.tried")


def test_the_file_can_be_used_with_keys_alone(opened: Opened) -> None:
    page = opened.show(walkthroughs.built_in("assignment"))
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.id") != "choose":
        page.keyboard.press("Tab")
    page.keyboard.type("Conv2d-7")  # a select takes letters
    expect(page.locator("#name")).to_have_text("Conv2d-7: convolution")
    focused = "(id) => document.activeElement?.id === id"
    for id in ("grid", "workings"):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(focused, id):
                break
        assert page.evaluate(focused, id)
        if id == "grid":
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Enter")
    page.evaluate("document.querySelector('#workings').shadowRoot.querySelector('[role=application]').focus()")
    before = page.locator("#unit").inner_text()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#unit")).not_to_have_text(before)
    step, *unit = page.url.rpartition("#")[2].rsplit(".", 3)
    assert step == "Conv2d-7"
    assert page.locator("#workings .sum").inner_text().endswith(page.locator("#workings .verdict").inner_text()[-6:])
    page.locator("#workings .terms button").first.press("Enter")
    expect(page.locator("#name")).to_have_text("Dropout-6: dropout")
    expect(page.locator("#trail li")).to_have_count(2)
    page.go_back()
    expect(page.locator("#name")).to_have_text("Conv2d-7: convolution")
    assert page.url.endswith(".".join(unit))


def test_windows_are_played_and_the_field_grows(opened: Opened) -> None:
    page = opened.show(walkthroughs.built_in("assignment"), "Conv2d-1.0.0.0")
    page.locator("#workings").get_by_role("button", name="Step").click()
    page.locator("#workings").get_by_role("button", name="Step").click()
    expect(page.locator("#workings .sum")).to_contain_text("y 0, x 1")
    page.get_by_role("link", name="Overview").click()
    slider = page.locator("#growth").get_by_role("slider")
    slider.press("End")
    expect(page.locator("#growth p")).to_contain_text("28 × 28")


def test_questions_show_their_answers(opened: Opened) -> None:
    page = opened.show(walkthroughs.built_in("assignment"), "Conv2d-7")
    ask = page.locator("summary", has_text="How many parameters does it learn?")
    answer = page.locator("details", has=ask).locator(".walk-answer")
    expect(answer).to_be_hidden()
    ask.click()
    expect(answer).to_have_text("2,320")
    unit = page.locator("summary", has_text="What is the value?")
    expect(unit).to_have_text(re.compile(r"What is the value\? Unit y .*, if its input y .* of map .* were 0"))
    unit.click()
    page.get_by_role("link", name="Show this unit").click()
    expect(page.locator("#unit")).to_contain_text("Unit y")


def test_a_folded_module_leads_to_its_first_step(opened: Opened) -> None:
    page = opened.show(walkthroughs.of_file(any_network.deep()))
    page.locator("#network a").nth(1).click()
    expect(page.locator("#step")).to_be_visible()
    assert page.url.rpartition("#")[2] in [
        step["name"] for step in page.evaluate("walkthrough.content.steps.map(({ name }) => ({ name }))")
    ]


@pytest.mark.parametrize(
    "at", few(["", "Conv2d-7.3.0.12~Dropout-6.2.1.13", "no-such-step", "Conv2d-23", "image", "%E0%A4%A"], 3)
)
def test_nothing_is_wrong_with_a_view(opened: Opened, at: str) -> None:
    page = opened.show(walkthroughs.built_in("assignment"), at)
    found = inspect(page, projected=False)
    assert not found, told(found)


def test_hostile_names_do_nothing(opened: Opened) -> None:
    subject = walkthroughs.of_file(own_networks.residual())
    classes = tuple(f"{k}{HOSTILE}" for k in range(10))
    network = replace(subject.network, title=HOSTILE, classes=classes)
    digit = replace(subject.digit, source=HOSTILE, class_name=HOSTILE)
    page = opened.show(replace(subject, network=network, digit=digit, trace=replace(subject.trace, classes=classes)))
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    for step in subject.trace.steps:
        page.goto(f"{page.url.partition('#')[0]}#{step.name}")
        expect(page.locator("#name")).to_contain_text(step.name)
    assert page.evaluate("globalThis.hurt") is None


def test_a_step_prints_on_few_pages_without_controls(opened: Opened, tmp_path: Path) -> None:
    page = opened.show(walkthroughs.built_in("assignment"), "Conv2d-7.3.0.12")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#choose")).to_be_hidden()
    expect(page.locator("#workings").get_by_role("button", name="Play")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"  # black on white
    page.emulate_media(media="screen", color_scheme="light")


def test_the_page_offers_the_file(opened: Opened, visit: Any, tmp_path: Path) -> None:
    page = visit("?digit=project-8a")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download this walkthrough as one file").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    shown = opened.go(path)
    expect(shown.get_by_role("heading", level=1)).to_have_text("The assignment's network")
    expect(shown.locator("header")).to_contain_text("predicts 8")
