"""The page of the parameters in a real browser: its links."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import expect_chosen
from tests.serving import settle


def test_a_link_in_the_table_opens_a_tab_with_a_key_held_and_else_keeps_the_page(visit: Visit) -> None:
    page = visit("parameters?row=Conv2d-4&digit=project-8b")
    with page.context.expect_page() as opened:
        page.locator(".ledger").get_by_role("link", name="Conv2d-13").click(modifiers=["ControlOrMeta"])
    expect(opened.value.get_by_role("heading", name="Conv2d-13, worked out")).to_be_visible()
    settle(opened.value)
    expect_chosen(page, row="Conv2d-4")
    page.evaluate("window.same = true")
    table = page.get_by_role("region", name="The rows, printed and measured")
    for place, name in ((table, "Conv2d-13"), (page.locator(".mistakes"), "MaxPool2d-10"), (table, "Dropout-15")):
        place.get_by_role("link", name=name, exact=True).first.click()
        expect_chosen(page, row=name, digit="project-8b")
        settle(page)
        expect(page.get_by_role("heading", name=f"{name}, worked out")).to_be_in_viewport()
        expect(table.locator(".selected a")).to_have_text(name)
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.get_by_role("heading", name="MaxPool2d-10, worked out")).to_be_visible()
    assert page.evaluate("window.same")


def test_on_other_pages_links_are_the_browsers_again(visit: Visit) -> None:
    page = visit("parameters?row=Conv2d-4")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One digit through 23 rows")
    settle(page)
    page.evaluate("""() => {
      window.taken = null;
      const html = document.querySelector('[data-testid="stMain"] [data-testid="stHtml"]');
      html.insertAdjacentHTML("beforeend", `<a href="${location.href}" id="probe">probe</a>`);
      document.addEventListener("click", (e) => { window.taken = e.defaultPrevented; e.preventDefault(); });
      document.getElementById("probe").click();
    }""")
    assert page.evaluate("window.taken") is False
