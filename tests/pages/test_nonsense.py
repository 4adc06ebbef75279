"""Nonsense in the link, in Streamlit's own simulator: every parameter of every page, alone and together."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from model.images import digits
from tests.pages.conftest import as_read, run
from tests.views import VIEWS
from viz.app import address

SLOW = {"lie detector, asked"}  # more than 400 maps; its parameters are those of the lie detector
WORDS = [
    "",
    "nonsense",
    "\u202e\x00<b>",
    "9" * 5_000,
    "-1",
    "1.5",
    "nan",
    "²",
    "٣.٣",
    "1.2.3",
    "0000099.0",
    "a_b~_~.",
    "Conv2d-7.0.0.0~Conv2d-1.1.1.99",
    "Conv2d-7_unit.0.0.0.00000000_3~Conv2d-7_shape_" + "[" * 2_000,
]
MAKES_SENSE = ["yes", "0", "1", "3.7", "0.0", "image", "flatten", "Conv2d-23", "Dropout-9", "all", "mean", "two", "1l"]


class Watch:
    """Notes which parameters each page reads, and leads an app through links."""

    def __init__(self, app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.asked = app, set[str]()
        read = address.read

        def noted(name: str, default: str) -> str:
            self.asked.add(name)
            return read(name, default)

        monkeypatch.setattr(address, "read", noted)

    def follow(self, page: str, link: dict[str, str]) -> AppTest:
        """Open a page with what a link says, and return the app when it has made the best of it."""
        app = self.app
        for name in list(app.query_params):
            del app.query_params[name]
        app.query_params.update(link)
        app.switch_page(f"../pages/{page}.py").run()
        told = f"{page}: { {name: value[:60] for name, value in link.items()} }"
        assert not app.exception, f"{told}: {app.exception[0].value}"
        assert not app.error, told
        assert len(app.title) == 1, told
        assert all(len(each.value) < 500 and each.value.endswith((".", "instead")) for each in app.warning), told
        return app


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(run("overview"), monkeypatch)


def views() -> Iterator[tuple[str, dict[str, str]]]:
    """Return every view of every page, as a link says it."""
    for view, path in VIEWS.items():
        page, _, query = path.partition("?")
        if view not in SLOW:
            yield page or "overview", dict(parse_qsl(query))


def test_each_parameter_of_each_page_may_be_nonsense(watch: Watch) -> None:
    """No list of parameters is kept here: those are tried that the page has just asked for."""
    tried, words = defaultdict[str, set[str]](set), itertools.cycle(WORDS)  # each gets some, all get all
    for page, link in views():
        watch.asked.clear()
        watch.follow(page, link)
        for name in sorted(watch.asked - tried[page]):
            tried[page].add(name)
            for word in (next(words) for _ in range(4)):
                watch.follow(page, {**link, name: word})
    assert all("digit" in names for names in tried.values())
    assert {"unit", "trail", "answers"} <= tried["layer_by_layer"], "what is asked for is seen"
    assert len(set[str]().union(*tried.values())) > 40
    for page, link in views():  # what another part of the page shows is noticed too
        nonsense = dict.fromkeys(tried[page] - link.keys(), "zzzz")
        app = watch.follow(page, {**link, **nonsense})
        noticed = [as_read(each.value) for each in app.warning]
        assert "digit" in link or any(each.startswith("There is no digit 'zzzz'. ") for each in noticed)
        for name in nonsense.keys() - {"digit"}:
            assert [each for each in noticed if each.startswith(f"The link asks for {name} 'zzzz'. ")], (page, name)


def test_nonsense_is_named_and_stays_in_the_link_and_so_does_what_makes_sense(watch: Watch) -> None:
    app = watch.follow("feature_maps", {"digit": "project-8a", "row": "Conv2d-99", "channel": "3"})
    (warning,) = app.warning
    assert warning.value.startswith("The link asks for row 'Conv2d-99'. It can be Conv2d-1, ReLU-1, BatchNorm2d-2, ")
    assert app.selectbox("widget-channel").value == "3"
    assert app.query_params["row"] == "Conv2d-99"
    assert app.query_params["digit"] == "project-8a"


UNHURRIED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # one app for all; a busy computer is no fault
VALUES = st.sampled_from([*WORDS, *MAKES_SENSE]) | st.text(max_size=12)
QUICK = [(page, link) for page, link in views() if page not in {"saliency", "lie_detector"}]


def changes(names: list[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(names), VALUES, max_size=6)


@pytest.fixture
def names(watch: Watch) -> list[str]:
    """Return the parameters that any quick page asks for."""
    for page, link in QUICK:
        watch.follow(page, link)
    return sorted(watch.asked - {"many", "live"})  # these begin work that takes seconds


@settings(max_examples=60, suppress_health_check=UNHURRIED)
@given(st.data())
def test_any_parameters_together_are_made_the_best_of(watch: Watch, names: list[str], data: st.DataObject) -> None:
    page, link = data.draw(st.sampled_from(QUICK))
    watch.follow(page, {**link, **data.draw(changes(names))})


@settings(max_examples=25, suppress_health_check=UNHURRIED)
@given(
    st.text(max_size=60)
    | st.sampled_from(["drawn-", "upload-", "test-", "project-"]).flatmap(
        lambda source: st.text(max_size=40).map(lambda rest: source + rest)
    )
)
def test_any_digit_is_one_or_a_sentence(watch: Watch, digit: str) -> None:
    app = watch.follow("overview", {"digit": digit})
    shown = [each.value for each in app.warning]
    if digit and digit not in {sample.key for sample in digits.samples()} and not digit.startswith(("test-", "drawn-")):
        assert len(shown) == 1
