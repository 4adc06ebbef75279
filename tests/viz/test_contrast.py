"""Colours that can be seen: contrast by WCAG 2.2, and what three kinds of colour-blind people see of them."""

import itertools
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from colorspacious import cspace_convert
from numpy.typing import NDArray
from plotly.colors import get_colorscale, hex_to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from tests.serving import ROOT
from viz import theme

TEXT, MARK = 4.5, 3.0  # success criteria 1.4.3 and 1.4.11
TOLD_APART = 10  # CIEDE2000; of two large patches side by side 1 is just seen
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
PAINT = re.compile(r"([\w-]+):\s*([^;{}]*#[0-9a-fA-F]{3,6}\b[^;{}]*);")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,6}\b")


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
    """Return colours (..., 3) in L*a*b* as they are seen, by Machado et al. 2009 where a kind of cone is missing."""
    if sight:
        cones = {"name": "sRGB1+CVD", "cvd_type": sight, "severity": 100}
        colours = np.asarray(cspace_convert(colours, cones, "sRGB1")).clip(0, 1)
    lab: NDArray[np.float64] = rgb2lab(colours)
    return lab


def least_apart(colours: Iterable[str], sight: str | None) -> tuple[float, str, str]:
    """Return the smallest distance between two of some colours, and which they are."""
    return min(
        (float(deltaE_ciede2000(seen(rgb(a), sight), seen(rgb(b), sight))), a, b)
        for a, b in itertools.combinations(colours, 2)
    )


def test_the_ratio_is_that_of_wcag() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.478, abs=1e-3)  # the well-known grey that just fails


@each_ground
def test_marks_and_kinds_of_layer_stand_out_from_every_background(scheme: str, ground: str) -> None:
    faint = {f"{name} {colour}": contrast(colour, ground) for colour, name in KINDS.items()}
    faint |= {f"{name} {colour}": contrast(colour, ground) for name, colour in MARKS.items()}
    faint["focus and links"] = contrast(THEMES[scheme]["primaryColor"], ground)
    assert {name: ratio for name, ratio in faint.items() if ratio < MARK} == {}
    assert contrast(THEMES[scheme]["textColor"], ground) >= TEXT
    assert contrast(THEMES[scheme]["primaryColor"], ground) >= TEXT  # links and chosen words


def test_the_palette_that_these_colours_come_from_fails_on_white_and_for_the_colour_blind() -> None:
    okabe_ito = ["#0072b2", "#cc79a7", "#009e73", "#8a8f98", "#d55e00", "#e69f00", "#56b4e9"]
    assert sum(contrast(colour, "#ffffff") < MARK for colour in okabe_ito) == 2
    assert least_apart(okabe_ito, "deuteranomaly")[0] < 5


@pytest.mark.parametrize("sheet", sorted((ROOT / "viz").rglob("*.css")), ids=lambda sheet: sheet.stem)
def test_what_a_style_sheet_paints_stands_out(sheet: Path) -> None:
    faint = []
    for name, value in PAINT.findall(sheet.read_text(encoding="utf-8")):
        colours = COLOUR.findall(value)
        if set(colours) <= {"#000", "#fff", "#101216"}:
            continue  # the page itself, or what lies on a digit, which is grey on black in both themes
        pairs = zip(GROUNDS, colours * (3 - len(colours)), strict=True)  # one for both, or one for each
        needed = TEXT if name in {"color", "--fails"} else MARK
        faint += [f"{name}: {c} on {g}" for s, c in pairs for g in GROUNDS[s][:1] if contrast(c, g) < needed]
    assert faint == []


@each_sight
def test_kinds_of_layer_are_told_apart(sight: str | None) -> None:
    assert least_apart(KINDS, sight) > (TOLD_APART,)
    assert least_apart(MARKS.values(), sight) > (TOLD_APART,)


def signs_apart(scale: theme.Scale, sight: str | None) -> float:
    """Return the least distance between a value below zero and the one as far above it, from 15 % of the scale on."""
    shades = theme.lookup(scale) / 255
    steps = np.arange(20, 128)
    below, above = seen(shades[127 - steps], sight), seen(shades[128 + steps], sight)
    return float(deltaE_ciede2000(below, above).min())


@each_sight
def test_the_diverging_scale_keeps_its_signs_apart(sight: str | None) -> None:
    assert signs_apart(theme.DIVERGING, sight) > TOLD_APART


def test_a_scale_from_red_to_green_would_not() -> None:
    wrong = list(map(list, get_colorscale("RdYlGn")))
    assert signs_apart(wrong, None) > TOLD_APART
    assert signs_apart(wrong, "deuteranomaly") < TOLD_APART


@each_sight
def test_the_sequential_scale_grows_lighter_for_everybody(sight: str | None) -> None:
    lightness = seen(theme.lookup(theme.SEQUENTIAL) / 255, sight)[:, 0]
    assert (np.diff(lightness) > 0).all()
    assert lightness[-1] - lightness[0] > 90
