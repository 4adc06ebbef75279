"""Links that somebody with harm in mind sends to a class: what they hold is shown as it is, and does nothing."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.sampling import few
from tests.serving import choose_source, settle

IMAGE = "<img src=x onerror=hurt=1>"
SCRIPT = "<script>hurt=1</script>"
LINK = "[a](http://example.org)"
PICTURE = "![a](http://example.org/a.png)"
MATHEMATICS = "$x^2$ :red[a] **a** `a` # a"
ADDRESS = "http://example.org www.example.org"
NEW_LINES = "a\n\n# a\n\n- a"
LINKS = {
    "feature_maps": {"digit": LINK, "row": IMAGE, "channel": PICTURE, "scale": MATHEMATICS},
    "layer_by_layer": {
        "row": ADDRESS,
        "unit": SCRIPT,
        "trail": LINK,
        "ask": IMAGE,
        "answers": f"{IMAGE}~{LINK}_{LINK}",
    },
    "dropout": {"digit": IMAGE, "seed": NEW_LINES, "drop_view": SCRIPT},
}
# Everything that Streamlit could have made of a hostile text: in the notices nothing but text may stand.
MADE = "a, img, h1, li, code, strong, em, script, iframe, .katex, span[style], [data-testid='stMarkdownColoredText']"


def notices(page: Page) -> str:
    """Return all notices as text, without the joiners that keep addresses apart."""
    return "\n".join(page.get_by_test_id("stAlert").all_inner_texts()).replace("\u2060", "")


def assert_harmless(page: Page) -> None:
    assert page.evaluate("typeof hurt") == "undefined"
    assert page.get_by_test_id("stAlert").locator(MADE).count() == 0
    assert page.locator('a[href*="//example.org"], img[src="x"]').count() == 0


@pytest.mark.parametrize("name", few(["layer_by_layer", "feature_maps", "dropout"], 1))
def test_a_hostile_link_is_shown_as_it_is(visit: Visit, name: str) -> None:
    page = visit(f"{name}?{urlencode(LINKS[name])}")
    assert_harmless(page)
    shown = notices(page)
    for value in LINKS[name].values():
        if value != LINK and not value.startswith(f"{IMAGE}~"):
            assert re.sub(r"\s+", " ", value)[:40] in shown, shown


def test_a_hostile_file_is_named_as_it_is(visit: Visit) -> None:
    page = visit()
    choose_source(page, "Upload")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": f"{IMAGE}.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    settle(page)
    assert "It must be a PNG, JPEG, WebP, BMP, GIF or HEIC file." in notices(page)
    assert_harmless(page)
