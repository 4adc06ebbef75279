"""The dropout page as a class meets it: thirty people at once, and a mask that can be taken back."""

import re
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Page, expect

from model.dropout import passes
from model.dropout.records import DropoutPlan, Passes
from model.images import digits
from model.networks import by_id
from model.trace import record
from tests.browser.conftest import Visit
from tests.serving import settle
from tests.sessions import html_of

KEYS = [sample.key for sample in digits.samples()]
PEOPLE = [
    {
        "digit": KEYS[number % 7],
        "seed": str(137 * number),
        "p": f"{number % 19 / 20:.2f}",
        "drop_view": ("mask", "many")[number % 2],
        "passes": "30",
        "changes": "none",
    }
    for number in range(30)
]


def expected(link: dict[str, str]) -> tuple[str, str]:
    """Return both digests, from the model alone."""
    network, seed, p = by_id("assignment").module, int(link["seed"]), float(link["p"])
    x, first = digits.to_input(digits.find(link["digit"])), seed // 1000 * 1000
    off = record(network, x)
    drawn = passes.draw_masks(network, off, DropoutPlan(p, seed=first), int(link["passes"]))
    many = Passes(off.probabilities, passes.probabilities(network, x, drawn), first)
    on = record(network, x, plan=DropoutPlan(p, seed=seed))
    found = passes.digest_of_trace(on) if link["drop_view"] == "mask" else passes.digest_of_passes(many)
    return found, passes.digest_of_weights(network)


def digests_in(html: str) -> tuple[str, str]:
    found = re.search(r'digest(?:="|":")(\w+)"(?: data-|,")weights(?:="|":")(\w+)"', html)
    assert found, html[:500]
    return found[1], found[2]


def test_thirty_people_at_once_each_see_what_they_would_see_alone(app: str) -> None:
    with ThreadPoolExecutor(len(PEOPLE)) as people:
        seen = [digests_in(html) for html in people.map(lambda link: html_of(app, "dropout", link), PEOPLE)]
    wanted = [expected(link) for link in PEOPLE]
    assert seen == wanted
    assert len({digest for digest, _ in seen}) == len(PEOPLE), "no two of them asked for the same"
    (after,) = {digests_in(html_of(app, "dropout", link))[1] for link in PEOPLE[:2]}
    assert after == passes.digest_of_weights(by_id("assignment").module)


def digest(page: Page) -> str:
    return str(page.locator(".masks").get_attribute("data-digest"))


def test_a_new_mask_can_be_taken_back_with_the_browser(visit: Visit) -> None:
    page = visit("dropout?digit=project-4or9&seed=5")
    first = digest(page)
    page.get_by_role("button", name="Next mask").click()
    expect(page.locator(".masks")).not_to_have_attribute("data-digest", first)
    assert "seed=6" in page.url
    settle(page)
    page.go_back()
    expect(page.locator(".masks")).to_have_attribute("data-digest", first)
    assert "seed=5" in page.url
    settle(page)
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_label("Mask (seed)")).to_have_value("4")
