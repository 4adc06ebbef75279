"""Every view with networks of different make: no error, and nothing that is true of another network only."""

import functools
import re
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from torch import nn

from model.networks import BUILT_IN, store
from tests import any_network, own_networks
from tests.pages.conftest import FILES, file_of, forget, run, said, show, shown
from tests.sampling import few
from tests.views import VIEWS
from viz.dropout import cache as dropout

OF_ONE_NETWORK = {"row", "channel", "unit", "trail", "answers", "digit", "mute", "method", "rounds", "lesson"}
OF_THE_ASSIGNMENT = re.compile(r"10,066|23 rows|The notebook's figures|Conv2d-23|Dropout-21|AvgPool2d-22|MaxPool2d-10")
OF_DIGITS = re.compile(r"\bdigits?\b", re.IGNORECASE)
ABOUT_SEVERAL = {
    "design",
    "open",
    "compare",
    "about",
    "ten_questions",
    "lessons",
}  # pages that speak of other networks too
MADE = {
    "own, residual": own_networks.residual,
    "own, colours": own_networks.colours,
    "deep": any_network.deep,
    "every operation": any_network.everything,
}


@pytest.fixture(scope="module", autouse=True)
def _kept(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Keep networks in a folder of their own, and measure dropout on a tenth of the images: no number is looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASS_NETWORKS", str(tmp_path_factory.mktemp("networks")))
        patch.setattr(dropout, "_IMAGES", 100)
        yield
    forget()


@functools.cache
def id_of(name: str) -> str:
    return store.keep_bytes(MADE[name]()) if name in MADE else name


def link(view: str, net: str) -> tuple[str, dict[str, str]]:
    """Return the page of a view and its choices, without those that only the assignment's network has.

    A map by integrated gradients takes as few steps as it can: with all of them it is most of the time.
    """
    page, _, query = VIEWS[view].partition("?")
    chosen = {name: value for name, value in parse_qsl(query) if name not in OF_ONE_NETWORK}
    return page or "overview", {**chosen, "net": net, "steps": "10"}


def text_of(app: AppTest) -> str:
    """Return what a person reads on the page, without the sidebar and without markup."""
    html = re.sub(r"<style>.*?</style>|<[^>]*>", " ", shown(app), flags=re.DOTALL)
    return f"{html} {said(app)}"


# Networks of different kinds; each of the others is like one of them.
DIFFERENT = ["residual", "lenet", "basic", "shapes", "own, colours", "deep", "every operation"]
OTHERS = [net for net in (*BUILT_IN[1:], *MADE) if net not in DIFFERENT]


@pytest.mark.parametrize("net", few([*DIFFERENT, *OTHERS], len(DIFFERENT)))
def test_every_view(net: str) -> None:
    network = store.by_id(id_of(net))
    app, problems = run("overview", net=id_of(net)), list[str]()
    page = "overview"
    for view in VIEWS:
        other, chosen = link(view, id_of(net))
        if other != page:
            app.switch_page(file_of(other))
            page = other
        show(app, **chosen)
        problems += [f"{view}: {each.message} {each.stack_trace[-3:]}" for each in app.exception]
        problems += [f"{view}: {each.value}" for each in app.error]
        if page in ABOUT_SEVERAL:
            continue
        found = OF_THE_ASSIGNMENT.findall(text_of(app))
        problems += [f"{view} says {each}" for each in found if not _has(network.module, each)]
        if network.input.channels > 1:
            problems += [f"{view} says {each}" for each in OF_DIGITS.findall(text_of(app))]
    assert not problems, "\n".join(problems)


def _has(module: nn.Module, name: str) -> bool:
    """Whether a name of the assignment's network is also one of another's."""
    return any(node.name == name for node in module.graph.nodes)  # type: ignore[union-attr]


def test_every_page_has_a_view() -> None:
    assert {link(view, "")[0] for view in VIEWS} == {*FILES.values()}
