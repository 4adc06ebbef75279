"""Open a network in a real browser: a file is dropped, its table is read, and a link leads on with the network."""

import re

from playwright.sync_api import FilePayload, Page, expect

from model import trace
from model.images import digits, inputs
from model.kept_files import hash_of
from model.networks.file import read
from model.records import IMAGE
from tests.browser.conftest import Visit
from tests.browser.controls import MAIN
from tests.browser.inspection import OF_A_NETWORK, inspect, told
from tests.browser.people import chosen, expect_chosen
from tests.own_networks import colours, residual
from tests.serving import settle

ID = hash_of(residual())


def give(page: Page, content: bytes, name: str = "net.glass") -> None:
    """Put a file into the uploader of the page."""
    file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.get_by_test_id("stMain").locator("input[type=file]").set_input_files(file)
    settle(page)


def drop(page: Page, content: bytes) -> None:
    """Drop a file on the uploader, as a mouse does."""
    data = page.evaluate_handle(
        """(bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "net.glass"));
          return data;
        }""",
        [*content],
    )
    page.get_by_test_id("stMain").get_by_test_id("stFileUploaderDropzone").dispatch_event(
        "drop", {"dataTransfer": data}
    )
    expect_chosen(page, net=hash_of(content))
    settle(page)


def test_a_dropped_network_is_understood_and_shown_layer_by_layer(visit: Visit) -> None:
    page = visit("open?digit=project-7a")
    drop(page, residual())
    main = page.get_by_test_id("stMain")
    expect(main.get_by_role("heading", name="A residual network").first).to_be_visible()
    expect(main.get_by_text("the largest difference is 0.")).to_be_visible()
    row = main.get_by_role("row", name=re.compile("^Conv2d-2"))
    expect(row).to_contain_text("4 × 13 × 13")
    row.get_by_role("link").click()
    page.wait_for_url("**/layer_by_layer?**")
    settle(page)
    expect_chosen(page, net=ID, row="Conv2d-2", digit="project-7a")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Conv2d-2")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("386 parameters")


def test_nothing_is_wrong_with_the_views_of_a_network_of_ones_own(visit: Visit) -> None:
    page = visit("open")
    give(page, residual())
    found = inspect(page, MAIN)
    assert not found, told(found)
    page.goto(page.url.replace("open?", "compare?with=assignment&"))
    settle(page)
    found = inspect(page, MAIN, only=OF_A_NETWORK)
    assert not found, told(found)


def test_hostile_files_are_sentences_and_nothing_is_lost(visit: Visit) -> None:
    page = visit("open?digit=project-7a")
    for content in (b"", b"a list of things to buy", residual()[: len(residual()) // 2]):
        give(page, content)
        expect(page.get_by_test_id("stMain").get_by_role("alert")).to_contain_text("The network before it stays.")
        assert chosen(page, "digit") == "project-7a"
        assert not chosen(page, "net")


def test_two_tabs_with_two_networks_stay_apart(visit: Visit) -> None:
    one, other = visit("open"), visit("open")
    give(one, residual())
    give(other, colours())
    for page, network, parameters in ((one, residual(), "386"), (other, colours(), "491")):
        page.reload()
        settle(page)
        expect_chosen(page, net=hash_of(network))
        expect(page.get_by_test_id("stSidebar")).to_contain_text(f"{parameters} parameters")


def test_a_card_is_opened_without_loading_the_page_again(visit: Visit) -> None:
    page = visit("open")
    give(page, residual())
    page.evaluate("window.same = true")
    page.locator(".networks").get_by_role("link", name="The assignment's network").click()
    expect_chosen(page, net="assignment")
    settle(page)
    assert page.evaluate("window.same")
    page.locator(".networks").get_by_role("link", name="A residual network").click()
    expect_chosen(page, net=ID)


def test_a_logit_is_followed_back_to_a_pixel_through_the_other_way_of_an_add(visit: Visit) -> None:
    """By clicks alone; each value on the way is the trace's. At the add the branch with two convolutions is taken."""
    network = read(residual())
    recorded = trace.record(network.module, inputs.to_input(digits.find("project-3a").pixels, network.input))
    page = visit("open?digit=project-3a")
    drop(page, residual())
    page.get_by_test_id("stSidebar").get_by_role("link", name="Layer by layer").click()
    page.wait_for_url("**/layer_by_layer?**")
    settle(page)
    page.get_by_role("button", name="Last row").click()
    expect_chosen(page, row="Conv2d-4")
    settle(page)
    names = ["Conv2d-4"]
    while names[-1] != IMAGE:
        unit = tuple(map(int, str(page.locator(".workings").get_attribute("data-unit")).split(".")[-3:]))
        value = f"{recorded[names[-1]].maps[unit]:z.4f}".replace("-", "−")
        expect(page.locator(".verdict")).to_have_text(f"Recorded by the network: {value}")
        source = recorded[names[-1]].inputs[-1]  # of an add the second
        term = page.locator(".cells button:visible, .list button:visible").filter(has_text=re.compile(r"[1-9]"))
        term = term.and_(page.locator(f'[aria-label^="{source} map"]'))
        where = tuple(map(int, str(term.last.get_attribute("data-unit")).split(".")))
        shown = str(term.last.get_attribute("data-value"))
        assert shown == f"{recorded.maps_of(source)[where]:z.3f}".replace("-", "−")
        term.last.click()
        expect_chosen(page, row=source)
        settle(page)
        names.append(source)
    assert names == [
        *("Conv2d-4", "adaptive_avg_pool2d-3", "relu-3", "add-3", "Conv2d-3", "relu-2", "Conv2d-2"),
        *("max_pool2d-1", "relu-1", "Conv2d-1", "image"),
    ]
    trail = page.get_by_role("group", name="Trail to this unit").get_by_role("link")
    expect(trail).to_have_count(len(names))
    expect(trail.nth(4)).to_contain_text("Conv2d-3")
