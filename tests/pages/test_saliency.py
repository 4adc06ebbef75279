"""The saliency page in Streamlit's own simulator."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from model import trace
from model.images import digits
from model.images.inputs import DIGIT
from model.networks.assignment import weights
from model.saliency import BASELINES, METHODS, attribute
from model.saliency.records import Attribution, Method
from model.trace.records import Trace
from tests.pages.conftest import as_read, assert_works, component, file_of, run, said, show, shown
from tests.sampling import few
from tests.viz.saliency.test_figures import number
from viz.saliency import figures

PAGE, TITLE = "saliency", "Saliency"
KEY = "project-4or9"
BLANK = {"digit": "project-1a", "method": "grad_cam", "cam": "MaxPool2d-10", "explain": "difference"}
# One method for each kind of control: none, a baseline and a seed, a layer.
ORDERED = [*dict.fromkeys(("saliency", "gradient_shap", "grad_cam", *METHODS))]
each_method = pytest.mark.parametrize("method", few([METHODS[name] for name in ORDERED], 3, ORDERED))


@pytest.fixture(scope="module", autouse=True)
def _fresh_caches() -> Iterator[None]:
    """Keep the maps for all tests of this file: what one test computes, another can show."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def opened() -> AppTest:
    return run(PAGE, digit=KEY)


@pytest.fixture(scope="module")
def traced() -> Trace:
    return trace.record(weights.load(), digits.to_input(digits.find(KEY)))


@pytest.fixture(scope="module")
def ranking(traced: Trace) -> list[int]:
    return (-traced.logits).argsort(kind="stable").tolist()  # type: ignore[no-any-return]  # plain ints by now


def explained(target: int, method: str, **asked: Any) -> Attribution:
    return attribute(weights.load(), digits.to_input(digits.find(KEY)), target, method, **asked)


def assert_on_stage(app: AppTest, expected: Attribution, *, absolute: bool = False) -> None:
    """Assert that the page shows this map over the digit, with all values, and its sums."""
    values = np.abs(expected.values) if absolute else expected.values
    told = [number(each) for each in component(app, "value_map")["values"]]
    np.testing.assert_allclose(told, values.ravel(), atol=6e-5)
    assert figures.sums(expected, METHODS[expected.method]) in shown(app)


# --- One method


@each_method
def test_one_method_shows_map_description_and_options(opened: AppTest, method: Method, ranking: list[int]) -> None:
    app = show(opened, digit=KEY, method=method.name)
    assert_works(app, TITLE)
    assert_on_stage(app, explained(ranking[0], method.name))
    assert figures.about(method) in shown(app)
    assert ('class="baseline"' in shown(app)) == method.uses_baseline
    names = {f"widget-{option.name}" for option in method.options}
    controls = {each.key for kind in ("selectbox", "select_slider", "button_group") for each in app.get(kind)}
    assert names <= controls
    assert ("widget-draw" in controls) == method.is_random
    assert ("widget-cam" in controls) == method.uses_layer
    assert len(app.get("download_button")) == 1 + method.uses_baseline


OPTIONS = [
    ("gradient_shap", "noise", "0.29"),
    ("guided_grad_cam", "relu", "0"),
    ("integrated_gradients", "steps", "10"),
    ("smooth_grad", "samples", "3"),
    ("occlusion", "stride", "3"),
    ("feature_ablation", "block", "7"),
    ("lrp", "epsilon", "0"),
]


@pytest.mark.parametrize("chosen", few(OPTIONS, 2, [option for _, option, _ in OPTIONS]))
def test_option_is_kept_in_the_address_and_changes_the_map(
    opened: AppTest, chosen: tuple[str, str, str], ranking: list[int]
) -> None:
    method, option, value = chosen
    app = show(opened, digit=KEY, method=method)
    controls = [*app.select_slider, *app.button_group]
    next(each for each in controls if each.key == f"widget-{option}").set_value(value).run()
    assert_works(app, TITLE)
    assert app.query_params[option] == value
    assert_on_stage(app, explained(ranking[0], method, options={option: float(value)}))
    usual = explained(ranking[0], method)
    with pytest.raises(AssertionError):
        assert_on_stage(app, usual)


