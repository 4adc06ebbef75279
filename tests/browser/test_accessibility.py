"""What axe-core finds wrong for people who cannot see, hear, point or tell colours apart."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESKTOP, Visit
from tests.serving import choose_source

PHONE = {"width": 390, "height": 844}
GRAVE = {"serious", "critical"}


VIEWS = {
    "overview": "",
    "feature maps": "feature_maps?row=Conv2d-7&channel=3",
    "layer by layer": "layer_by_layer?row=Conv2d-7&channel=3&trail=Conv2d-13.0.0.0",
    "receptive field": "receptive_field?row=Conv2d-7",
    "parameters": "parameters?row=Conv2d-7",
    "pooling": "pooling?channel=3&pool_guess=two",
    "head": "head",
    "head, two classes": "head?part=two",
    "head, mixing": "head?part=mix&mute=3.7&gain=-1&without=same",
    "head, softmax": "head?part=softmax&temperature=0.25",
    "dropout": "dropout?row=Dropout-9&digit=project-4or9&many=yes",
    "batch norm": "batch_norm?row=BatchNorm2d-8&channel=3",
}


@pytest.mark.parametrize("path", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
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
