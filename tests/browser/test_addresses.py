"""Addresses in a real browser: what a page asks the server for, and a page that is not there."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.people import expect_chosen
from tests.serving import settle


def missing_files(page: Page, address: str) -> list[str]:
    """Open an address, and return what the server did not find."""
    missing: list[str] = []
    page.on("response", lambda answer: missing.append(answer.url) if answer.status == 404 else None)
    page.goto(address)
    settle(page)
    return missing


@pytest.mark.parametrize("path", ["", "pooling?channel=3"], ids=["first page", "page below"])
def test_every_file_that_a_page_asks_for_is_there(visit: Visit, app: str, path: str) -> None:
    assert missing_files(visit(), f"{app}/{path}") == []


def test_a_page_that_streamlit_answers_asks_for_files_that_are_not_there(visit: Visit, app: str) -> None:
    """Show that the test above can fail: a page of no name has Streamlit's own HTML."""
    assert missing_files(visit(), f"{app}/nowhere")


def test_an_unknown_page_is_named_and_the_choices_stay(visit: Visit) -> None:
    page = visit("nowhere?digit=project-8a")
    expect(page.get_by_role("alert")).to_have_text(
        "The address asks for the page 'nowhere', which is not there. The sidebar lists all pages. Showing Overview "
        "instead."
    )
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect_chosen(page, digit="project-8a")


def test_the_first_page_has_a_name_too(visit: Visit) -> None:
    page = visit("overview?digit=project-8a")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("One digit through 23 rows")