def test_seed_changes_the_map(opened: AppTest, ranking: list[int]) -> None:
    app = show(opened, digit=KEY, method="smooth_grad")
    app.selectbox("widget-draw").set_value("7").run()
    assert app.query_params["draw"] == "7"
    assert_on_stage(app, explained(ranking[0], "smooth_grad", seed=7))


def test_grad_cam_uses_the_chosen_layer(opened: AppTest, ranking: list[int]) -> None:
    app = show(opened, digit=KEY, method="grad_cam")
    assert app.selectbox("widget-cam").value == "Conv2d-19"
    app.selectbox("widget-cam").set_value("MaxPool2d-10").run()
    assert_works(app, TITLE)
    assert_on_stage(app, explained(ranking[0], "grad_cam", layer="MaxPool2d-10"))
    names = app.selectbox("widget-cam").options
    for name in (names[0], names[-1]):
        assert_works(show(opened, digit=KEY, method="grad_cam", cam=name), TITLE)


def test_score_is_chosen_and_named(opened: AppTest, ranking: list[int]) -> None:
    first, second, third, *_ = ranking
    app = show(opened, digit=KEY, method="input_x_gradient")
    assert f"logit of {first}" in said(app)
    app.selectbox("widget-explain").set_value("log_probability").run()
    assert_on_stage(app, explained(first, "input_x_gradient", output="log_probability"))
    assert f"log-probability of {first}" in said(app)
    app.selectbox("widget-explain").set_value("difference").run()
    assert app.selectbox("widget-against").value == str(second)
    assert_on_stage(app, explained(first, "input_x_gradient", output="difference", against=second))
    app.selectbox("widget-against").set_value(str(third)).run()
    assert_works(app, TITLE)
    assert app.query_params["against"] == str(third)
    assert f"logit of {first} less that of {third}" in said(app)
    app.button_group("widget-target").set_value("0").run()
    assert_works(app, TITLE)
    assert_on_stage(app, explained(0, "input_x_gradient", output="difference", against=third))


def test_other_class_changes_if_it_becomes_the_target(ranking: list[int]) -> None:
    first, second, third, *_ = ranking
    app = run(PAGE, digit=KEY, explain="difference", against=str(third))
    app.button_group("widget-target").set_value(str(third)).run()
    assert_works(app, TITLE)
    assert app.selectbox("widget-against").value == str(first)
    assert str(third) not in app.selectbox("widget-against").options
    app = run(PAGE, digit=KEY, explain="difference", target=str(first), against=str(first))  # as the head's link may be
    assert_works(app, TITLE)
    assert app.selectbox("widget-against").value == str(second)


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_is_shown_as_a_picture(opened: AppTest, name: str, ranking: list[int]) -> None:
    app = show(opened, digit=KEY, method="deep_lift", baseline=name)
    assert_works(app, TITLE)
    expected = explained(ranking[0], "deep_lift", baseline=name)
    assert_on_stage(app, expected)
    assert figures.baseline(expected, DIGIT) in shown(app)
    assert figures.say_baseline(expected, BASELINES[name]) in said(app)
    assert ("widget-draw" in {each.key for each in app.selectbox}) == (name == "noise")


@pytest.mark.parametrize("method", [method for method in METHODS.values() if "log_probability" not in method.outputs])
def test_method_without_log_probability_says_so(opened: AppTest, method: Method, ranking: list[int]) -> None:
    app = show(opened, digit=KEY, method=method.name, explain="log_probability")
    assert not app.exception
    assert f"{method.title} cannot explain this score. It explains the logit instead." in [
        each.value for each in app.caption
    ]
    assert_on_stage(app, explained(ranking[0], method.name))
    assert_works(show(opened, digit=KEY, method=method.name, explain="difference"), TITLE)


