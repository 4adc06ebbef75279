"""Unknown values in the address, in Streamlit's simulator: every parameter of every page, alone and together."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from model.images import digits
from tests.pages.conftest import as_read, file_of, run
from tests.views import FIRST, VIEWS
from viz.app import address

SLOW = {"lie detector, asked"}  # more than 400 maps, and the same parameters as another view
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
    """Records which parameters each page reads, and opens addresses in an app."""

    def __init__(self, app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.asked = app, set[str]()
        read = address.read

        def noted(name: str, default: str) -> str:
            self.asked.add(name)
            return read(name, default)

        monkeypatch.setattr(address, "read", noted)

    def follow(self, page: str, link: dict[str, str]) -> AppTest:
        """Open a page with parameters, and check that it works."""
        app = self.app
        for name in list(app.query_params):
            del app.query_params[name]
        app.query_params.update(link)
        app.switch_page(file_of(page)).run()
        told = f"{page}: { {name: value[:60] for name, value in link.items()} }"
        assert not app.exception, f"{told}: {app.exception[0].value}"
        assert not app.error, told
        assert len(app.title) == 1, told
        assert all(len(each.value) < 500 and each.value.endswith((".", "instead")) for each in app.warning), told
        return app


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Watch(run("overview"), monkeypatch)


def views() -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    """Yield the name of every view, its page and its parameters."""
    for view, path in VIEWS.items():
        page, _, query = path.partition("?")
        if view not in SLOW:
            yield view, (page or "overview", dict(parse_qsl(query)))


@pytest.fixture(scope="module")
def read(watch: Watch) -> dict[str, set[str]]:
    """Return the parameters that each view reads."""
    found = {}
    for view, (page, link) in views():
        watch.asked.clear()
        watch.follow(page, link)
        found[view] = {*watch.asked}
    return found


@pytest.mark.slow(reason="opens every view many times")
@pytest.mark.parametrize("each", [1, pytest.param(3, marks=pytest.mark.exhaustive)], ids="{} words each".format)
def test_every_parameter_of_every_page_with_unknown_values(watch: Watch, read: dict[str, set[str]], each: int) -> None:
    tried, words = defaultdict[str, set[str]](set), itertools.cycle(WORDS)  # all parameters together get all words
    for view, (page, link) in views():
        for name in sorted(read[view] - tried[page]):
            tried[page].add(name)
            for word in (next(words) for _ in range(each)):
                watch.follow(page, {**link, name: word})
    assert all("digit" in names for names in tried.values())
    assert {"unit", "trail", "answers"} <= tried["layer_by_layer"], "read parameters are recorded"
    assert len(set[str]().union(*tried.values())) > 40
    looked_at = dict(views()) if each > 1 else {view: found for view, found in views() if view in FIRST.values()}
    for page, link in looked_at.values():  # what another part of the page shows is noticed too
        nonsense = dict.fromkeys(tried[page] - link.keys(), "zzzz")
        app = watch.follow(page, {**link, **nonsense})
        noticed = [as_read(warning.value) for warning in app.warning]
        assert "digit" in link or any(said.startswith("There is no digit 'zzzz'. ") for said in noticed)
        assert "net" not in nonsense or any(said.startswith("There is no network 'zzzz'. ") for said in noticed)
        for name in nonsense.keys() - {"digit", "net", "with"}:
            assert [said for said in noticed if said.startswith(f"The link asks for {name} 'zzzz'. ")], (page, name)


def test_unknown_value_is_named_and_the_address_stays(watch: Watch) -> None:
    app = watch.follow("feature_maps", {"digit": "project-8a", "row": "Conv2d-99", "channel": "3"})
    (warning,) = app.warning
    assert warning.value.startswith("The link asks for row 'Conv2d-99'. It can be Conv2d-1, ReLU-1, BatchNorm2d-2, ")
    assert app.selectbox("widget-channel").value == "3"
    assert app.query_params["row"] == "Conv2d-99"
    assert app.query_params["digit"] == "project-8a"


UNHURRIED = [HealthCheck.too_slow]  # a busy computer is no fault
VALUES = st.sampled_from([*WORDS, *MAKES_SENSE]) | st.text(max_size=12)
QUICK = {view: each for view, each in views() if each[0] not in {"saliency", "lie_detector"}}


def changes(names: list[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(names), VALUES, max_size=6)


@pytest.fixture(scope="module")
def names(read: dict[str, set[str]]) -> list[str]:
    """Return the parameters that the quick pages read."""
    quick = set[str]().union(*(read[view] for view in QUICK))
    return sorted(quick - {"many", "live"})  # these start work of several seconds


@pytest.mark.slow(reason="opens every view many times")
@settings(max_examples=25, suppress_health_check=UNHURRIED)
@given(st.data())
def test_random_parameters_never_fail(watch: Watch, names: list[str], data: st.DataObject) -> None:
    page, link = data.draw(st.sampled_from([*QUICK.values()]))
    watch.follow(page, {**link, **data.draw(changes(names))})


@pytest.mark.slow(reason="opens a page for each of many examples")
@settings(max_examples=25, suppress_health_check=UNHURRIED)
@given(
    st.text(max_size=60)
    | st.sampled_from(["drawn-", "upload-", "test-", "project-"]).flatmap(
        lambda source: st.text(max_size=40).map(lambda rest: source + rest)
    )
)
def test_random_digit_never_fails(watch: Watch, digit: str) -> None:
    app = watch.follow("overview", {"digit": digit})
    shown = [each.value for each in app.warning]
    if digit and digit not in {sample.key for sample in digits.samples()} and not digit.startswith(("test-", "drawn-")):
        assert len(shown) == 1
