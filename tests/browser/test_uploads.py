"""Uploads in a real browser: every format, pasted, dropped, taken by the camera, and adjusted by hand."""

import base64
import io
import shutil
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from model.images.digits import from_strokes
from model.records import Pixels
from tests.browser.conftest import Visit
from tests.browser.people import chosen, expect_read, shown
from tests.damage import blank_png
from tests.model.images.test_several import page as page_of
from tests.model.images.test_upload import (
    BOMB,
    JPEG,
    PNG,
    as_16_bit,
    as_palette_with_transparency,
    blank,
    photograph,
    saved,
)
from tests.sampling import few
from tests.serving import choose_source, settle

YOURS = "a picture of yours"
VIDEO = "[data-testid=stCameraInput] video"
INPUT = '[data-testid="stFileUploader"] input[type="file"]'
GOOD: dict[str, Callable[[], bytes]] = {
    "jpg": lambda: JPEG,
    "png": lambda: PNG,
    "webp": lambda: saved(photograph(), "WEBP").getvalue(),
    "bmp": lambda: saved(photograph(), "BMP").getvalue(),
    "gif": lambda: saved(photograph(), "GIF", save_all=True, append_images=[photograph()]).getvalue(),
    "heic": lambda: saved(photograph().convert("RGB"), "HEIF").getvalue(),
    "16-bit.png": lambda: saved(as_16_bit(photograph())).getvalue(),
    "cmyk.jpeg": lambda: saved(photograph().convert("CMYK"), "JPEG").getvalue(),
    "palette.png": lambda: saved(as_palette_with_transparency(photograph())).getvalue(),
}
BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "bomb.png": (lambda: BOMB, "too large"),
    "large.png": (lambda: blank_png(100_001, 500, 1, 0), "100,001 x 500 pixels"),
    "half.png": (lambda: PNG[: len(PNG) // 2], "damaged"),
    "half.heic": (lambda: saved(photograph(), "HEIF").getvalue()[:300], "picture"),
}
# What a person's clipboard or drag gives to the page, with the picture in it.
GIVE = """([kind, data]) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
  transfer.items.add(new File([bytes], "image.png", { type: "image/png" }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { ...options, clipboardData: transfer })
    : new DragEvent(kind, { ...options, dataTransfer: transfer });
  document.querySelector('[data-testid="stMain"]').dispatchEvent(event);
}"""


def give(page: Page, name: str, data: bytes) -> None:
    page.locator(INPUT).set_input_files(FilePayload(name=name, mimeType="image/png", buffer=data))


def uploading(visit: Visit, path: str = "?digit=project-1a") -> Page:
    page = visit(path)
    choose_source(page, "Upload")
    return page


def file_of(pixels: Pixels | NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_every_format_is_read_and_what_is_no_picture_is_a_sentence(visit: Visit) -> None:
    page = uploading(visit)
    for number, (ending, data) in enumerate(GOOD.items()):
        name = f"digit{number}.{ending}"
        give(page, name, data())
        expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
        expect_read(page, 3, YOURS)
        settle(page)
    kept = shown(page)
    for name, (bad, sentence) in BAD.items():
        give(page, name, bad())
        expect(page.get_by_test_id("stSidebar").get_by_test_id("stAlert")).to_contain_text(sentence)
        assert shown(page) == kept


@pytest.mark.slow(reason="sends pictures of 48 megapixels")
def test_pictures_of_48_megapixels_at_once_are_read_and_hold_nobody_up(visit: Visit) -> None:
    people = [uploading(visit) for _ in range(3)]
    other = visit("?digit=project-1a")
    large = FilePayload(name="camera.jpg", mimeType="image/jpeg", buffer=blank("JPEG", "RGB", 8_000, 6_000))
    for page in people:
        page.locator(INPUT).set_input_files(large)
    other.get_by_test_id("stSidebar").get_by_role("link", name="Saliency").click()
    settle(other)
    expect(other.get_by_role("heading", level=1)).to_have_text("Saliency")
    for page in people:
        settle(page)
        expect_read(page, 1, YOURS)


@pytest.mark.parametrize("way", few(["paste", "drop"], 1))
def test_picture_that_is_pasted_or_dropped_on_the_page_is_read(visit: Visit, way: str) -> None:
    """Whichever source of digits is chosen."""
    page = uploading(visit) if way == "drop" else visit("?digit=project-1a")
    page.evaluate(GIVE, [way, base64.b64encode(PNG).decode()])
    expect_read(page, 3, YOURS)


@pytest.mark.exhaustive
@pytest.mark.slow(reason="starts a second Chromium, which has a fake camera")
def test_camera_of_a_secure_page_takes_a_picture(app: str, browser: Browser) -> None:
    """Chromium's own fake camera shows a green picture with a clock, which is no digit: it is read or refused."""
    options = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with browser.browser_type.launch(executable_path=shutil.which("chromium"), args=options) as filming:
        page = filming.new_page()
        page.goto(f"{app}/?digit=project-1a")
        settle(page)
        choose_source(page, "Upload")
        page.get_by_role("button", name="Camera").click()
        page.wait_for_function(f"document.querySelector('{VIDEO}')?.readyState === 4")  # else it takes no picture
        page.get_by_test_id("stCameraInputButton").click()
        expect(
            page.get_by_test_id("stSidebar").get_by_test_id("stAlert").or_(page.locator(".stages"))
        ).not_to_have_count(0)


def test_camera_of_an_insecure_page_opens_the_phones_own(visit: Visit) -> None:
    page = uploading(visit)
    page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false })")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Camera").click()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(FilePayload(name="photo.png", mimeType="image/png", buffer=PNG))
    expect_read(page, 3, YOURS)


def test_several_digits_are_offered_in_reading_order(visit: Visit) -> None:
    page = uploading(visit)
    give(page, "three.png", file_of(page_of("3a 1b 7a", apart=2)))
    expect_read(page, 3, YOURS)
    expect(page.get_by_test_id("stAlert")).to_contain_text("3 parts that may be digits")
    page.get_by_role("button", name="Part 3 of 3").click()
    expect_read(page, 7, YOURS)


def test_adjustment_can_be_undone_and_is_in_the_history(visit: Visit) -> None:
    page = uploading(visit)
    give(page, "sideways.png", file_of(np.rot90(np.asarray(photograph()), -1)))
    expect(page.locator(".digit small")).to_have_text(YOURS)
    settle(page)
    sideways, address = shown(page), chosen(page, "digit")
    page.get_by_text("Turn, swap or crop").click()
    page.get_by_role("button", name="⟲ 90°").click()
    expect_read(page, 3, YOURS)
    upright = shown(page)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: address[-30:] in url)
    assert shown(page) == sideways
    page.go_back()
    settle(page)
    assert shown(page) == upright


def test_lone_dot_on_the_pad_is_doubted(visit: Visit) -> None:
    page = visit(f"?digit={from_strokes([[(0.5, 0.5)]]).key}")
    expect(page.get_by_test_id("stAlert")).to_contain_text("does not look like the digits that the network learned")
    expect(page.locator(".digit strong")).to_be_visible()
