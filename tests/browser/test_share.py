"""The link of a view in a real browser: copied, or selected where the browser does not let a page copy."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.serving import settle

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
    expect(page.get_by_text("Only this computer can open it")).to_be_visible()  # the tests' server listens at 127.0.0.1
    page.goto(link)
    settle(page)
    expect(page.get_by_role("heading", name="The arithmetic of Conv2d-7")).to_be_visible()


def test_a_page_that_may_not_copy_selects_the_link(visit: Visit) -> None:
    page = visit(VIEW)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    link = share(page)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("The link is selected")).to_be_visible()
    field = page.get_by_label("The link of this view")
    assert field.evaluate("(each) => each.value.slice(each.selectionStart, each.selectionEnd)") == link
