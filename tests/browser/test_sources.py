"""Digits from elsewhere in a real browser: uploads, and MNIST, there or not."""

import io
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from model.images import digits
from model.images.strokes import rasterize
from tests.browser.conftest import Visit
from tests.browser.people import (
    HAND,
    chosen,
    expect_chosen,
    expect_read,
    sample,
    shown,
)
from tests.serving import choose_source, settle


def png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def upload(page: Page, content: bytes) -> None:
    choose_source(page, "Upload")
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(
        [FilePayload(name="digit.png", mimeType="image/png", buffer=content)]
    )
    settle(page)


def test_a_picture_of_dark_ink_on_light_paper_is_read_and_travels(visit: Visit) -> None:
    page = visit()
    upload(page, png(230 - np.pad(rasterize(HAND["2a"]), 30) // 2))
    expect_read(page, 2, "a picture of yours")
    expect(page).to_have_url(re.compile("digit=upload-"))
    elsewhere = visit(page.url)
    expect_read(elsewhere, 2, "a picture of yours")
    assert shown(elsewhere) == shown(page)


BAD = {
    "not a picture that can be opened": b"no picture at all",
    "shows no ink": png(np.zeros((50, 50), np.uint8)),
    "is damaged": png(rasterize(HAND["2a"]))[:-40],
}


def test_a_bad_upload_is_answered_by_a_sentence_and_the_digit_stays(visit: Visit) -> None:
    page = visit("?digit=project-8b")
    for sentence, content in BAD.items():
        upload(page, content)
        expect(page.get_by_test_id("stAlert")).to_contain_text(sentence)
        expect_read(page, 8, re.compile("labelled 8"))
        expect_chosen(page, digit="project-8b")


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