def test_style_is_kept_in_the_address(ranking: list[int]) -> None:
    expected = explained(ranking[0], "input_x_gradient")
    app = run(PAGE, digit=KEY, method="input_x_gradient")
    assert component(app, "value_map")["opacity"] == 1
    assert "percentile" not in said(app), "clipping is off where nothing is chosen"
    assert figures.say(expected, METHODS["input_x_gradient"], figures.MapStyle()) in said(app)
    app.button_group("widget-signs").set_value("absolute").run()
    app.toggle("widget-clip").set_value(True).run()
    (opacity,) = (each for each in app.select_slider if each.key == "widget-opacity")
    opacity.set_value("40").run()
    assert_works(app, TITLE)
    kept = {name: app.query_params[name] for name in ("signs", "clip", "opacity")}
    assert kept == {"signs": "absolute", "clip": "yes", "opacity": "40"}
    assert_on_stage(app, expected, absolute=True)
    assert component(app, "value_map")["opacity"] == 0.4
    assert figures.say(expected, METHODS["input_x_gradient"], figures.MapStyle(True, True, 40)) in said(app)
    again = run(PAGE, digit=KEY, method="input_x_gradient", **kept)
    assert shown(again) == shown(app)
    assert component(again, "value_map") == component(app, "value_map")


@pytest.mark.usefixtures("speaking_against")
def test_blank_map_gives_the_reason() -> None:
    app = run(PAGE, **BLANK, target="9", against="4", relu="1")
    assert_works(app, TITLE)
    assert "no place raises the logit of 9 less that of 4" in said(app)
    app.button_group("widget-relu").set_value("0").run()
    assert_works(app, TITLE)
    assert "The map is blank" not in said(app)
    assert "0 of 784 pixels raise" in said(app)


# --- Many maps


@pytest.fixture(scope="module")
def everything(ranking: list[int]) -> dict[str, Attribution]:
    return {name: explained(ranking[0], name) for name in METHODS}


def test_all_methods_are_shown_side_by_side(opened: AppTest, everything: dict[str, Attribution]) -> None:
    app = show(opened, digit=KEY, map_view="all")
    assert_works(app, TITLE)
    html = shown(app)
    for name, each in everything.items():
        picture = figures.grid({name: ""}, {name: each}, str).split('src="')[1].split('"')[0]
        assert picture in html, name
    assert 'class="pending"' not in html
    assert "One scale for all:" not in html
    assert "Computed in" in said(app)
    app.button_group("widget-map_scale").set_value("all").run()
    assert_works(app, TITLE)
    assert app.query_params["map_scale"] == "all"
    most = max(np.abs(each.values).max() for each in everything.values())
    assert f"{most:.3f}" in shown(app).split("One scale for all:")[1]


def test_table_of_sums_can_be_unfolded(everything: dict[str, Attribution]) -> None:
    app = run(PAGE, digit=KEY, map_view="all")
    assert "The sum of each map" not in shown(app)
    app.session_state["numbers"] = True
    app.run()
    assert_works(app, TITLE)
    table = figures.table({name: method.title for name, method in METHODS.items()}, everything, METHODS)
    for cells in zip(*table.values(), strict=True):
        assert "".join(f"<td>{cell}</td>" for cell in cells[1:]) in shown(app)


def test_tile_links_to_its_map(opened: AppTest) -> None:
    """With default options, also if the address holds others."""
    app = show(opened, digit=KEY, map_view="all", noise="0.9", cam="Conv2d-1", draw="4", baseline="noise", clip="yes")
    assert_works(app, TITLE)
    _, *tiles = shown(app).partition("attributions")[2].split("<li>")
    links = [tile.split('href="')[1].split('"')[0].replace("&amp;", "&") for tile in tiles]
    assert len(links) == len(METHODS)
    for name, link in zip(METHODS, links, strict=True):
        page, _, query = link.partition("?")
        chosen = dict(pair.split("=") for pair in query.split("&"))
        assert page == PAGE
        assert chosen == {"digit": KEY, "method": name, "baseline": "noise", "clip": "yes"}


