"""What axe-core finds wrong for people who cannot see, hear, point or tell colours apart."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESKTOP, VIEWS, Visit
from tests.serving import choose_source

PHONE = {"width": 390, "height": 844}
GRAVE = {"serious", "critical"}


@pytest.mark.parametrize("path", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize(  # colours depend on the scheme alone, the layout on the viewport alone: two do for four
    ("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light on a desktop", "dark on a phone"]
)
def test_axe_finds_nothing_serious(visit: Visit, path: str, scheme: str, viewport: dict[str, int]) -> None:
    page = visit(path, color_scheme=scheme, viewport=viewport)
    grave = []
    sources = ("Samples", "Draw", "MNIST", "Upload") if not path else ("Samples",)  # the sidebar is the same
    for source in sources:
        choose_source(page, source)
        found = Axe().run(page).response["violations"]
        grave += [
            f"{source}: {each['id']} at {node['target']}"
            for each in found
            if each["impact"] in GRAVE
            for node in each["nodes"]
        ]
    assert grave == []
