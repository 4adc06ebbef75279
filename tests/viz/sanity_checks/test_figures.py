"""Figures and sentences of the checks of one map, compared with values computed again from the maps."""

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
from model.sanity_checks import edges, pixel_curves, weight_dependence
from model.sanity_checks.randomization import learned_rows
from model.sanity_checks.records import PixelCurves, Randomization, Robustness, WeightDependence
from model.sanity_checks.robustness import robustness
from tests import charting
from tests.explaining import attribution, by_gradient
from tests.pictures import assert_painted, decode
from viz import theme
from viz.sanity_checks import figures, noise

DIGIT = digits.find("project-4or9")
X = digits.to_input(DIGIT)
EXPLAIN = by_gradient(9)
ROWS = learned_rows(weights.load())


@pytest.fixture(scope="module")
def randomized() -> Randomization:
    return weight_dependence.randomization(weights.load(), X, EXPLAIN, 3)


@pytest.fixture(scope="module")
def dependence(randomized: Randomization) -> WeightDependence:
    others = [EXPLAIN(weights.load(), digits.to_input(each)) for each in weight_dependence.other_digits(DIGIT)]
    return weight_dependence.weight_dependence(randomized, others)


@pytest.fixture(scope="module")
def curves(randomized: Randomization) -> PixelCurves:
    return pixel_curves.pixel_curves(weights.load(), X, randomized.attributions[0], seed=3)


@pytest.fixture(scope="module")
def robust() -> Robustness:
    return robustness(weights.load(), X, EXPLAIN, seed=3)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_stages_show_each_map_with_both_numbers(randomized: Randomization) -> None:
    html = figures.stages(ROWS, randomized)
    names = re.findall(r"<li><b>([^<]+)</b>", html)
    assert names == ["trained", *ROWS]
    maps = [each.values.astype(float) for each in randomized.attributions]
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


def test_stages_have_a_placeholder_for_each_pending_map(randomized: Randomization) -> None:
    some = weight_dependence.compare(ROWS, randomized.attributions[:4])
    html = figures.stages(ROWS, some)
    assert html.count("<li") == len(ROWS) + 1
    assert html.count('class="pending"') == len(ROWS) - 3
    chart = figures.randomization_chart(ROWS, some, None)
    assert charting.names(chart) == ["structural similarity", "rank correlation"]
    assert len(chart.data[0].x) == 4
    assert len(chart.layout.xaxis.categoryarray) == len(ROWS) + 1
    assert figures.say_randomization(some, None).startswith("3 rows are randomized so far")


def test_randomization_chart_draws_the_values(randomized: Randomization, dependence: WeightDependence) -> None:
    chart = figures.randomization_chart(ROWS, randomized, dependence)
    similarities, ranks = (charting.named(chart, name) for name in ("structural similarity", "rank correlation"))
    assert list(ranks.x) == ["trained", *ROWS]
    assert list(ranks.y) == list(randomized.signed_rank_correlations)
    assert list(similarities.y) == list(randomized.similarities)
    assert charting.named(chart, "limit").y == (dependence.limit,) * 2
    low, high = charting.edges(chart, "maps of other pictures")
    assert set(low) == {min(dependence.others)}
    assert set(high) == {max(dependence.others)}
    bottom, top = chart.layout.yaxis.range
    assert bottom <= min(*dependence.others, *ranks.y, *similarities.y)
    assert top > 1


def test_say_randomization_names_verdict_and_limit(randomized: Randomization, dependence: WeightDependence) -> None:
    maps = [each.values.ravel() for each in randomized.attributions]
    mean = np.mean([stats.spearmanr(maps[0], each)[0] for each in maps[1:]])
    assert f"rows, is {mean:.2f}. The".replace("-", "−") in figures.say_randomization(randomized, dependence)
    made = {
        "most similar other picture": (WeightDependence(0.2, (0.1, 0.4), 0.3, 0.7), True),
        "half of the variance": (WeightDependence(0.8, (0.1, 0.9), 0.3, 0.7), False),
        "a tenth of the variance": (WeightDependence(0.35, (0.1, 0.2), 0.3, 0.7), False),
    }
    for source, (each, reacts) in made.items():
        said = figures.say_randomization(randomized, each)
        assert source in said
        assert ("the map **depends on the weights**" in said) == reacts
        assert ("does not depend on" in said) != reacts


