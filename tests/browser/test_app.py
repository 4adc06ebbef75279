"""What people do, done in a real browser."""

import io
import re
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from model import digits, links
from model.handwriting import Point, Stroke, ink, smooth
from model.samples import SKETCHES
from tests.browser.conftest import OVERFLOWING, VIEWS, Visit
from tests.serving import choose_source, settle, show_sidebar

PAGES = ["", "feature_maps"]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SAMPLES = digits.samples()
HAND = {sketch.key: [smooth(stroke, per_segment=2) for stroke in sketch.strokes] for sketch in SKETCHES}
SEVERAL = [[(x, 0.2), (x, 0.8)] for x in (0.2, 0.35, 0.5, 0.65, 0.8)]
each_page = pytest.mark.parametrize("path", PAGES, ids=["overview", "feature maps"])


def chosen(page: Page, name: str) -> str:
    """Return what the link says."""
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def expect_chosen(page: Page, **values: str) -> None:
    for name, value in values.items():
        expect(page).to_have_url(re.compile(rf"[?&]{name}={value}(&|$)"))


def shown(page: Page) -> str:
    """Return the picture of the current digit, exact to the pixel."""
    settle(page)
    return str(page.locator(".digit img").get_attribute("src"))


def expect_read(page: Page, label: int, source: str | re.Pattern[str]) -> None:
    expect(page.locator(".digit small")).to_have_text(source)
    expect(page.locator(".digit strong")).to_have_text(str(label))


def sample(page: Page, key: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^{key}: "))


def expect_heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)
    settle(page)


# --- Drawing


def pad(page: Page) -> Locator:
    return page.get_by_label("Drawing pad")


def draw(page: Page, strokes: Sequence[Stroke], lift: bool = True) -> None:
    pad(page).scroll_into_view_if_needed()
    box = pad(page).bounding_box()
    assert box
    for number, stroke in enumerate(strokes, start=1):
        for position, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if position == 0:
                page.mouse.down()
        if lift or number < len(strokes):
            page.mouse.up()


def strokes_in(url: str) -> list[list[Point]]:
    """Return the strokes of the drawing that a link holds, or none."""
    source, _, code = parse_qs(urlsplit(url).query).get("digit", [""])[0].partition("-")
    return links.unpack_strokes(code) if source == "drawn" else []


def expect_strokes(page: Page, count: int) -> list[list[Point]]:
    """Wait until the link holds a drawing of so many strokes, and return them."""
    page.wait_for_url(lambda url: len(strokes_in(url)) == count)
    return strokes_in(page.url)


@pytest.mark.parametrize("key", ["0a", "3a", "7b"])
def test_a_drawing_is_read_while_it_is_drawn(visit: Visit, key: str) -> None:
    page = visit("?digit=project-1a")
    choose_source(page, "Draw")
    draw(page, HAND[key], lift=False)
    expect_read(page, int(key[0]), "drawn by hand")
    assert len(strokes_in(page.url)) == len(HAND[key]) - 1  # a stroke that is not finished is not in the link
    page.mouse.up()
    expect_strokes(page, len(HAND[key]))
    expect_read(page, int(key[0]), "drawn by hand")
    expect(page.get_by_role("heading", name=f"It reads {key[0]}")).to_be_visible()


def test_a_drawing_survives_a_page_change_a_reload_and_a_journey(visit: Visit) -> None:
    page = visit()
    choose_source(page, "Draw")
    draw(page, HAND["5a"])
    expect_strokes(page, len(HAND["5a"]))
    drawn = shown(page)
    page.get_by_role("link", name="Feature maps", exact=True).click()
    expect_heading(page, "Feature maps")
    assert shown(page) == drawn
    page.reload()
    settle(page)
    assert shown(page) == drawn
    elsewhere = visit(page.url)
    expect_read(elsewhere, 5, "drawn by hand")
    assert shown(elsewhere) == drawn
    draw(elsewhere, SEVERAL[:1])  # the pad holds it too, so one more stroke is added to it
    expect_strokes(elsewhere, len(HAND["5a"]) + 1)


