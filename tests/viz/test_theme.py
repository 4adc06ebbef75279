"""Colours: viz/theme.py holds all of them, and scales are those that Plotly draws."""

import re
import tomllib

import numpy as np
import pytest

from model.trace.records import LayerKind
from tests.pictures import colours
from tests.serving import ROOT
from viz import theme

each_scale = pytest.mark.parametrize("scale", [theme.DIVERGING, theme.SEQUENTIAL], ids=["diverging", "sequential"])


def test_every_layer_kind_has_a_colour() -> None:
    assert set(theme.KIND_COLOURS) == {*LayerKind, theme.JOIN}


def test_steps_that_do_different_things_have_different_colours() -> None:
    different = (LayerKind.CONVOLUTION, LayerKind.LINEAR, "add", "slice", LayerKind.DROPOUT)
    assert len({theme.KIND_COLOURS[kind] for kind in different}) == len(different)
    alike = ("add", "multiply", "concatenation"), ("slice", "reshape", LayerKind.FLATTEN), ("mean", "average pool")
    assert [len({theme.KIND_COLOURS[kind] for kind in kinds}) for kinds in alike] == [1, 1, 1]


@each_scale
def test_scale_has_no_colour_that_streamlit_replaces(scale: theme.Scale) -> None:
    """Streamlit's chart theme replaces some hexadecimal colours, among them ``#000004``."""
    assert all(str(colour).startswith("rgb(") for _, colour in scale)


@each_scale
def test_scale_runs_from_0_to_1(scale: theme.Scale) -> None:
    places = [float(place) for place, _ in scale]
    assert places == sorted(set(places))
    assert (places[0], places[-1]) == (0, 1)


@each_scale
def test_lookup_equals_plotlys_scale(scale: theme.Scale) -> None:
    np.testing.assert_array_equal(theme.lookup(scale), colours(scale, np.linspace(0, 1, 256)))


def test_zero_is_black_on_the_sequential_and_white_on_the_diverging_scale() -> None:
    assert theme.lookup(theme.SEQUENTIAL)[0].max() < 8
    below, zero, above = colours(theme.DIVERGING, np.array([0.1, 0.5, 0.9]))
    assert zero.min() > 240
    assert below[2] > below[0]
    assert above[0] > above[2]


HEX, FUNCTION = r"#[0-9a-fA-F]{3,8}\b", r"\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\([0-9.]"
NAMED = r": *(?:black|white|red|green|blue|yellow|orange|purple|gray|grey)(?=[;}\"'])"
COLOUR = re.compile("|".join([HEX, FUNCTION, NAMED]))
VIZ = ROOT / "viz"
# Paper, and a code for cameras, are black on white in every theme.
ON_PAPER = [
    VIZ / "app" / "share.py",
    *VIZ.rglob("print.css"),
    *(VIZ / "worksheet").iterdir(),
]
DRAWING = [path for path in sorted(VIZ.rglob("*")) if path.suffix in {".py", ".css", ".js"} and path not in ON_PAPER]


def stray_colours(text: str) -> list[str]:
    """Return the colours that a file names itself; examples of docstrings may name some."""
    code = "\n".join(line for line in text.splitlines() if ">>>" not in line and not line.strip().startswith("'"))
    return COLOUR.findall(code)


def test_only_the_theme_contains_colours() -> None:
    found = {str(path.relative_to(ROOT)): stray_colours(path.read_text(encoding="utf-8")) for path in DRAWING}
    assert len(found.pop("viz/theme.py")) > 10
    assert {path: colours for path, colours in found.items() if colours} == {}


@pytest.mark.parametrize(
    "line", ["color: #0072b2;", "fill = '#FFF'", "rgb(1 2 3 / 4%)", "oklch(0.5 0.1 20)", '"background: red"']
)
def test_stray_colour_is_found(line: str) -> None:
    assert len(stray_colours(line)) == 1


def test_css_variables_are_used_and_defined() -> None:
    defined = {*re.findall(r"--([\w-]+):", theme.css_variables())}
    sheets = "".join(path.read_text(encoding="utf-8") for path in DRAWING if path.suffix != ".py")
    assert {name for name in defined if f"var(--{name})" not in sheets and f'"{name}"' not in sheets} == set()


def test_streamlits_own_colours_are_those_of_the_theme() -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
    for scheme in ("light", "dark"):
        assert config[scheme]["backgroundColor"] == theme.PAGE[scheme]
        assert config[scheme]["primaryColor"] == theme.LINK[scheme]
    assert f'fill="{theme.ACCENT}"' in (ROOT / "viz/icon.svg").read_text(encoding="utf-8")
