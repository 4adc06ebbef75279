"""What is drawn and said of one map under test: held against values worked out anew from the maps."""

import csv
import io
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, stats
from skimage.metrics import structural_similarity

from model.images import digits
from model.networks.assignment import weights
from model.saliency.records import Collapse, PixelCurves, Reaction, Robustness
from model.sanity_checks import evidence, pixel_curves
from model.sanity_checks.randomization import learned_rows
from model.sanity_checks.robustness import robustness
from tests import charting
from tests.explaining import attribution, by_slope
from tests.pictures import assert_painted, decode
from viz import theme
from viz.sanity_checks import figures, noise

DIGIT = digits.find("project-4or9")
X = digits.to_input(DIGIT)
EXPLAIN = by_slope(9)
ROWS = learned_rows(weights.load())


@pytest.fixture(scope="module")
def fallen() -> Collapse:
    return evidence.collapse(weights.load(), X, EXPLAIN, 3)


@pytest.fixture(scope="module")
def reaction(fallen: Collapse) -> Reaction:
    others = [EXPLAIN(weights.load(), digits.to_input(each)) for each in evidence.other_digits(DIGIT)]
    return evidence.reaction(fallen, others)


@pytest.fixture(scope="module")
def curves(fallen: Collapse) -> PixelCurves:
    return pixel_curves.pixel_curves(weights.load(), X, fallen.attributions[0], seed=3)