def test_quick_strokes_are_all_kept_where_they_were_drawn(visit: Visit) -> None:
    page = visit()
    choose_source(page, "Draw")
    draw(page, SEVERAL)
    np.testing.assert_allclose(expect_strokes(page, len(SEVERAL)), SEVERAL, atol=0.02)


def test_strokes_can_be_taken_back_one_by_one_or_all_at_once(visit: Visit) -> None:
    page = visit("?digit=project-4b")
    choose_source(page, "Draw")
    draw(page, SEVERAL)
    expect_strokes(page, 5)
    page.get_by_role("button", name="Undo").click()
    expect_strokes(page, 4)
    pad(page).focus()
    page.keyboard.press("Control+z")
    np.testing.assert_allclose(expect_strokes(page, 3), SEVERAL[:3], atol=0.02)
    page.get_by_role("button", name="Clear").click()
    expect_chosen(page, digit="project-4b")  # what was there before drawing began
    draw(page, SEVERAL[:2])
    expect_strokes(page, 2)


SCROLLED = "[...document.querySelectorAll('*')].map((each) => each.scrollTop).filter(Boolean)"


def test_a_finger_draws_and_does_not_scroll(visit: Visit) -> None:
    page = visit(**PHONE)
    choose_source(page, "Draw")
    pad(page).scroll_into_view_if_needed()
    box = pad(page).bounding_box()
    assert box
    before = page.evaluate(SCROLLED)
    finger = page.context.new_cdp_session(page)
    for stroke in HAND["7b"]:
        for position, (x, y) in enumerate(stroke):
            touch = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            kind = "touchMove" if position else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touch]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_strokes(page, len(HAND["7b"]))
    expect_read(page, 7, "drawn by hand")
    assert page.evaluate(SCROLLED) == before


SPIRAL = [(0.5 + t * np.cos(60 * t) / 9, 0.5 + t * np.sin(60 * t) / 9) for t in np.linspace(0, 1, links.POINTS - 2)]
SCRIBBLE = [
    (x, y) for line, y in enumerate(np.linspace(0.03, 0.97, 14)) for x in ((0.03, 0.97), (0.97, 0.03))[line % 2]
]


@pytest.mark.parametrize(
    ("before", "drawn", "sentence"),
    [
        (SEVERAL[0], SCRIBBLE, "of the sheet is ink"),
        (SPIRAL, [(0.2, 0.2), (0.5, 0.2), (0.8, 0.2)], "The drawing has 2,001 points"),
    ],
    ids=["ink", "points"],
)
def test_too_much_on_the_pad_is_a_sentence_and_can_be_undone(
    visit: Visit, before: Stroke, drawn: Stroke, sentence: str
) -> None:
    page = visit(f"?digit={digits.from_strokes([before]).key}")
    drawing = shown(page)
    draw(page, [drawn])
    expect(page.get_by_test_id("stAlert")).to_contain_text(sentence)
    assert shown(page) == drawing
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert shown(page) == drawing
    draw(page, SEVERAL[4:])  # and what was drawn before is still on the pad
    expect_strokes(page, 2)


# --- Samples


def test_a_sample_is_chosen_by_a_click(visit: Visit) -> None:
    page = visit()
    sample(page, "8c").click()
    expect_read(page, 8, re.compile("labelled 8"))
    expect_chosen(page, digit="project-8c")
    expect(sample(page, "8c")).to_have_attribute("aria-pressed", "true")


@each_page
def test_a_sample_is_chosen_by_keys_alone(visit: Visit, path: str) -> None:
    page = visit(f"{path}?digit=project-{SAMPLES[0].key.removeprefix('project-')}&row=Conv2d-7")
    for _ in range(30):
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


