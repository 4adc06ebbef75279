"""The files of a figure have the numbers that its pictures show."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
from numpy.typing import NDArray

from model import trace
from model.images import digits
from model.networks.assignment import weights
from tests.pages.conftest import run
from tests.pages.figures import figures
from tests.pictures import Picture, colours, decode
from tests.views import VIEWS
from viz import theme
from viz.app import tables

Values = NDArray[np.float64]  # (H, W)
Files = dict[str, str]  # the text of each by its label
_OFF = 0.012  # of a scale: a palette has some 250 colours
_SIDE = 28  # pixels of the largest map; an outline is finer
_URI = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
_NUMBER = re.compile(r"([-−]?\d[\d,]*\.\d+)(\s?%)?")
# Maps that stand among others on one sheet are held against the record by tests of their own.
SHEETS = {"Download every difference as CSV", "All maps as CSV", "This map as CSV"}
# The maps that each view draws one by one, as many as are in its files.
MAPS = {
    "feature maps": 16 + 1 + 4 + 10,
    "pooling, average": 2,
    "pooling, moved": 8,
    "batch norm, forgotten": 2,
    "saliency": 1,
    "lie detector": 1,
    "lie detector, answered": 2,
}
# Those in a file that comes with a table, once that is unfolded: its key, the file, and how many maps it holds.
FOLDED = {
    "saliency, all": ("numbers", "Every value (CSV)", 13),
    "saliency, through": ("numbers", "Every value (CSV)", 15),
    "lie detector, weights": ("randomization_numbers", "Every map (CSV)", 15),
}
WRITTEN = {
    "overview": {"Download the prediction as CSV"},
    "parameters": {"Download the shares as CSV"},
    "pooling, average": {"Download the prediction as CSV"},
    "batch norm": {"Download these shares as CSV"},
    "mistakes": {"Download its probabilities as CSV"},
}


@pytest.fixture
def files() -> Iterator[Files]:
    """Return the files that pages offer, by label."""
    offered: Files = {}
    offer = tables.offer

    def keep(label: str, text: tables.Text, *more: Any) -> None:
        offered[label] = text if isinstance(text, str) else text()
        offer(label, text, *more)

    with pytest.MonkeyPatch.context() as patch:  # what is cached does not depend on it
        patch.setattr(tables, "offer", keep)
        yield offered


def drawn(name: str, unfold: str = "", **link: str) -> list[tuple[list[str], list[str]]]:
    """Return the pictures and the labels of the numbers of each figure of a view; expand a table first."""
    page, _, query = VIEWS[name].partition("?")
    app = run(page or "overview", **dict(parse_qsl(query)), **link)
    if unfold:
        app.session_state[unfold] = True
        app.run()
    assert not app.exception
    return [(each.pictures, each.numbers) for each in figures(app)]


def maps_in(text: str) -> list[Values]:
    """Return the maps of a file: one map with a line for each y, or several with a line for each value."""
    lines = list(csv.reader(io.StringIO(text)))
    if lines[0] == ["y", "x", "attribution"]:
        lines = [["map", "y", "x", "value"], *(["", *line] for line in lines[1:])]
    if lines[0] == ["class", "y", "x", "value"]:
        lines[0][0] = "map"
    if lines[0] != ["map", "y", "x", "value"]:
        return [np.asarray(lines, np.float64)] if all(map(is_number, lines[0])) else []
    found: dict[str, dict[tuple[int, int], float]] = {}
    for name, y, x, value in lines[1:]:
        found.setdefault(name, {})[int(y), int(x)] = float(value)
    return [np.asarray([*each.values()]).reshape(np.add(max(each), 1)) for each in found.values()]


def is_number(text: str) -> bool:
    return re.fullmatch(r"-?[\d.]+(e-?\d+)?", text) is not None


def painted(picture: str) -> list[Picture]:
    """Return the pictures of a figure that use a colour scale, and not only grey."""
    decoded = map(decode, _URI.findall(picture))
    return [each for each in decoded if np.ptp(each[..., :3], axis=-1).any() and max(each.shape) <= _SIDE]


def off(values: Values, picture: Picture) -> float:
    """Return the distance between the colours of a picture and its values, on the better of both scales.

    Each pixel's place on the scale is a line over its value; what is left of the best line is the largest distance.
    """
    height, width = values.shape
    opaque = picture[picture[..., 3].any(axis=1)][:, picture[..., 3].any(axis=0)]
    if opaque.shape[:2] != (height, width):
        return 1.0
    return min(off_scale(values, opaque, scale) for scale in (theme.DIVERGING, theme.SEQUENTIAL))


def off_scale(values: Values, picture: Picture, scale: theme.Scale) -> float:
    shares = np.linspace(0, 1, 511)
    near = np.abs(picture[..., None, :3] - colours(scale, shares)).sum(axis=-1)
    places, flat = shares[near.argmin(axis=-1)].ravel(), values.ravel()
    if near.min(axis=-1).max() > 12:
        return 1.0
    line = np.polyfit(flat, places, 1) if np.ptp(flat) else [0, places[0]]
    return float(np.abs(np.polyval(line, flat) - places).max())


def check_maps(name: str, shown: list[tuple[list[str], list[str]]], offered: Files) -> int:
    """Assert that every map of a file is painted next to it, in the same order; return their number."""
    count = 0
    for pictures, labels in shown:
        maps = [each for label in labels if label not in SHEETS for each in maps_in(offered.get(label, "x"))]
        pixels = [each for picture in pictures for each in painted(picture)]
        if not maps or not pixels:
            continue
        assert len(maps) == len(pixels), f"{name}: {len(maps)} maps in {labels}, {len(pixels)} pictures"
        assert max(map(off, maps, pixels)) < _OFF, f"{name}: {labels}"
        count += len(maps)
    return count


MANY_MAPS = pytest.mark.slow(reason="computes many attributions")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[MANY_MAPS] if "detector" in name or name == "saliency" else []) for name in MAPS]
)
def test_maps_of_a_file_equal_the_painted_maps(name: str, files: Files) -> None:
    shown = drawn(name)
    assert check_maps(name, shown, files) == MAPS[name]
    for spoil in (lambda values: values[::-1], lambda values: np.where(values == values.max(), 0, values)):
        with pytest.raises(AssertionError):
            check_maps(name, shown, {label: spoilt(text, spoil) for label, text in files.items()})


@MANY_MAPS
@pytest.mark.parametrize("name", FOLDED)
def test_maps_of_an_expanded_file_equal_the_painted_maps(name: str, files: Files) -> None:
    key, label, count = FOLDED[name]
    shown = drawn(name, unfold=key)
    maps = maps_in(files[label])
    (pictures,) = (each for each, labels in shown if label in labels)
    pixels = painted(pictures[0])
    assert len(maps) == len(pixels) == count
    assert max(map(off, maps, pixels)) < _OFF
    assert off(maps[0], pixels[-1]) > _OFF


def test_class_maps_of_a_file_equal_the_painted_maps(files: Files) -> None:
    """Each map is painted alone: two classes, their difference, and the shown class."""
    for name, link, shown in (("head", {"target": "5"}, [(5,)]), ("head, two classes", {}, [(3,), (5,), (3, 5)])):
        ((pictures, _),) = [each for each in drawn(name, **link) if "Download the class maps as CSV" in each[1]]
        maps = maps_in(files["Download the class maps as CSV"])
        pixels = [each for picture in pictures for each in painted(picture)]
        values = [maps[classes[0]] - (maps[classes[1]] if classes[1:] else 0) for classes in shown]
        assert [off(each, picture) < _OFF for each, picture in zip(values, pixels, strict=True)] == [True] * len(shown)
        assert off(maps[0], pixels[0]) > _OFF, "the map of another class is not what is painted"


def spoilt(text: str, spoil: Callable[[Values], Values]) -> str:
    """Return a file of maps with other values."""
    maps = maps_in(text)
    lines = [(n, *at, value) for n, each in enumerate(maps) for at, value in np.ndenumerate(spoil(each))]
    return "\n".join(",".join(map(str, line)) for line in [("map", "y", "x", "value"), *lines]) if maps else text


def unsaid(picture: str, text: str) -> list[str]:
    """Return the numbers in a figure that are not in its file, to their last decimal."""
    cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line if is_number(cell)]
    known = np.asarray(cells, np.float64)
    read = unescape(re.sub(r'(style|href|d|points|src)="[^"]*"', "", picture))
    missing = []
    for number, percent in _NUMBER.findall(read):
        value = float(number.replace("−", "-").replace(",", ""))
        scaled, half = known * (100 if percent else 1), 0.5 * 10.0 ** -len(number.partition(".")[2])
        rounded = percent and value in {99.9, 0.1}  # for values over and under these
        if not rounded and np.abs(scaled - value).min() > half * 1.01:
            missing.append(number)
    return missing


@pytest.mark.parametrize(
    ("name", "label"),
    [(name, each) for name, labels in WRITTEN.items() for each in labels],
)
def test_every_number_of_a_figure_is_in_its_file(name: str, label: str, files: Files) -> None:
    (picture,) = ("".join(pictures) for pictures, labels in drawn(name) if label in labels)
    assert unsaid(picture, files[label]) == []
    if _NUMBER.search(picture):
        wrong = re.sub(r"(\d)\.(\d)", lambda found: f"{found[1]}.{(int(found[2]) + 3) % 10}", files[label])
        assert unsaid(picture, wrong)


@pytest.mark.parametrize("name", ["layer by layer", "pooling", "receptive field"])
def test_pixels_of_a_file_equal_the_box(name: str, files: Files) -> None:
    (picture,) = ("".join(pictures) for pictures, labels in drawn(name) if "Download these pixels as CSV" in labels)
    (ink,) = (decode(uri)[..., 0] for uri in _URI.findall(picture))
    lines = list(csv.DictReader(io.StringIO(files["Download these pixels as CSV"])))
    assert {(int(line["y"]), int(line["x"])): int(line["ink"]) for line in lines} == {
        at: int(ink[at]) for at in boxed(picture)
    }


def boxed(picture: str) -> list[tuple[int, int]]:
    """Return the pixels inside the box on a digit, from its style."""
    numbers = dict(re.findall(r"(top|left|height|width): (-?[\d.]+%?)", picture.partition("<i ")[2]))
    top, left, height, width = (
        round(float(numbers[side].rstrip("%")) * (0.28 if "%" in numbers[side] else 1))
        for side in ("top", "left", "height", "width")
    )
    return [(y, x) for y in range(top, top + height) for x in range(left, left + width)]


def test_boxes_and_centres_of_a_file_equal_the_drawn_ones(files: Files) -> None:
    shown = {
        label: json.loads(each[0]) for each, labels in drawn("receptive field") for label in labels if each[0][0] == "{"
    }
    frames = shown["Download the boxes as CSV"]["frames"]
    boxes = list(csv.reader(io.StringIO(files["Download the boxes as CSV"])))[1:]
    assert [[int(side) for side in line[1:]] for line in boxes] == [each["box"] for each in frames]
    units = shown["Download the receptive fields as CSV"]
    lines = list(csv.DictReader(io.StringIO(files["Download the receptive fields as CSV"])))
    assert len(lines) == np.prod(units["units"])
    for line in lines:
        for axis, place in enumerate("yx"):
            center = units["center"][axis] + int(line[f"unit {place}"]) * units["jump"][axis]
            assert float(line[f"centre {place}"]) == center


def test_values_of_the_overview_file_equal_the_trace(files: Files) -> None:
    drawn("overview", digit="project-4or9")
    recorded = trace.record(weights.load(), digits.to_input(digits.find("project-4or9")))
    lines = list(csv.DictReader(io.StringIO(files["Download every value as CSV"])))
    assert len(lines) == sum(row.output.size for row in recorded.rows)
    for line in lines[:: len(lines) // 500]:
        at = (int(line["map"]), int(line["y"]), int(line["x"]))
        assert np.float32(line["value"]) == recorded[line["step"]].maps[at]
