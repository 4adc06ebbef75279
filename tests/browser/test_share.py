"""The link of a view in a real browser: copied, or selected where the browser does not let a page copy."""

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.sampling import few
from tests.serving import choose_source, settle
from viz import sheets
from viz.app import share as sharing

WINDOW = {"width": 1280, "height": 800}
VIEW = "receptive_field?row=Conv2d-7&unit=5.5"


def share(page: Page) -> str:
    """Open the control, and return the link that it shows."""
    page.get_by_role("button", name="Share or print").click()
    settle(page)
    field = page.get_by_label("The link of this view")
    expect(field).to_be_visible()
    return field.input_value()


def test_a_link_is_copied_and_opens_the_same_view(visit: Visit) -> None:
    page = visit(VIEW)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = share(page)
    assert link == page.url
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    own = page.get_by_text("Only this computer can open this link")  # the tests' server listens at 127.0.0.1
    expect(own).to_be_visible()
    page.goto(link)
    settle(page)
    expect(page.get_by_role("heading", name="The arithmetic of Conv2d-7")).to_be_visible()


@pytest.mark.parametrize("length", [40, 400, 1_000])
def test_the_code_is_read_from_the_screen(blank: Page, length: int) -> None:
    link = f"http://192.168.178.42:8501/overview?digit=drawn-{'aB3-_' * length}"[:length]
    assert zxingcpp.read_barcodes(_photo(blank, sharing.code_of(link)))[0].text == link
    assert not zxingcpp.read_barcodes(_photo(blank, "data:image/svg+xml,")), "no code, nothing is read"


def _photo(page: Page, code: str) -> Image.Image:
    """Return what the screen shows of a code, in the size that it has on a page."""
    shown = f'<div data-testid="stHtml"><figure class="code"><img src="{code}" alt=""></figure></div>'
    page.set_content(f"<style>{sheets.of_pages()}</style>{shown}")
    return Image.open(io.BytesIO(page.locator("figure.code").screenshot()))


def test_a_page_that_may_not_copy_selects_the_link(visit: Visit) -> None:
    page = visit(VIEW)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    link = share(page)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("The link is selected")).to_be_visible()
    field = page.get_by_label("The link of this view")
    assert field.evaluate("(each) => each.value.slice(each.selectionStart, each.selectionEnd)") == link


@pytest.mark.parametrize("path", few(["receptive_field", "feature_maps", "start", "open"], 1))
def test_what_is_handed_on_is_in_view_with_all_pages_and_nothing_of_it_is_cut_off(visit: Visit, path: str) -> None:
    page = visit(path, viewport=WINDOW)
    for name in ("Start", "Worksheet"):
        expect(page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True)).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Share or print")).to_be_in_viewport(ratio=1)
    share(page)
    expect(page.get_by_test_id("stPopoverBody")).to_be_in_viewport(ratio=1)


def test_the_line_of_the_sidebar_stays_in_view_and_what_scrolls_is_covered(visit: Visit) -> None:
    page = visit("pooling", viewport=WINDOW)
    choose_source(page, "Samples")
    settle(page)
    expect(page.get_by_role("button", name="Share or print")).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name="Worksheet").scroll_into_view_if_needed()
    for kept in (".st-key-digit", ".st-key-hand-on"):
        wrapper = page.locator(f"[data-testid=stLayoutWrapper]:has(> {kept})")
        expect(wrapper).to_be_in_viewport(ratio=1)
        assert not wrapper.evaluate("(each) => getComputedStyle(each).backgroundColor").endswith(", 0)"), "opaque"


def test_the_walkthrough_is_given_as_a_file_from_any_page(visit: Visit) -> None:
    page = visit("overview")
    share(page)
    with page.expect_download() as download:
        page.get_by_test_id("stPopoverBody").get_by_role("button", name="Download this walkthrough").click()
    assert download.value.suggested_filename == "walkthrough-project-3a.html"
