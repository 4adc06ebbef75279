"""The reliability diagram and the loss over temperatures, read back and compared with a second count."""

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pytest

from model.mistakes.calibration import reliability
from model.mistakes.calibration.records import ChanceError, Reliability, TemperatureScaling
from model.mistakes.records import Accuracy, Scores
from tests import curve
from viz.mistakes import calibration

BINS = 15


def scores(seed: int = 0, images: int = 400) -> Scores:
    """Return logits of three classes with a confidence above their accuracy."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, (images, 3)).astype(np.float32)
    noisy = logits + generator.gumbel(0, 2, logits.shape)
    return Scores("none", logits, noisy.argmax(axis=1).astype(np.uint8))


SCORES = scores()
FOUND = reliability.reliability(SCORES, 1.5)
TEMPERATURES = np.linspace(0.5, 5, 10)
SCALING = reliability.temperature_scaling(*reliability.halves(SCORES), TEMPERATURES)


def counted(temperature: float) -> dict[int, tuple[int, float, float]]:
    """Count image by image: for each bin with images, their number, accuracy and mean confidence."""
    bins: dict[int, list[tuple[bool, float]]] = {}
    for logits, label in zip(SCORES.logits.astype(float) / temperature, SCORES.labels, strict=True):
        shares = np.exp(logits - logits.max())
        sure = float(shares.max() / shares.sum())
        bins.setdefault(int(np.ceil(sure * BINS)) - 1, []).append((int(shares.argmax()) == label, sure))
    means = {m: np.mean(each, axis=0) for m, each in bins.items()}
    return {m: (len(bins[m]), float(right), float(sure)) for m, (right, sure) in sorted(means.items())}


def drawn(html: str) -> dict[int, tuple[int, float, float, float]]:
    """Return the place, count and height of each bar, and the start and length of its gap."""
    bars = re.findall(r"<li([^>]*)>(.*?)</li>", html.partition("<ol>")[2].partition("</ol>")[0])
    assert len(bars) == BINS
    found = {}
    for place, (attributes, inside) in enumerate(bars):
        if inside:
            sizes = dict(re.findall(r"--(right|from|off): ([\d.]+)", attributes))
            count = int(re.sub(r"<[^>]+>|,", "", inside))
            found[place] = (count, float(sizes["right"]), float(sizes["from"]), float(sizes["off"]))
    return found


def test_diagram_bars_show_accuracy_and_gap() -> None:
    expected, bars = counted(1.5), drawn(calibration.diagram(FOUND))
    assert bars.keys() == expected.keys()
    for place, (count, right, sure) in expected.items():
        low, high = sorted((right, sure))
        assert bars[place] == pytest.approx((count, right, low, high - low), abs=1e-4)
    middles = {place: (place + 0.5) / BINS for place in expected}  # the wrong rule: how sure, by the bin's middle
    assert any(abs(abs(bars[m][1] - middles[m]) - bars[m][3]) > 1e-3 for m in expected)


def test_diagram_marks_bins_with_few_images() -> None:
    html = calibration.diagram(FOUND)
    few = [count for count, _, _ in counted(1.5).values() if count < calibration.FEW]
    assert 0 < len(few) < BINS
    assert html.count('<li class="few"') == len(few)
    assert html.count(": no image") == int((FOUND.counts == 0).sum()) > 0


def test_say_diagram_error_is_the_weighted_mean_gap() -> None:
    expected = counted(1.5)
    error = sum(count * abs(right - sure) for count, right, sure in expected.values()) / len(SCORES)
    said = calibration.say_diagram(FOUND)
    assert f"calibration error is {error * 100:.2f}\xa0%" in said
    plain = np.mean([abs(right - sure) for _, right, sure in expected.values()])  # the wrong rule: every bin alike
    assert f"{plain * 100:.2f}\xa0%" not in said
    assert "With T\xa0=\xa01.50 the network has" in said


@pytest.mark.parametrize(("most", "verdict"), [(1.0, "can be due to chance"), (0.0, "is larger than chance explains")])
def test_say_chance_compares_with_measured_error(most: float, verdict: str) -> None:
    said = calibration.say_chance(FOUND, ChanceError(500, most / 2, most))
    assert said.endswith(f" {verdict}.")
    assert "on average over 500 simulations" in said


def test_loss_columns_hold_both_losses() -> None:
    found = [[float(value) for value in column] for column in calibration.loss_columns(SCALING).values()]
    wanted = [SCALING.temperatures, SCALING.fitting_losses, SCALING.evaluation_losses]
    np.testing.assert_allclose(found, wanted, atol=5e-7)


def test_losses_chart_shows_both_losses_and_minima() -> None:
    html = calibration.losses(SCALING, 2.0)
    up, across = curve.scales(html)
    fitted, judged, one, other, mark = curve.lines(html)
    for line, half in zip((fitted, judged), reliability.halves(SCORES), strict=True):
        np.testing.assert_allclose(across(line.x), TEMPERATURES, atol=2 * curve.near(across))
        expected = [reliability.loss(half, each) for each in TEMPERATURES]
        np.testing.assert_allclose(up(line.y), expected, atol=2 * curve.near(up))
    assert np.abs(up(fitted.y) - up(judged.y)).max() > 5 * curve.near(up), "the wrong rule: one for the other"
    for point, least in ((one, SCALING.temperature), (other, SCALING.evaluation_temperature)):
        assert across(point.x[:1]) == pytest.approx(least, abs=2 * curve.near(across))
    assert across(mark.x) == pytest.approx([2, 2], abs=2 * curve.near(across))
    assert len(curve.pointed_at(html)) == len(TEMPERATURES)


def test_say_losses_names_both_minima() -> None:
    said = calibration.say_losses(TemperatureScaling(1.234, TEMPERATURES, TEMPERATURES, TEMPERATURES, 0.876))
    assert "lowest at T\xa0=\xa01.23 for the fitting half, and at T\xa0=\xa00.88 for the evaluation half" in said


def off_by(error: float, temperature: float = 1.0) -> Reliability:
    """Return four correct images in one bin whose mean confidence is 1 − error."""
    sums = np.array([4 * (1 - error)])
    return Reliability(temperature, np.array([0.0, 1.0]), np.array([4]), np.array([4]), sums, 0.1)


@pytest.mark.parametrize(
    ("after", "others_after", "word", "moral"),
    [
        (0.1, 0.1, "which is better", "Only images that are not used for fitting"),
        (0.1, 0.3, "which is no better", "it would look like an improvement"),
        (0.3, 0.3, "which is no better", "Only images that are not used for fitting"),
        (0.3, 0.1, "which is better", "Only images that are not used for fitting"),
    ],
)
def test_say_scaling_judges_by_the_evaluation_half(after: float, others_after: float, word: str, moral: str) -> None:
    said = calibration.say_scaling([off_by(0.2), off_by(after, 1.3)], [off_by(0.2), off_by(others_after, 1.3)])
    assert f"from 20.00\xa0% to {after * 100:.2f}\xa0%" in said
    assert word in said
    assert moral in said


def test_say_halves_counts_mistakes() -> None:
    said = calibration.say_halves(Accuracy(4_970, 5_000), Accuracy(4_980, 5_000))
    assert "30 of the 50 mistakes are among the first" in said


def test_columns_hold_the_records() -> None:
    even, odd = (reliability.reliability(half, 1.0) for half in reliability.halves(SCORES))
    columns = calibration.columns([even], [odd])
    assert columns["images"] == ["fitting half", "evaluation half"]
    assert columns["loss"] == [f"{each.loss:.4f}" for each in (even, odd)]
    assert columns["calibration error"] == [f"{each.error * 100:.2f}\xa0%" for each in (even, odd)]
    bins = calibration.bin_columns(FOUND)
    assert [int(each) for each in bins["images"]] == [count for count, _, _ in counted(1.5).values()]
    assert len({*map(len, bins.values())}) == 1
    everything = replace(off_by(0.5), correct=np.array([0]))
    assert calibration.bin_columns(everything)["accuracy"] == ["none"]


def test_csv_holds_each_bin() -> None:
    lines = list(csv.DictReader(io.StringIO(calibration.as_csv(FOUND))))
    assert len(lines) == BINS
    numbers = [{name: float(value) for name, value in line.items()} for line in lines]
    error = sum(abs(line["correct"] - line["sum of probabilities"]) for line in numbers) / len(SCORES)
    assert error == pytest.approx(FOUND.error, rel=1e-12)
    assert {line["temperature"] for line in numbers} == {1.5}