def test_blank_map_has_sentences_without_nan() -> None:
    blank = attribution(np.zeros((28, 28)))
    randomized = weight_dependence.compare(["a", "b"], [blank, blank, blank])
    dependence = weight_dependence.weight_dependence(randomized, [blank])
    assert "blank" in figures.say_randomization(randomized, dependence)
    assert "nan" not in figures.stages(["a", "b"], randomized)
    chart = figures.randomization_chart(["a", "b"], randomized, dependence)
    assert charting.names(chart)[-1] == "rank correlation"
    assert "nan" not in str(figures.randomization_columns(randomized))
    control = edges.compare(blank, DIGIT.pixels)
    assert "no rank correlation" in figures.say_edges(control)
    assert figures.edge_images(blank, control, DIGIT.pixels)
    nothing = Robustness(math.nan, 0.1, 0.1, 0.1, 0.05, 0.05, 10, 256)
    assert "blank" in noise.say_sensitivity(nothing, (0.3081,))
    still = replace(nothing, blank_infidelity=0.0)
    assert not len(noise.trials([math.nan] * 10, 10, 0.5).data[0].x)
    assert noise.trial_columns([math.nan])["change of the map"] == ["none"]
    assert "nan" not in noise.predicted_share(still)
    assert "noise does not change the score" in noise.say_infidelity(still)
    assert "nan" not in noise.say_infidelity(still)


def test_say_randomization_counts_blank_maps(randomized: Randomization, dependence: WeightDependence) -> None:
    blank = attribution(np.zeros((28, 28)))
    some = weight_dependence.compare(["a", "b"], [randomized.attributions[0], randomized.attributions[1], blank])
    assert "1 of the 2 maps are blank and count" in figures.say_randomization(some, dependence)
    html = figures.stages(["a", "b"], some)
    assert re.findall(r"<span>([^<]+)</span>", html)[2] == "none"


def test_randomization_csv_holds_all_digits(randomized: Randomization, dependence: WeightDependence) -> None:
    lines = table(figures.randomization_csv(randomized, dependence))
    assert [line["randomized up to"] for line in lines[: len(ROWS) + 1]] == ["none", *ROWS]
    ranks = [float(line["rank correlation"]) for line in lines]
    assert ranks == [*randomized.signed_rank_correlations, *dependence.others]
    assert [len(column) for column in figures.randomization_columns(randomized).values()] == [len(ROWS) + 1] * 4


def test_edge_images_and_csv_equal_scipy(randomized: Randomization) -> None:
    found = randomized.attributions[0]
    control = edges.compare(found, DIGIT.pixels)
    digit, sobel, sizes = map(decode, re.findall(r'src="([^"]+)"', figures.edge_images(found, control, DIGIT.pixels)))
    np.testing.assert_array_equal(digit[..., 0], DIGIT.pixels)
    ink = DIGIT.pixels.astype(float)
    peer = np.hypot(ndimage.sobel(ink, 0, mode="nearest"), ndimage.sobel(ink, 1, mode="nearest"))
    assert_painted(sobel, peer, 0, peer.max(), theme.SEQUENTIAL)
    assert_painted(sizes, np.abs(found.values), 0, np.abs(found.values).max(), theme.SEQUENTIAL)
    rank = stats.spearmanr(np.abs(found.values).ravel(), peer.ravel())[0]
    assert f"correlation of {rank:.2f}" in figures.say_edges(control)
    lines = table(figures.edges_csv(found, control))
    assert [float(line["absolute value of the map"]) for line in lines] == np.abs(found.values).ravel().tolist()
    np.testing.assert_allclose([float(line["edge"]) for line in lines], peer.ravel(), rtol=1e-6)


def area(curve: NDArray[np.float32], counts: NDArray[np.int64]) -> float:
    """Add up trapezia one by one."""
    steps = zip(curve[:-1], curve[1:], np.diff(counts) / counts[-1], strict=True)
    return float(sum((float(one) + float(other)) / 2 * float(wide) for one, other, wide in steps))


