"""The contrast of colours by WCAG 2.2, and how people with three kinds of colour blindness see them."""

import itertools
import tomllib
from collections.abc import Iterable

import numpy as np
import pytest
from colorspacious import cspace_convert
from numpy.typing import NDArray
from plotly.colors import get_colorscale, hex_to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from tests.serving import ROOT
from viz import theme

TEXT, MARK = 4.5, 3.0  # success criteria 1.4.3 and 1.4.11
DISTINCT = 10  # CIEDE2000; 1 is the smallest visible difference between two large patches
THEMES = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
GROUNDS = {
    name: [THEMES[name]["backgroundColor"], THEMES[name]["secondaryBackgroundColor"], *THEMES[name]["sidebar"].values()]
    for name in ("light", "dark")
}
MARKS = {"accent": theme.ACCENT, "muted": theme.MUTED, "highlight": theme.HIGHLIGHT}
KINDS = {colour: str(kind) for kind, colour in theme.KIND_COLOURS.items()}  # some kinds share a colour
SIGHT = [None, "protanomaly", "deuteranomaly", "tritanomaly"]
each_sight = pytest.mark.parametrize("sight", SIGHT)
each_ground = pytest.mark.parametrize(
    ("scheme", "ground"), [(scheme, ground) for scheme, grounds in GROUNDS.items() for ground in grounds]
)


def rgb(colour: str) -> NDArray[np.float64]:
    """Return red, green and blue in 0..1."""
    full = colour if len(colour) == 7 else "#" + "".join(digit * 2 for digit in colour[1:])
    return np.asarray(hex_to_rgb(full)) / 255


def contrast(one: str, other: str) -> float:
    """Return the ratio of two colours, 1 to 21, as WCAG defines it."""
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in (rgb(one), rgb(other))]
    dark, light = sorted(float(each @ (0.2126, 0.7152, 0.0722)) for each in linear)
    return (light + 0.05) / (dark + 0.05)


def seen(colours: NDArray[np.float64], sight: str | None) -> NDArray[np.float64]:
    """Return colours (..., 3) in L*a*b*, as seen with a kind of colour blindness by Machado et al. 2009."""
    if sight:
        cones = {"name": "sRGB1+CVD", "cvd_type": sight, "severity": 100}
        colours = np.asarray(cspace_convert(colours, cones, "sRGB1")).clip(0, 1)
    lab: NDArray[np.float64] = rgb2lab(colours)
    return lab


def smallest_distance(colours: Iterable[str], sight: str | None) -> tuple[float, str, str]:
    """Return the smallest distance between two of the colours, and the two colours."""
    return min(
        (float(deltaE_ciede2000(seen(rgb(a), sight), seen(rgb(b), sight))), a, b)
        for a, b in itertools.combinations(colours, 2)
    )


def test_contrast_equals_wcag_examples() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.478, abs=1e-3)  # the grey that just fails


@each_ground
def test_marks_and_layer_kinds_have_contrast_to_every_background(scheme: str, ground: str) -> None:
    faint = {f"{name} {colour}": contrast(colour, ground) for colour, name in KINDS.items()}
    faint |= {f"{name} {colour}": contrast(colour, ground) for name, colour in MARKS.items()}
    faint["focus and links"] = contrast(THEMES[scheme]["primaryColor"], ground)
    assert {name: ratio for name, ratio in faint.items() if ratio < MARK} == {}
    assert contrast(THEMES[scheme]["textColor"], ground) >= TEXT
    assert contrast(THEMES[scheme]["primaryColor"], ground) >= TEXT  # links and selected text


def test_contrast_and_distance_reject_the_original_okabe_ito_palette() -> None:
    okabe_ito = ["#0072b2", "#cc79a7", "#009e73", "#8a8f98", "#d55e00", "#e69f00", "#56b4e9"]
    assert sum(contrast(colour, "#ffffff") < MARK for colour in okabe_ito) == 2
    assert smallest_distance(okabe_ito, "deuteranomaly")[0] < 5


@pytest.mark.parametrize(("colours", "needed"), [(theme.LINK, MARK), (theme.FAILURE, TEXT)], ids=["link", "failure"])
def test_colours_of_a_scheme_have_contrast_to_its_page(colours: dict[str, str], needed: float) -> None:
    assert colours.keys() == GROUNDS.keys()
    assert min(contrast(colour, GROUNDS[scheme][0]) for scheme, colour in colours.items()) >= needed


@each_sight
def test_layer_kinds_and_marks_are_distinct(sight: str | None) -> None:
    assert smallest_distance(KINDS, sight) > (DISTINCT,)
    assert smallest_distance(MARKS.values(), sight) > (DISTINCT,)


def sign_distance(scale: theme.Scale, sight: str | None) -> float:
    """Return the smallest distance between opposite values, from 15 % of the scale on."""
    shades = theme.lookup(scale) / 255
    steps = np.arange(20, 128)
    below, above = seen(shades[127 - steps], sight), seen(shades[128 + steps], sight)
    return float(deltaE_ciede2000(below, above).min())


@each_sight
def test_diverging_scale_distinguishes_signs(sight: str | None) -> None:
    assert sign_distance(theme.DIVERGING, sight) > DISTINCT


def test_red_green_scale_does_not_distinguish_signs() -> None:
    wrong = list(map(list, get_colorscale("RdYlGn")))
    assert sign_distance(wrong, None) > DISTINCT
    assert sign_distance(wrong, "deuteranomaly") < DISTINCT


@each_sight
def test_sequential_scale_gets_lighter(sight: str | None) -> None:
    lightness = seen(theme.lookup(theme.SEQUENTIAL) / 255, sight)[:, 0]
    assert (np.diff(lightness) > 0).all()
    assert lightness[-1] - lightness[0] > 90