def test_after_a_click_on_a_sample_the_arrow_keys_step_again(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-7")
    sample(page, "8a").click()
    expect_chosen(page, digit="project-8a")
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


# --- Links, rows and maps


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


def test_a_row_of_the_overview_opens_on_feature_maps(visit: Visit) -> None:
    page = visit("?digit=project-7a")
    row_link(page, "Conv2d-16").click()
    expect_heading(page, "Feature maps")
    expect_chosen(page, digit="project-7a", row="Conv2d-16", channel=r"\d+")  # the map in front of the deck
    expect(step_choice(page)).to_have_value(re.compile("^Conv2d-16 "))
    page.go_back()
    expect_heading(page, "One digit through 23 rows")
    expect_read(page, 7, re.compile("labelled 7"))


def test_a_row_can_be_opened_in_a_new_tab(visit: Visit) -> None:
    page = visit("?digit=project-7a")
    with page.context.expect_page() as opened:
        row_link(page, "MaxPool2d-10").click(modifiers=["Control"])
    settle(opened.value)
    expect_heading(opened.value, "Feature maps")
    expect_chosen(opened.value, digit="project-7a", row="MaxPool2d-10")
    assert shown(opened.value) == shown(page)
    expect_heading(page, "One digit through 23 rows")


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


def test_a_map_is_chosen_by_keys_alone(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-7&channel=5")
    maps(page).nth(5).focus()
    for key, position in (("ArrowRight", 6), ("ArrowDown", 10), ("ArrowLeft", 9), ("ArrowUp", 5), ("ArrowDown", 9)):
        page.keyboard.press(key)
        assert focused(page).startswith(f"Map {position}: ")
    page.keyboard.press("Enter")
    expect_chosen(page, row="Conv2d-7", channel="9")  # the step stays: those arrows were not meant for it


def test_arrow_keys_go_from_step_to_step(visit: Visit) -> None:
    page = visit("feature_maps?row=Conv2d-1&channel=5")
    for key, row in (("ArrowRight", "ReLU-1"), ("ArrowRight", "BatchNorm2d-2"), ("ArrowLeft", "ReLU-1")):
        page.keyboard.press(key)
        expect_chosen(page, row=row, channel="5")  # the same map on the way through its block
        settle(page)
    expect(step_choice(page)).to_have_value(re.compile("^ReLU-1 "))


def test_a_step_without_a_map_of_that_number_starts_at_its_first(visit: Visit) -> None:
    page = visit("feature_maps?row=Dropout-12&channel=12")
    page.get_by_role("button", name="Next").click()
    expect_chosen(page, row="Conv2d-13", channel="0")
    settle(page)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


# --- Uploads


def png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def upload(page: Page, content: bytes) -> None:
    choose_source(page, "Upload")
    page.locator("input[type=file]").set_input_files(
        [FilePayload(name="digit.png", mimeType="image/png", buffer=content)]
    )
    settle(page)


def test_a_picture_of_dark_ink_on_light_paper_is_read_and_travels(visit: Visit) -> None:
    page = visit()
    upload(page, png(230 - np.pad(ink(HAND["2a"]), 30) // 2))
    expect_read(page, 2, "a picture of yours")
    expect(page).to_have_url(re.compile("digit=upload-"))
    elsewhere = visit(page.url)
    expect_read(elsewhere, 2, "a picture of yours")
    assert shown(elsewhere) == shown(page)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no picture at all", "not a picture that can be read"),
        (png(np.zeros((50, 50), np.uint8)), "shows no ink"),
        (png(ink(HAND["2a"]))[:-40], "is damaged"),
        (png(np.zeros((1, 5000), np.uint8)), "5,000 by 1 pixels"),
    ],
    ids=["text", "blank", "truncated", "huge"],
)
def test_a_bad_upload_is_answered_by_a_sentence_and_the_digit_stays(
    visit: Visit, content: bytes, sentence: str
) -> None:
    page = visit("?digit=project-8b")
    upload(page, content)
    expect(page.get_by_test_id("stAlert")).to_contain_text(sentence)
    expect_read(page, 8, re.compile("labelled 8"))
    expect_chosen(page, digit="project-8b")


# --- MNIST


def grid_names(page: Page) -> list[str]:
    settle(page)
    grid = page.get_by_role("group", name="MNIST's test images").get_by_role("button")
    return [str(each.get_attribute("title")) for each in grid.all()]


def choose_option(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


@pytest.mark.usefixtures("mnist_root")
def test_mnist_is_chosen_by_index_by_class_or_at_random(visit: Visit) -> None:
    page = visit()
    choose_source(page, "MNIST")
    test = digits.mnist("test")
    assert grid_names(page) == [f"image {index:,}, labelled {test.labels[index]}" for index in range(20)]
    page.get_by_label("Image number").fill("1901")
    page.get_by_label("Image number").press("Enter")
    expect_chosen(page, digit="test-1901")
    expect(page.locator(".digit small")).to_have_text(f"MNIST test image 1,901, labelled {test.labels[1901]}")
    choose_option(page, "Class", "7")
    sevens = np.flatnonzero(test.labels == 7)[:20]
    assert grid_names(page) == [f"image {index:,}, labelled 7" for index in sevens]
    page.get_by_role("button", name="Random").click()
    expect(page).not_to_have_url(re.compile("test-1901"))
    settle(page)
    assert test.labels[int(chosen(page, "digit").removeprefix("test-"))] == 7
    assert page.locator('.grid [aria-pressed="true"]').count() == 1  # it is among those that are shown now


@pytest.mark.usefixtures("mnist_root")
def test_the_hardest_image_comes_first_and_is_misread(visit: Visit) -> None:
    page = visit()
    choose_source(page, "MNIST")
    choose_option(page, "Order", "hardest first")
    expect(page.get_by_role("progressbar")).to_have_count(0, timeout=60_000)
    expect_chosen(page, order=r"hardest\+first")
    first = grid_names(page)[0]
    page.get_by_role("button", name=first).click()
    expect(page.locator(".digit small")).to_contain_text(first.removeprefix("image "))
    assert page.locator(".digit strong").inner_text() != first[-1]


def test_without_mnist_a_download_is_offered_and_its_failure_is_a_sentence(
    visit: Visit, app_without_mnist: str
) -> None:
    page = visit(at=app_without_mnist)
    choose_source(page, "MNIST")
    page.get_by_role("button", name="Download MNIST").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("could not be downloaded", timeout=60_000)
    settle(page)
    choose_source(page, "Samples")
    sample(page, "6a").click()
    expect_read(page, 6, re.compile("labelled 6"))


# --- Everybody


def test_two_people_see_their_own_digit(visit: Visit) -> None:
    one, other = visit(), visit("feature_maps")
    for key_one, key_other in (("1a", "8a"), ("6b", "2b"), ("9a", "9b")):
        sample(one, key_one).click()
        sample(other, key_other).click()
        for page, key in ((one, key_one), (other, key_other)):
            expect_chosen(page, digit=f"project-{key}")
            expect_read(page, int(key[0]), re.compile(f"labelled {key[0]}"))
    assert shown(one) != shown(other)


@each_page
def test_no_request_leaves_this_computer(visit: Visit, path: str) -> None:
    """The fixture watches every test for this; here every panel is opened."""
    hosts = set()
    page = visit(path)
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.reload()
    settle(page)
    for source in ("MNIST", "Draw", "Upload", "Samples"):
        choose_source(page, source)
    assert {urlsplit(page.url).netloc} == {host for host in hosts if host}


@pytest.mark.parametrize("path", VIEWS.values(), ids=VIEWS)
def test_nothing_overflows_sideways_on_a_phone(visit: Visit, path: str) -> None:
    page = visit(path, **PHONE)
    assert page.evaluate(OVERFLOWING) == []


@pytest.mark.parametrize("digit", ["project-4or9", "drawn"])
def test_the_sidebar_fits_a_phone(visit: Visit, digit: str) -> None:
    page = visit(f"?digit={digits.from_strokes(HAND['4a']).key if digit == 'drawn' else digit}", **PHONE)
    show_sidebar(page)
    assert page.evaluate(OVERFLOWING) == []


@each_page
def test_in_the_dark_the_page_is_dark_and_works(visit: Visit, path: str) -> None:
    page = visit(path, color_scheme="dark")
    ground, text = (
        page.get_by_test_id("stApp").evaluate(
            f"(app) => getComputedStyle(app).{part}.match(/[0-9]+/g).slice(0, 3).map(Number)"
        )
        for part in ("backgroundColor", "color")
    )
    assert max(ground) < 60
    assert min(text) > 200
    sample(page, "6a").click()
    expect_read(page, 6, re.compile("labelled 6"))
    choose_source(page, "Draw")
    draw(page, HAND["0a"])
    expect_read(page, 0, "drawn by hand")