def test_say_curves_and_margins_equal_trapezia(curves: PixelCurves) -> None:
    gone, back = area(curves.deletion, curves.counts), area(curves.insertion, curves.counts)
    chance_gone = [area(each, curves.counts) for each in curves.random_deletion]
    chance_back = [area(each, curves.counts) for each in curves.random_insertion]
    said = figures.say_curves(curves, "9")
    for value in (gone, back, np.mean(chance_gone), min(chance_gone), np.mean(chance_back), max(chance_back)):
        assert f"{value:.3f}" in said
    expected = np.mean(chance_gone) - gone, back - np.mean(chance_back)
    assert figures.margins(curves) == pytest.approx(expected, abs=1e-6)
    assert figures.is_better(curves) == (gone < min(chance_gone), back > max(chance_back))
    swapped = replace(curves, deletion=curves.insertion, insertion=curves.deletion)
    assert figures.margins(swapped) != pytest.approx(expected, abs=1e-2), "the wrong curve shows"
    assert "come last" in figures.say_curves(
        replace(curves, random_deletion=curves.random_deletion[:0], random_insertion=curves.random_insertion[:0]), "9"
    )


def test_order_worse_than_random(curves: PixelCurves) -> None:
    upside_down = replace(curves, deletion=np.ones_like(curves.deletion), insertion=np.zeros_like(curves.insertion))
    assert figures.is_better(upside_down) == (False, False)
    assert figures.is_worse(upside_down) == (True, True)
    assert figures.is_worse(curves) == (False, False)
    assert max(figures.margins(upside_down)) < 0
    assert figures.say_curves(upside_down, "9").count("worse than all of them") == 2


def test_deletion_and_insertion_charts_draw_the_curves(curves: PixelCurves) -> None:
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
    assert columns["deletion"] == [figures.two_decimals(value) for value in curves.deletion]
    assert columns["insertion, random orders"][-1] == figures.two_decimals(float(curves.random_insertion[:, -1].mean()))
    lines = list(csv.reader(io.StringIO(figures.curves_csv(curves))))
    values = np.array(lines[1:], dtype=float)
    assert len(lines[0]) == values.shape[1] == 3 + 2 * len(curves.random_deletion)
    np.testing.assert_array_equal(values[:, 3::2].T.astype(np.float32), curves.random_deletion)


def test_noise_sentences_hold_the_measures(robust: Robustness) -> None:
    said = noise.say_sensitivity(robust, (0.3081,))
    assert f"Sensitivity {robust.sensitivity:.2f}" in said
    assert f"about {0.05 * 0.3081 * 255:.0f} of 255 levels" in said
    said = noise.say_infidelity(robust)
    for value in (robust.infidelity, robust.best_infidelity, robust.blank_infidelity):
        assert f"{value:.3g}" in said
    moved, off = math.sqrt(robust.blank_infidelity), math.sqrt(robust.best_infidelity)
    assert f"changes the score by about {moved:.3f}" in said
    assert f"to within about {off:.3f}." in said
    share = 1 - robust.best_infidelity / robust.blank_infidelity
    html = noise.predicted_share(robust)
    assert f"predicts {share * 100:.0f}\xa0%" in html
    (width,) = re.findall(r"width: ([\d.]+)%", html)
    assert float(width) == pytest.approx(share * 100, abs=0.01)


def test_trials_have_a_bar_for_each_changed_digit() -> None:
    changes = [0.1, 0.6, 1.5]
    chart = noise.trials(changes, 10, 0.5)
    bars = charting.named(chart, "change of the map")
    assert list(bars.x) == [1, 2, 3]
    assert list(bars.y) == changes
    assert charting.named(chart, "half of its norm").y == (0.5, 0.5)
    assert chart.layout.xaxis.range == (0.5, 10.5), "with places for the pending trials"
    assert chart.layout.yaxis.range[1] > max(changes)
    assert noise.trial_columns(changes)["change of the map"] == ["10.0\xa0%", "60.0\xa0%", "150.0\xa0%"]
    lines = table(noise.robustness_csv(Robustness(1.5, 2, 1, 4, 0.05, 0.05, 3, 256), changes))
    assert [float(line["value"]) for line in lines] == [1.5, 2, 1, 4, *changes]


@pytest.mark.parametrize("best", [math.nan, math.inf, -1e-9])
def test_no_sentence_on_noise_says_nan(robust: Robustness, best: float) -> None:
    odd = replace(robust, best_infidelity=best)
    said = noise.say_infidelity(odd) + noise.predicted_share(odd)
    assert "nan" not in said
    assert "inf" not in said.replace("infidelity", "").replace("Infidelity", "")
    assert "width: -" not in said
    assert "width: 100.00" in said or best != -1e-9
