"""Charts contain the given values, also in their hover texts, and all have the same template."""

import json
import tomllib

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import charting
from tests.serving import ROOT
from viz import theme
from viz.charts.draw import Axis, Band, Bars, Part, Series, Texts, draw
from viz.charts.template import TEMPLATES

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)
ACROSS, UP = Axis("epoch"), Axis("images right, %", hover_format=".2f")
THREE = np.array([1.0, 2.0, 3.0])


def sent(figure: go.Figure) -> str:
    """Return what the browser gets of a figure, without its template."""
    return json.dumps(json.loads(figure.update_layout(template=None).to_json()))


@given(VALUES)
def test_series_has_its_values(values: list[float]) -> None:
    places = np.arange(len(values), dtype=float)
    trace = charting.named(draw([Series("it", places, np.asarray(values), theme.ACCENT)], ACROSS, UP), "it")
    np.testing.assert_array_equal(trace.x, places)
    np.testing.assert_array_equal(trace.y, values)


@pytest.mark.parametrize(
    ("style", "mode", "dash"),
    [("line", "lines", "solid"), ("dashed", "lines", "dash"), ("dotted", "lines", "dot"), ("points", "markers", None)],
)
def test_series_has_its_style(style: str, mode: str, dash: str | None) -> None:
    (trace,) = draw([Series("it", THREE, THREE, theme.ACCENT, style)], ACROSS, UP).data  # type: ignore[arg-type]
    assert (trace.mode, trace.line.dash) == (mode, dash)
    assert (trace.marker.color if style == "points" else trace.line.color) == "rgb(0, 114, 178)"


def test_steps_hold_their_value_until_the_next_place() -> None:
    (trace,) = draw([Series("it", THREE, THREE, theme.ACCENT, "steps")], ACROSS, UP).data
    assert trace.line.shape == "hv"


def test_band_fills_the_area_between_its_edges_and_names_both() -> None:
    figure = draw([Band("range", THREE, THREE - 1, THREE + 1, theme.MUTED)], ACROSS, UP)
    low, high = charting.edges(figure, "range")
    np.testing.assert_array_equal(low, [0, 1, 2])
    np.testing.assert_array_equal(high, [2, 3, 4])
    assert charting.names(figure) == ["range"], "once in the legend"
    assert [trace.hovertemplate for trace in figure.data] == [
        "%{y:.2f}<extra>range, lowest</extra>",
        "%{y:.2f}<extra>range, highest</extra>",
    ]


def test_bars_start_at_their_base() -> None:
    (trace,) = draw(
        [Bars("gap", THREE, THREE, theme.MUTED, base=THREE / 2, pale=[True, False, False])], ACROSS, UP
    ).data
    np.testing.assert_array_equal(trace.base, THREE / 2)
    assert list(trace.marker.opacity) == [0.4, 1, 1]


def test_hover_text_has_value_series_and_place() -> None:
    figure = draw([Series("ours", THREE, THREE), Series("theirs", THREE, THREE, says=["a", "b", "c"])], ACROSS, UP)
    ours, theirs = figure.data
    assert ours.hovertemplate == "%{y:.2f}", "without its own <extra>, Plotly writes the name beside the value"
    assert theirs.hovertemplate == "%{customdata}"
    assert list(theirs.customdata) == ["a", "b", "c"]
    assert figure.layout.hovermode == "x unified"
    assert figure.layout.xaxis.unifiedhovertitle.text == "epoch %{x}"


def test_text_is_escaped() -> None:
    parts: list[Part] = [Series("<b>1</b>", THREE, THREE, says=["<i>"] * 3), Texts([0], [0], ["1 < 2\nand 3"])]
    series, words = draw(parts, ACROSS, UP).data
    assert series.name == "&lt;b&gt;1&lt;/b&gt;"
    assert series.customdata[0] == "&lt;i&gt;"
    assert words.text[0] == "1 &lt; 2<br>and 3"


def test_reach_goes_from_its_low_to_its_high_end() -> None:
    (trace,) = draw([Series("it", THREE, THREE, style="points", reach=(THREE - 1, THREE + 2))], ACROSS, UP).data
    assert set(trace.error_x.arrayminus) == {1}
    assert set(trace.error_x.array) == {2}


def test_logarithmic_axis_range_is_in_powers_of_ten() -> None:
    figure = draw([Series("it", THREE, THREE)], Axis("masks", (1, 1000), logarithmic=True), UP)
    assert tuple(figure.layout.xaxis.range) == (0, 3)
    assert tuple(draw([], Axis("masks", (1, 1000)), UP).layout.xaxis.range) == (1, 1000)


def test_axis_has_title_ticks_and_categories() -> None:
    layout = draw([], Axis("row", categories=("a", "b"), ticks=("a",), names=("1",)), Axis("pixels", zero=True)).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("row", "pixels")
    assert layout.xaxis.type == "category"
    assert layout.xaxis.ticktext == ("1",)
    assert layout.yaxis.rangemode == "tozero"


def test_colours_are_not_replaced_by_streamlit() -> None:
    parts: list[Part] = [Band("b", THREE, THREE, THREE, "#000001"), Bars("c", THREE, THREE, "#000002")]
    parts += [Series(style, THREE, THREE, "#000003", style) for style in ("line", "joined")]
    assert "#" not in sent(draw(parts, ACROSS, UP))
    assert all("#" not in json.dumps(each.to_plotly_json()) for each in TEMPLATES.values())


@pytest.mark.parametrize("name", ["light", "dark"])
def test_template_has_the_colours_of_the_page(name: str) -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][name]
    names = ("textColor", "backgroundColor", "secondaryBackgroundColor")
    assert [theme.INK[name], theme.PAGE[name], theme.PANEL[name]] == [config[each] for each in names]
    layout = TEMPLATES[name].layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == theme.rgb(theme.PAGE[name])
    assert layout.font.color == theme.rgb(theme.INK[name])


@pytest.mark.parametrize("name", ["light", "dark"])
def test_template_fonts_are_large_enough_for_the_back_row(name: str) -> None:
    layout = TEMPLATES[name].layout
    fonts = [layout.font, layout.legend.font, layout.hoverlabel.font]
    fonts += [font for axis in (layout.xaxis, layout.yaxis) for font in (axis.tickfont, axis.title.font)]
    assert all(font.size >= 14 for font in fonts)
