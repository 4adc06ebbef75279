"""Pictures for a network that reads no digits, in a real browser: from the folder of the command line, and pasted."""

import base64
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from model.networks import store
from tests import coloured
from tests.browser.conftest import OVERFLOWING, PHONE, Visit
from tests.browser.people import expect_chosen, shown
from tests.browser.test_uploads import GIVE
from tests.model.images.test_upload import saved
from tests.model.images.test_upload_in_colour import SCENE, scene
from tests.serving import serving, settle, show_sidebar


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a network of pictures in an app that was started with a folder of them."""
    place = tmp_path_factory.mktemp("pictured")
    for name in ("star", "cat"):
        (place / "images" / name).mkdir(parents=True)
        for number in range(3):
            Image.fromarray(SCENE // (number + 1)).save(place / "images" / name / f"{number}.png")
    environment = {"GLASS_NETWORKS": str(place / "networks"), "GLASS_PICTURES": str(place / "pictures")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", environment["GLASS_NETWORKS"])
        id = store.keep(coloured.write(place / "small.glass"))
    options = ("--", "--images", str(place / "images"))
    with serving(environment=environment, options=options) as address:
        yield f"{address}/training?net={id}"


@pytest.mark.slow(reason="waits for a picture that comes by the sidebar")
def test_a_picture_that_is_pasted_beside_another_uploader_goes_to_the_sidebar(visit: Visit, pictured: str) -> None:
    """The page for networks has an uploader for network files, and the sidebar shows samples."""
    page = visit(pictured.replace("/training", "/open"))
    expect(page.locator("[data-testid=stMain] [data-testid=stFileUploader]")).to_have_count(1)
    page.evaluate(GIVE, ["paste", base64.b64encode(saved(scene()).getvalue()).decode()])
    expect(page).to_have_url(re.compile(r"digit=picture-[0-9a-f]{32}(&|$)"))
    expect(page.locator("[data-testid=stMain] [data-testid=stAlert]")).to_have_count(0)


def choose_source(page: Page, name: str) -> None:
    show_sidebar(page)
    page.get_by_role("radiogroup", name="Choose a picture").get_by_role("radio", name=name).click()
    settle(page)


@pytest.mark.slow(reason="starts a server with a folder of pictures")
def test_a_picture_of_the_folder_and_a_pasted_one_are_shown_and_travel(visit: Visit, pictured: str) -> None:
    page = visit(pictured)
    expect(page.locator(".digit small")).to_have_text("drawn for this project, labelled circle")
    choose_source(page, "Folder")
    page.get_by_role("button", name="1.png, star").click()
    expect_chosen(page, digit="folder-star-1")
    expect(page.locator(".digit small")).to_have_text("1.png, labelled star")
    expect(page.locator('.grid [aria-pressed="true"]')).to_have_count(1)
    page.get_by_role("button", name="1.png, star").press("ArrowRight")
    page.get_by_role("button", name="2.png, star").press("Enter")
    expect_chosen(page, digit="folder-star-2")
    page.evaluate(GIVE, ["paste", base64.b64encode(saved(scene()).getvalue()).decode()])
    expect(page).to_have_url(re.compile(r"digit=picture-[0-9a-f]{32}(&|$)"))
    expect(page.locator(".digit small")).to_have_text("a picture of yours")
    elsewhere = visit(page.url, viewport=PHONE)
    settle(elsewhere)
    assert shown(elsewhere) == shown(page)
    expect(elsewhere.locator(".phone")).to_contain_text("The network predicts")
    show_sidebar(elsewhere)
    elsewhere.get_by_text("From the picture to the input").click()
    expect(elsewhere.locator(".fitting img")).to_have_count(6)
    assert elsewhere.evaluate(OVERFLOWING) == []
    page.go_back()
    expect(page.locator(".digit small")).to_have_text("2.png, labelled star")
