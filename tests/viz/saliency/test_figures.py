"""Figures and sentences of attributions, computed again from their values."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from model.images import digits, inputs
from model.networks.assignment import weights
from model.records import Activation
from model.saliency import METHODS, attribute
from model.saliency.records import Attribution, Output
from tests.explaining import attribution
from tests.pictures import assert_painted, decode
from viz import theme
from viz.pictures.scaling import Range
from viz.saliency import figures
from viz.saliency.figures import MapStyle

DIGIT = digits.find("project-4or9")
CLAIMS = dict.fromkeys(("input_x_gradient", "made up"), METHODS["deep_lift"])
LOOKS = [MapStyle(absolute, clipped, 70) for absolute in (False, True) for clipped in (False, True)]
each_look = pytest.mark.parametrize("look", LOOKS, ids=str)


@pytest.fixture(scope="module")
def found() -> Attribution:
    """Return a map of the trained network with values of both signs."""
    return attribute(weights.load(), digits.to_input(DIGIT), 9, "input_x_gradient", output="difference", against=4)


@pytest.fixture(scope="module")
def maps(found: Attribution) -> dict[str, Attribution]:
    return {
        "a": found,
        "b": replace(found, values=found.values * np.float32(0.2), seconds=1.234),
        "c": attribution(np.zeros((4, 5))),
    }


def made(values: list[list[float]], score: float = 0.0, baseline_score: float = 0.0) -> Attribution:
    return replace(attribution(values, 3), score=score, baseline_score=baseline_score)


def parsed(html: str) -> ElementTree.Element:
    """Read a figure; with its pictures closed, its markup is strict enough to be read as XML."""
    closed = re.sub(r"(<img[^>]*)>", r"\1/>", html)
    return ElementTree.fromstring(f"<div>{closed}</div>")  # noqa: S314 (our own)


def said(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def number(text: str) -> float:
    """Return the number that a text shows."""
    plain = text.replace("\xa0", "").replace(",", "").replace("−", "-").replace("×10", "e")
    return float(plain.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")))


def numbers(text: str) -> list[float]:
    return [number(each) for each in re.findall(r"−?\d[\d,]*(?:\.\d+)?", text)]


# --- One map, and the scale that it is painted in


def end_of_scale(values: Activation, *, clipped: bool) -> float:
    """Return the largest absolute value, or the 99th percentile with linear interpolation."""
    sizes: list[float] = sorted(abs(value) for value in values.astype(float).ravel().tolist())
    if not clipped:
        return sizes[-1]
    rank = 0.99 * (len(sizes) - 1)
    lower = int(rank)
    return sizes[lower] + (rank - lower) * (sizes[lower + 1] - sizes[lower])


def assert_shown(values: Activation, range_: Range, found: Attribution, look: MapStyle) -> None:
    """Assert that a style gives these values, range and colour scale."""
    most = end_of_scale(found.values, clipped=look.clipped)
    assert range_.high == pytest.approx(most, rel=1e-6)
    assert range_.low == pytest.approx(0.0 if look.absolute else -most, rel=1e-6)
    assert range_.scale == (theme.SEQUENTIAL if look.absolute else theme.DIVERGING)
    np.testing.assert_array_equal(values, np.sqrt(found.values**2) if look.absolute else found.values)


@each_look
def test_styled_values_and_range(found: Attribution, look: MapStyle) -> None:
    assert_shown(*figures.styled(found.values, look), found, look)


@pytest.mark.parametrize("wrong", ["percentile of signed values", "signs", "scale", "not clipped"])
def test_styled_check_catches_wrong_values(found: Attribution, wrong: str) -> None:
    look = MapStyle(absolute=True, clipped=True)
    values, range_ = figures.styled(found.values, look)
    assert_shown(values, range_, found, look)
    most = float(np.percentile(found.values, 99))
    twins = {
        "percentile of signed values": (values, Range(0.0, most, theme.SEQUENTIAL)),
        "signs": (found.values, range_),
        "scale": (values, replace(range_, scale=theme.DIVERGING)),
        "not clipped": (values, replace(range_, high=found.largest)),
    }
    with pytest.raises(AssertionError):
        assert_shown(*twins[wrong], found, look)


@each_look
def test_map_over_picture_shows_values_digit_and_outline(found: Attribution, look: MapStyle) -> None:
    shown = figures.map_over_picture(found, DIGIT.pixels, look)
    values = np.abs(found.values) if look.absolute else found.values
    most = end_of_scale(found.values, clipped=look.clipped)
    scale = theme.SEQUENTIAL if look.absolute else theme.DIVERGING
    assert_painted(decode(shown["picture"]), values, 0 if look.absolute else -most, most, scale)
    assert [number(text) for text in shown["values"]] == pytest.approx(values.ravel().tolist(), abs=6e-5)
    np.testing.assert_array_equal(decode(shown["background"])[..., 0], DIGIT.pixels)
    side = shown["size"][0]
    traced = decode(shown["outline"])
    zoom = len(traced) // side
    dark = (traced[..., 3] > 0) & (traced[..., 0] < 30)
    inside = (DIGIT.pixels >= 128).repeat(zoom, 0).repeat(zoom, 1)
    assert dark.any()
    assert not (dark & ~inside).any(), "the outline lies on the digit"
    assert shown["opacity"] == 0.7


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_styled_range_of_a_blank_map(look: MapStyle) -> None:
    values, range_ = figures.styled(np.zeros((3, 3), np.float32), look)
    assert (range_.low, range_.high) == (0.0 if look.absolute else -1.0, 1.0)
    assert not values.any()


def test_styled_clipping_of_few_pixels_does_not_blank_the_map() -> None:
    values = np.zeros((28, 28), np.float32)
    values[3, 4], values[5, 6] = -2, 0.5
    found = attribution(values)
    look = MapStyle(clipped=True)
    assert figures.styled(values, look)[1].high == 2
    assert "no pixel exceeds it" in figures.say(found, METHODS["deep_lift"], look)
    assert "percentile" not in figures.say(found, METHODS["deep_lift"], look)


# --- What is said of a map


def assert_said(text: str, found: Attribution) -> None:
    """Assert that a sentence has the right counts and sums of both signs, and the right largest value."""
    crumb = 1e-6 * np.abs(found.values).max()
    every = [value if abs(value) >= crumb else 0.0 for value in found.values.astype(float).ravel().tolist()]
    loudest = max(range(len(every)), key=lambda place: abs(every[place]))
    y, x = divmod(loudest, found.values.shape[1])
    red, blue = [value for value in every if value > 0], [value for value in every if value < 0]
    expected = [len(red), len(every), sum(red), len(blue), sum(blue), y, x, every[loudest]]
    without_classes = text.replace("logit of 9 less that of 4", "")
    assert numbers(without_classes)[: len(expected)] == pytest.approx(expected, abs=6e-4)


@each_look
def test_say_counts_both_signs(found: Attribution, look: MapStyle) -> None:
    text = figures.say(found, METHODS["deep_lift"], look)
    assert_said(text, found)
    assert ("(red)" in text, "(blue)" in text) == (not look.absolute, not look.absolute)
    assert ("99th percentile" in text) == look.clipped
    if look.clipped:
        beyond = (np.abs(found.values) > end_of_scale(found.values, clipped=True)).sum()
        assert f"{beyond} of 784 pixels exceed it" in text
        assert beyond == 8


def test_say_check_catches_another_map(found: Attribution) -> None:
    for wrong in (-found.values, found.values.T, found.values * np.float32(1.01), np.abs(found.values)):
        with pytest.raises(AssertionError):
            assert_said(figures.say(replace(found, values=wrong), METHODS["deep_lift"], MapStyle()), found)


@pytest.mark.parametrize(
    ("output", "against", "words"),
    [
        ("logit", None, "logit of 9"),
        ("log_probability", None, "log-probability of 9"),
        ("difference", 4, "logit of 9 less that of 4"),
    ],
)
def test_score_of_names_each_output(found: Attribution, output: Output, against: int | None, words: str) -> None:
    other = replace(found, output=output, against=against)
    assert figures.score_of(other) == words
    assert words in figures.say(other, METHODS["deep_lift"], MapStyle())
    assert words in figures.sums(other, METHODS["saliency"])


def test_say_ignores_rounding_errors_and_words_gradients() -> None:
    found = made([[4.0, -1.0, 1e-9]])
    assert figures.say(found, METHODS["deep_lift"], MapStyle()).startswith("1 of 3 pixels raise the logit of 3")
    text = figures.say(found, METHODS["saliency"], MapStyle())
    assert text.startswith("1 of 3 pixels would raise the logit of 3 if they were brighter")
    assert "1 would lower it" in text
    assert figures.caption(found, METHODS["saliency"]).startswith("How a brighter pixel would change the logit of 3")
    assert figures.caption(found, METHODS["deep_lift"]).startswith("Contribution of each pixel to the logit of 3")


def test_say_shows_tiny_values() -> None:
    text = figures.say(made([[2e-7, -3e-8]]), METHODS["deep_lift"], MapStyle())
    assert "2.0\xa0×\xa010⁻⁷" in text
    assert "−3.0\xa0×\xa010⁻⁸" in text


def test_why_blank_gives_the_reason() -> None:
    blank = attribution(np.zeros((4, 4)), 3)
    cut = replace(blank, layer="Conv2d-19")
    signed = attribution(-np.eye(4), 3)
    assert "no pixel changes the logit of 3" in figures.why_blank(blank)
    assert "at Conv2d-19 no place raises the logit of 3" in figures.why_blank(cut, signed)
    assert "Switch the ReLU off" in figures.why_blank(cut, signed)
    for without in (None, blank):  # there is no ReLU, or it is not why
        assert "ReLU" not in figures.why_blank(cut, without)


# --- Whether a map adds up


def test_sums_hold_score_gain_sum_and_gap(found: Attribution) -> None:
    html = figures.sums(found, METHODS["input_x_gradient"])
    cells = [said(each) for each in parsed(html).iter("dd")]
    total = sum(found.values.astype(float).ravel().tolist())
    gained = found.score - found.baseline_score
    expected = [found.score, found.baseline_score, gained, total, total - gained]
    assert [number(cell) for cell in cells[::2]] == pytest.approx(expected, abs=6e-4)
    assert cells[1] == "logit of 9 less that of 4"
    assert parsed(html)[0].get("aria-label") == "Does Input × gradient add up?"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (made([[4.0, -1.0]], 5.0, 2.0), "Here it does: the gap rounds to 0.0\xa0%"),
        (made([[4.0, -2.0]], 5.0, 1.0), "Here the gap is 50.0\xa0%"),
        (made([[4.0, 400.0]], 5.0, 1.0), "Here the gap is 10,000.0\xa0%"),
        (made([[-4.0, 0.0]], 5.0, 1.0), "Here the gap is 200.0\xa0%"),
        (made([[4.0, -1.0]], 2.0, 2.0), "Here there is no gain, and the sum of the map is 3.000"),
    ],
    ids=["none", "half", "hundredfold", "the other way", "nothing gained"],
)
def test_say_sums_names_the_gap(found: Attribution, words: str) -> None:
    said = figures.say_sums(found, METHODS["integrated_gradients"])
    assert said.startswith(f"This method is meant to add up to the gain over the baseline. {words}. ")


def test_say_sums_of_a_method_without_claim() -> None:
    said = figures.say_sums(made([[4.0, 400.0]], 5.0, 1.0), METHODS["saliency"])
    assert said.startswith("This method does not claim to add up to the gain over the baseline, so a gap is")
    assert "its sum is 404.000, and the gain is 4.000." in said
    assert "%" not in said


def test_sums_of_lrp_start_from_the_score() -> None:
    method = METHODS["lrp"]
    found = attribute(weights.load(), digits.to_input(DIGIT), 9, "lrp")
    arrived = sum(found.values.astype(float).ravel().tolist())
    expected = [found.score, arrived, found.score - arrived]
    html = figures.sums(found, method)
    assert [number(said(each)) for each in list(parsed(html).iter("dd"))[::2]] == pytest.approx(expected, abs=6e-4)
    text = figures.say_sums(found, method)
    assert numbers(text)[:4] == pytest.approx([9, *expected], abs=6e-4)
    assert "%" not in text
    assert [name for name, each in METHODS.items() if each.starts_from_score] == ["lrp"]


def test_say_gap_without_gain() -> None:
    assert figures.say_gap(made([[1.0]], 2.0, 2.0)) == "undefined: no gain"
    assert figures.say_gap(made([[1.0]], 1.0, 0.0)) == "0.0\xa0%"


# --- The method, and its baseline


@pytest.mark.parametrize("name", METHODS)
def test_about_shows_the_whole_description(name: str) -> None:
    method = METHODS[name]
    html = figures.about(method)
    for words in (method.idea, method.where, method.cost, method.paper):
        assert words in said(parsed(html))
    assert [each.get("href") for each in parsed(html).iter("a")] == [method.link]


@pytest.mark.parametrize("name", ["black", "blur", "mean", "noise", "zero"])
def test_baseline_picture_and_words(name: str) -> None:
    found = attribute(weights.load(), digits.to_input(DIGIT), 9, "saliency", baseline=name)
    html = figures.baseline(found, inputs.DIGIT)
    (uri,) = re.findall(r'src="([^"]+)"', html)
    ink = (found.baseline * 0.3081 + 0.1307) * 255
    np.testing.assert_allclose(decode(uri)[..., 0], ink, atol=0.51)
    words = figures.say_baseline(found, "A label")
    assert words.startswith("Baseline. A label.")
    ends = numbers(words)
    least, most = found.baseline.min(), found.baseline.max()
    assert ends == pytest.approx([least] if least == most else [least, most], abs=6e-4)
    assert ("everywhere" in words) == (least == most) == (name in {"black", "zero"})


# --- Many maps


TITLES = {"a": "The <first>", "b": "The second", "c": "The blank one", "d": "Still to come"}


def opened(name: str) -> str:
    return f"saliency?method={name}&map=1"


@pytest.mark.parametrize("together", [False, True])
def test_grid_has_a_place_for_each_map(maps: dict[str, Attribution], together: bool) -> None:
    html = figures.grid(TITLES, maps, opened, one_scale=together)
    tiles = list(parsed(html).iter("li"))
    assert [said(next(tile.iter("b"))) for tile in tiles] == [*TITLES.values()]
    assert [tile.get("class") for tile in tiles] == [None, None, None, "pending"]
    assert [each.get("href") for each in parsed(html).iter("a")] == [opened(name) for name in maps]
    assert not list(tiles[3].iter("img"))
    most = max(float(np.abs(each.values).max()) for each in maps.values())
    for name, tile in zip(maps, tiles[:3], strict=True):
        values = maps[name].values
        end = most if together else float(np.abs(values).max()) or 1.0
        (image,) = tile.iter("img")
        assert_painted(decode(str(image.get("src"))), values, -end, end, theme.DIVERGING)
        scale = said(next(tile.iter("span")))
        if name == "c":
            assert scale == "blank"
        else:
            assert scale == ("" if together else f"± {end:.2f}")
    shared = re.findall(r'class="scale">(.*?)<i.*?</i>(.*?)</span>', html)
    assert [[number(end) for end in ends] for ends in shared] == ([pytest.approx([-most, most], abs=6e-4)] * together)


def test_grid_without_maps_has_all_places() -> None:
    for together in (False, True):
        html = figures.grid(TITLES, {}, opened, one_scale=together)
        assert html.count('class="pending"') == len(TITLES)


def test_grid_tiles_show_time_or_sum(maps: dict[str, Attribution]) -> None:
    timed = [
        said(list(tile.iter("span"))[1]) for tile in list(parsed(figures.grid(TITLES, maps, opened)).iter("li"))[:3]
    ]
    assert timed[1:] == ["1,234 ms", "1 ms"]  # the made-up one took none, and is said to take the least
    assert number(timed[0].removesuffix(" ms")) == max(1, round(maps["a"].seconds * 1000))
    html = figures.grid(TITLES, maps, opened, show_times=False)
    notes = [said(list(tile.iter("span"))[1]) for tile in list(parsed(html).iter("li"))[:3]]
    sums = [sum(each.values.astype(float).ravel().tolist()) for each in maps.values()]
    assert [number(note.removeprefix("sum ")) for note in notes] == pytest.approx(sums, abs=6e-3)
    assert f"{sum(each.seconds for each in maps.values()):.2f}\xa0s" in figures.say_times(list(maps.values()))


def test_table_holds_sums_and_gap(maps: dict[str, Attribution]) -> None:
    table = figures.table(TITLES, maps, CLAIMS)
    assert table["map"] == [TITLES[name] for name in maps]
    for place, each in enumerate(maps.values()):
        every = each.values.astype(float).ravel().tolist()
        red, blue = sum(value for value in every if value > 0), sum(value for value in every if value < 0)
        gained = each.score - each.baseline_score
        found = [number(table[column][place]) for column in ("positive", "negative", "sum", "gain")]
        assert found == pytest.approx([red, blue, red + blue, gained], abs=6e-4)
        if gained:
            share = abs(red + blue - gained) / abs(gained) * 100
            assert number(table["gap"][place].removesuffix("%")) == pytest.approx(share, abs=0.06)
        else:
            assert table["gap"][place] == "undefined: no gain"
    without = figures.table(TITLES, maps, dict.fromkeys(CLAIMS, METHODS["saliency"]))
    assert without["gap"] == [f"no claim: {gap}" for gap in table["gap"]]


@pytest.mark.parametrize(
    "wrong",
    [np.abs, lambda each: -each, lambda each: each * np.float32(1.01)],
    ids=["sizes", "signs", "scaled"],
)
def test_table_of_another_map_differs(maps: dict[str, Attribution], wrong: Callable[[Activation], Activation]) -> None:
    others = {**maps, "a": replace(maps["a"], values=wrong(maps["a"].values))}
    right, other = (figures.table(TITLES, each, CLAIMS) for each in (maps, others))
    assert right["gain"] == other["gain"]
    assert right["sum"][0] != other["sum"][0]
    assert right["sum"][1:] == other["sum"][1:]


def test_csv_holds_all_digits(found: Attribution) -> None:
    lines = list(csv.DictReader(io.StringIO(figures.as_csv(found))))
    again = np.full(found.values.shape, np.nan, np.float32)
    for line in lines:
        again[int(line["y"]), int(line["x"])] = np.float32(line["attribution"])
    np.testing.assert_array_equal(again, found.values)
    assert len(lines) == 784