@pytest.fixture(scope="module")
def robust() -> Robustness:
    return robustness(weights.load(), X, EXPLAIN, seed=3)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_strip_shows_every_stage_with_both_of_its_numbers(fallen: Collapse) -> None:
    html = figures.strip(ROWS, fallen)
    names = re.findall(r"<li><b>([^<]+)</b>", html)
    assert names == ["as trained", *ROWS]
    maps = [each.values.astype(float) for each in fallen.attributions]
    ranks = [number(each) for each in re.findall(r"<span>([^<]+)</span>", html)]
    assert ranks == pytest.approx([stats.spearmanr(maps[0].ravel(), each.ravel())[0] for each in maps], abs=6e-3)
    sizes = [np.abs(each) / np.abs(each).max() for each in maps]
    like = [number(each) for each in re.findall(r"SSIM ([^<]+)<", html)]
    expected = [
        structural_similarity(
            sizes[0], each, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        for each in sizes
    ]
    assert like == pytest.approx(expected, abs=6e-3)
    for uri, values in zip(re.findall(r'src="([^"]+)"', html), maps, strict=True):
        assert_painted(decode(uri), values, -np.abs(values).max(), np.abs(values).max(), theme.DIVERGING)


def test_a_place_is_kept_for_every_stage_that_is_still_to_come(fallen: Collapse) -> None:
    some = evidence.collapsed(ROWS, fallen.attributions[:4])
    html = figures.strip(ROWS, some)
    assert html.count("<li") == len(ROWS) + 1
    assert html.count('class="awaited"') == len(ROWS) - 3
    chart = figures.fall(ROWS, some, None)
    assert charting.names(chart) == ["structural similarity", "rank correlation"]
    assert len(chart.data[0].x) == 4
    assert len(chart.layout.xaxis.categoryarray) == len(ROWS) + 1
    assert figures.say_fall(some, None).startswith("3 rows are random so far")


def test_the_fall_is_drawn_where_its_values_lie(fallen: Collapse, reaction: Reaction) -> None:
    chart = figures.fall(ROWS, fallen, reaction)
    like, ranks = (charting.named(chart, name) for name in ("structural similarity", "rank correlation"))
    assert list(ranks.x) == ["as trained", *ROWS]
    assert list(ranks.y) == list(fallen.signed_rank_correlations)
    assert list(like.y) == list(fallen.similarities)
    assert charting.named(chart, "limit").y == (reaction.limit,) * 2
    low, high = charting.edges(chart, "maps of other digits")
    assert set(low) == {min(reaction.others)}
    assert set(high) == {max(reaction.others)}
    bottom, top = chart.layout.yaxis.range
    assert bottom <= min(*reaction.others, *ranks.y, *like.y)
    assert top > 1


def test_words_say_whether_it_reacted_and_where_the_limit_comes_from(fallen: Collapse, reaction: Reaction) -> None:
    maps = [each.values.ravel() for each in fallen.attributions]
    mean = np.mean([stats.spearmanr(maps[0], each)[0] for each in maps[1:]])
    assert f"is {mean:.2f} in the mean".replace("-", "−") in figures.say_fall(fallen, reaction)
    made = {
        "most similar other digit": (Reaction(0.2, (0.1, 0.4), 0.3, 0.7), True),
        "half of the variance": (Reaction(0.8, (0.1, 0.9), 0.3, 0.7), False),
        "a tenth of the variance": (Reaction(0.35, (0.1, 0.2), 0.3, 0.7), False),
    }
    for source, (each, reacts) in made.items():
        said = figures.say_fall(fallen, each)
        assert source in said
        assert ("the map **reacts**" in said) == reacts
        assert ("does not react" in said) != reacts


def test_a_blank_map_is_said_to_be_one() -> None:
    blank = attribution(np.zeros((28, 28)))
    fallen = evidence.collapsed(["a", "b"], [blank, blank, blank])
    reaction = evidence.reaction(fallen, [blank])
    assert "blank" in figures.say_fall(fallen, reaction)
    assert "nan" not in figures.strip(["a", "b"], fallen)
    assert charting.names(figures.fall(["a", "b"], fallen, reaction))[-1] == "rank correlation"
    assert "nan" not in str(figures.fall_columns(fallen))
    control = evidence.edge_control(blank, DIGIT.pixels)
    assert "no rank correlation" in figures.say_edges(control)
    assert figures.beside_edges(blank, control, DIGIT.pixels)
    nothing = Robustness(math.nan, 0.1, 0.1, 0.1, 0.05, 0.05, 10, 256)
    assert "blank" in noise.say_sensitivity(nothing)
    still = replace(nothing, blank_infidelity=0.0)
    assert not len(noise.trials([math.nan] * 10, 10, 0.5).data[0].x)
    assert noise.trial_columns([math.nan])["the map moved by"] == ["none"]
    assert "nan" not in noise.foretold(still)
    assert "does nothing to the score" in noise.say_infidelity(still)
    assert "nan" not in noise.say_infidelity(still)


def test_maps_that_went_blank_on_the_way_are_counted(fallen: Collapse, reaction: Reaction) -> None:
    blank = attribution(np.zeros((28, 28)))
    some = evidence.collapsed(["a", "b"], [fallen.attributions[0], fallen.attributions[1], blank])
    assert "Blank maps, 1 of the 2, count" in figures.say_fall(some, reaction)
    html = figures.strip(["a", "b"], some)
    assert re.findall(r"<span>([^<]+)</span>", html)[2] == "none"


def test_the_fall_in_numbers_holds_every_digit(fallen: Collapse, reaction: Reaction) -> None:
    lines = table(figures.fall_csv(fallen, reaction))
    assert [line["made random"] for line in lines[: len(ROWS) + 1]] == ["none", *ROWS]
    ranks = [float(line["rank correlation"]) for line in lines]
    assert ranks == [*fallen.signed_rank_correlations, *reaction.others]
    assert [len(column) for column in figures.fall_columns(fallen).values()] == [len(ROWS) + 1] * 4


def test_edges_are_sobels_and_stand_beside_the_sizes(fallen: Collapse) -> None:
    found = fallen.attributions[0]
    control = evidence.edge_control(found, DIGIT.pixels)
    digit, edges, sizes = map(decode, re.findall(r'src="([^"]+)"', figures.beside_edges(found, control, DIGIT.pixels)))
    np.testing.assert_array_equal(digit[..., 0], DIGIT.pixels)
    ink = DIGIT.pixels.astype(float)
    peer = np.hypot(ndimage.sobel(ink, 0, mode="nearest"), ndimage.sobel(ink, 1, mode="nearest"))
    assert_painted(edges, peer, 0, peer.max(), theme.SEQUENTIAL)
    assert_painted(sizes, np.abs(found.values), 0, np.abs(found.values).max(), theme.SEQUENTIAL)
    rank = stats.spearmanr(np.abs(found.values).ravel(), peer.ravel())[0]
    assert f"correlation of {rank:.2f}" in figures.say_edges(control)
    lines = table(figures.edges_csv(found, control))
    assert [float(line["size of the map"]) for line in lines] == np.abs(found.values).ravel().tolist()
    np.testing.assert_allclose([float(line["edge"]) for line in lines], peer.ravel(), rtol=1e-6)


def area(curve: NDArray[np.float32], counts: NDArray[np.int64]) -> float:
    """Add up trapezia one by one."""
    steps = zip(curve[:-1], curve[1:], np.diff(counts) / counts[-1], strict=True)
    return float(sum((float(one) + float(other)) / 2 * float(wide) for one, other, wide in steps))


def test_the_areas_and_what_they_beat_are_those_of_the_curves(curves: PixelCurves) -> None:
    gone, back = area(curves.deletion, curves.counts), area(curves.insertion, curves.counts)
    chance_gone = [area(each, curves.counts) for each in curves.random_deletion]
    chance_back = [area(each, curves.counts) for each in curves.random_insertion]
    said = figures.say_curves(curves, 9)
    for value in (gone, back, np.mean(chance_gone), min(chance_gone), np.mean(chance_back), max(chance_back)):
        assert f"{value:.3f}" in said
    expected = np.mean(chance_gone) - gone, back - np.mean(chance_back)
    assert figures.margins(curves) == pytest.approx(expected, abs=1e-6)
    assert figures.beats(curves) == (gone < min(chance_gone), back > max(chance_back))
    swapped = replace(curves, deletion=curves.insertion, insertion=curves.deletion)
    assert figures.margins(swapped) != pytest.approx(expected, abs=1e-2), "the wrong curve shows"
    assert "still to come" in figures.say_curves(
        replace(curves, random_deletion=curves.random_deletion[:0], random_insertion=curves.random_insertion[:0]), 9
    )


def test_an_order_that_is_worse_than_chance_beats_nothing(curves: PixelCurves) -> None:
    upside_down = replace(curves, deletion=np.ones_like(curves.deletion), insertion=np.zeros_like(curves.insertion))
    assert figures.beats(upside_down) == (False, False)
    assert figures.loses(upside_down) == (True, True)
    assert figures.loses(curves) == (False, False)
    assert max(figures.margins(upside_down)) < 0
    assert figures.say_curves(upside_down, 9).count("worse than all of them") == 2


def test_both_charts_draw_the_map_the_mean_of_chance_and_all_of_it(curves: PixelCurves) -> None:
    charts = (
        (figures.deletion(curves), curves.deletion, curves.random_deletion),
        (figures.insertion(curves), curves.insertion, curves.random_insertion),
    )
    for chart, own, chance in charts:
        np.testing.assert_array_equal(charting.named(chart, "the map's order").y, own)
        np.testing.assert_array_equal(charting.named(chart, "the map's order").x, curves.counts)
        np.testing.assert_allclose(charting.named(chart, "random orders, mean").y, chance.mean(0), rtol=1e-6)
        low, high = charting.edges(chart, "all random orders")
        np.testing.assert_array_equal(high, chance.max(0))
        np.testing.assert_array_equal(low, chance.min(0))
    assert charts[0][0].data[-1].y[1] != charts[1][0].data[-1].y[1], "the wrong rule: one for the other"
    columns = figures.curve_columns(curves)
    assert columns["taken away"] == [figures.figure(value) for value in curves.deletion]
    assert columns["brought back, random orders"][-1] == figures.figure(float(curves.random_insertion[:, -1].mean()))
    lines = list(csv.reader(io.StringIO(figures.curves_csv(curves))))
    values = np.array(lines[1:], dtype=float)
    assert len(lines[0]) == values.shape[1] == 3 + 2 * len(curves.random_deletion)
    np.testing.assert_array_equal(values[:, 3::2].T.astype(np.float32), curves.random_deletion)


def test_noise_is_said_in_its_unit(robust: Robustness) -> None:
    said = noise.say_sensitivity(robust)
    assert f"Sensitivity {robust.sensitivity:.2f}" in said
    assert f"about {0.05 * 0.3081 * 255:.0f} grey levels" in said
    said = noise.say_infidelity(robust)
    for value in (robust.infidelity, robust.best_infidelity, robust.blank_infidelity):
        assert f"{value:.3g}" in said
    moved, off = math.sqrt(robust.blank_infidelity), math.sqrt(robust.best_infidelity)
    assert f"moves the score by about {moved:.3f}" in said
    assert f"to within about {off:.3f}." in said
    share = 1 - robust.best_infidelity / robust.blank_infidelity
    html = noise.foretold(robust)
    assert f"foretells {share * 100:.0f}\xa0%" in html
    (width,) = re.findall(r"width: ([\d.]+)%", html)
    assert float(width) == pytest.approx(share * 100, abs=0.01)


def test_each_changed_digit_has_a_bar_against_the_limit() -> None:
    changes = [0.1, 0.6, 1.5]
    chart = noise.trials(changes, 10, 0.5)
    bars = charting.named(chart, "the map moved by")
    assert list(bars.x) == [1, 2, 3]
    assert list(bars.y) == changes
    assert charting.named(chart, "half of its length").y == (0.5, 0.5)
    assert chart.layout.xaxis.range == (0.5, 10.5), "with places for those to come"
    assert chart.layout.yaxis.range[1] > max(changes)
    assert noise.trial_columns(changes)["the map moved by"] == ["10.0\xa0%", "60.0\xa0%", "150.0\xa0%"]
    lines = table(noise.robustness_csv(Robustness(1.5, 2, 1, 4, 0.05, 0.05, 3, 256), changes))
    assert [float(line["value"]) for line in lines] == [1.5, 2, 1, 4, *changes]