def test_all_methods_without_log_probability_say_so(opened: AppTest) -> None:
    app = show(opened, digit=KEY, map_view="all", explain="log_probability")
    assert not app.exception
    unable = [method.title for method in METHODS.values() if "log_probability" not in method.outputs]
    assert re.findall(r"<b>([^<]+): logit</b>", shown(app)) == unable


@pytest.mark.parametrize("method", few(["saliency", "guided_grad_cam", "feature_ablation"], 2))
def test_one_method_through_the_network(opened: AppTest, method: str, ranking: list[int], traced: Trace) -> None:
    app = show(opened, digit=KEY, map_view="through", method=method)
    assert_works(app, TITLE)
    names = [row.name for row in traced.rows if "Dropout" not in row.name and row.output.shape[1:] != (1, 1)]
    maps = {name: explained(ranking[0], method, at=name or None) for name in ["", *names]}
    html = figures.grid({name: name or "The digit" for name in maps}, maps, lambda _: "", show_times=False)
    told = [each.split("</span>")[0] for each in html.split("<span>sum ")[1:]]
    assert [each.split("</span>")[0] for each in shown(app).split("<span>sum ")[1:]] == told
    assert len(told) == 15
    by = ", by Conv2d-19" * METHODS[method].uses_layer
    assert f"<b>The digit{by}</b>" in shown(app)
    for name in names:
        assert f"layer_by_layer?digit={KEY}&amp;map_view=through&amp;method={method}&amp;row={name}" in shown(app)


# --- The address


def without_links(html: str) -> str:
    """Leave out links, and the address that is printed at the foot of each sheet: both carry what was asked."""
    return re.sub(r' href="[^"]*"|content: "[^"]*"', "", html)


@pytest.mark.parametrize(
    ("name", "value", "also"),
    [
        ("map_view", "every", {}),
        ("method", "astrology", {}),
        ("method", "<script>", {}),
        ("target", "10", {}),
        ("explain", "everything", {}),
        ("against", "-1", {"explain": "difference"}),
        ("baseline", "white", {}),
        ("cam", "ReLU-1", {"method": "grad_cam"}),
        ("relu", "0.5", {"method": "grad_cam"}),
        ("steps", "100000", {"method": "integrated_gradients"}),
        ("noise", "nan", {"method": "smooth_grad"}),
        ("draw", "-1", {"method": "smooth_grad"}),
        ("signs", "loud", {}),
        ("opacity", "55", {}),
        ("clip", "perhaps", {}),
        ("map_scale", "none", {"map_view": "all"}),
    ],
)
def test_invalid_address_gives_a_sentence_and_the_default(
    opened: AppTest, name: str, value: str, also: dict[str, str]
) -> None:
    asked = {"digit": KEY, "method": "saliency", **also}
    app = show(opened, **{**asked, name: value})
    assert not app.exception
    (warning,) = (as_read(each.value) for each in app.warning)
    assert warning.startswith(f"The link asks for {name} '{value}'. It can be ")
    html = shown(app)
    assert "<script>" not in html
    default = show(opened, **{key: each for key, each in asked.items() if key != name})
    if name != "map_scale":  # the tiles show times, which differ
        assert without_links(html) == without_links(shown(default)), "links carry what the address says"


@pytest.mark.parametrize("page", few(["layer_by_layer", "head", "overview", "feature_maps"], 1))
def test_address_is_carried_to_other_pages_and_back(page: str) -> None:
    chosen = {"digit": KEY, "method": "grad_cam", "target": "4", "explain": "difference", "against": "9", "relu": "1"}
    app = run(PAGE, **chosen)
    stage = component(app, "value_map")
    app.switch_page(file_of(page)).run()
    assert not app.exception
    assert not app.warning
    assert {name: app.query_params[name] for name in chosen} == chosen
    app.switch_page(file_of(PAGE)).run()
    assert_works(app, TITLE)
    assert component(app, "value_map") == stage
