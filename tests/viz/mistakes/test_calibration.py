"""The reliability diagram and the loss over temperatures, read back and compared with a second count."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st

from model.mistakes.calibration import reliability
from model.mistakes.calibration.records import ChanceError, Reliability, TemperatureScaling
from model.mistakes.labelled import MnistPictures
from model.mistakes.records import Accuracy, Scores
from tests import charting
from viz.mistakes import cache, calibration
from viz.mistakes.controls import temperatures

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


ACCURACY, GAP = "accuracy", "gap to the mean confidence"


def test_diagram_bars_show_accuracy_and_gap() -> None:
    expected, chart = counted(1.5), calibration.diagram(FOUND)
    accuracy, gap = charting.named(chart, ACCURACY), charting.named(chart, GAP)
    assert [round(x * BINS - 0.5) for x in accuracy.x] == [*expected] == [round(x * BINS - 0.5) for x in gap.x]
    assert list(gap.text) == [f"{count:,}" for count, _, _ in expected.values()]
    for place, (_, share, confidence) in enumerate(expected.values()):
        assert accuracy.y[place] == pytest.approx(share)
        assert (gap.base[place], gap.base[place] + gap.y[place]) == pytest.approx(sorted((share, confidence)))
        assert f"accuracy {share:.1%}, mean confidence {confidence:.1%}" in accuracy.customdata[place]
    off = np.abs(np.asarray(accuracy.y) - np.asarray(accuracy.x))  # the wrong rule: the middle of the bin
    assert np.abs(off - np.asarray(gap.y)).max() > 1e-3


def test_diagram_bars_of_few_images_are_pale_and_empty_bins_have_none() -> None:
    chart = calibration.diagram(FOUND)
    counts = [count for count, _, _ in counted(1.5).values()]
    assert len(counts) == int((FOUND.counts > 0).sum())
    assert 0 < len(counts) < BINS, "some bins are empty"
    for name in (ACCURACY, GAP):
        pale = [opacity < 1 for opacity in charting.named(chart, name).marker.opacity]
        assert pale == [count < calibration.FEW for count in counts]
        assert any(pale)


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
    chart = calibration.losses(SCALING, 2.0)
    fitting, evaluation = (charting.named(chart, name) for name in ("fitting half", "evaluation half"))
    for line, half in zip((fitting, evaluation), reliability.halves(SCORES), strict=True):
        np.testing.assert_array_equal(line.x, TEMPERATURES)
        np.testing.assert_allclose(line.y, [reliability.loss(half, each) for each in TEMPERATURES])
    assert not np.allclose(fitting.y, evaluation.y), "the wrong rule: one for the other"
    points = [trace for trace in chart.data if trace.mode == "markers"]
    minima = SCALING.temperature, SCALING.evaluation_temperature
    for point, line, minimum in zip(points, (fitting, evaluation), minima, strict=True):
        assert point.x[0] == minimum
        assert min(line.y) - 1e-9 <= point.y[0] <= max(line.y)
    assert charting.named(chart, "T\xa0=\xa02.00").x == (2, 2)


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


@pytest.mark.parametrize(("labels", "said"), [("guessed", "hardly better than guessing"), ("right", "all 200 images")])
def test_where_no_temperature_can_be_fitted_a_sentence_says_why(
    labels: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits = np.random.default_rng(1).normal(0, 3, (400, 3)).astype(np.float32)
    given = logits.argmin(axis=1) if labels == "guessed" else logits.argmax(axis=1)
    halves, infos = reliability.halves(Scores("none", logits, given.astype(np.uint8))), list[str]()
    monkeypatch.setattr(cache, "scores", lambda _pictures: halves[0])
    monkeypatch.setattr(cache, "halves", lambda _pictures: halves)
    monkeypatch.setattr(
        cache, "temperature_scaling", lambda _, each: reliability.temperature_scaling(*halves, np.array(each))
    )
    monkeypatch.setattr(st, "info", infos.append)
    assert temperatures.scaling(MnistPictures()) is None
    assert said in infos[0]
