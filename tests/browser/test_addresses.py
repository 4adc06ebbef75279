"""Addresses in a real browser: what a page asks the server for, and a page that is not there."""

import pytest
from playwright.sync_api import Page, expect

from model.networks.catalogue import CATALOGUE
from tests.browser.conftest import Visit
from tests.browser.people import chosen, expect_chosen
from tests.sampling import few
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


def choose_network(page: Page, title: str) -> None:
    """Choose another network in the sidebar, without waiting for it."""
    page.get_by_test_id("stSidebar").get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name=title).click()


@pytest.mark.parametrize("gap", few([0, 20, 40], 1))
def test_who_goes_back_at_once_finds_address_and_page_together(visit: Visit, gap: int) -> None:
    """The browser hears of the choice when it has gone back already, and must not keep it in the address."""
    page = visit("layer_by_layer?net=padded")
    choose_network(page, CATALOGUE["residual"].title)
    expect_chosen(page, net="residual")
    settle(page)
    choose_network(page, CATALOGUE["lenet"].title)
    page.wait_for_timeout(gap)
    page.evaluate("history.back()")
    page.wait_for_timeout(1000)  # longer than any of the two runs
    settle(page)
    title = CATALOGUE[chosen(page, "net")].title
    expect(page.get_by_test_id("stSidebar").get_by_role("combobox", name="Network")).to_have_value(title)
