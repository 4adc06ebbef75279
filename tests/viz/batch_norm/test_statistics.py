import re
from dataclasses import replace

import numpy as np
import pytest

from model import trace
from model.batch_norm import statistics as batch_norm
from model.batch_norm.records import BatchAccuracy, ImageSet, RunningAverage, TrainingModeBatch
from model.images import digits
from model.networks.assignment import weights
from model.trace.records import Trace
from tests import charting
from viz.batch_norm import statistics as figures
from viz.pictures import words

NAME, CHANNEL = "BatchNorm2d-5", 2


@pytest.fixture(scope="module")
def three() -> Trace:
    return trace.record(weights.load(), digits.to_input(digits.find("project-3a")))


@pytest.fixture(scope="module")
def images() -> ImageSet:
    labelled = [sample for sample in digits.samples() if sample.label is not None]
    labels = np.asarray([sample.label for sample in labelled], np.int64)
    return ImageSet("samples", "mixed", np.stack([sample.pixels for sample in labelled]), labels)


@pytest.fixture(scope="module")
def batch(images: ImageSet) -> TrainingModeBatch:
    return batch_norm.run_in_training_mode(weights.load(), digits.find("project-3a").pixels, images, 8)


@pytest.fixture(scope="module")
def average(images: ImageSet) -> RunningAverage:
    return batch_norm.running_averages(weights.load(), images, 4, batches=12)[NAME]


@pytest.mark.parametrize(
    ("evaluation", "training", "answer"),
    [(250, 249, "same"), (250, 255, "same"), (250, 200, "fewer"), (250, 124, "ruined"), (250, 125, "fewer")],
)
def test_outcome_is_the_counted_answer(evaluation: int, training: int, answer: str, images: ImageSet) -> None:
    score = BatchAccuracy(256, evaluation, training)
    assert figures.outcome(score) == answer
    assert answer in figures.ANSWERS
    said = figures.say_accuracy(score, images, 16)
    assert f"{evaluation} of 256 predictions are correct ({evaluation / 2.56:.1f}\xa0%)" in said
    assert f"in training mode {training} ({training / 2.56:.1f}\xa0%)" in said
    assert "16 batches of 16" in said
    assert "mixed digits" in said
    assert "3s only" in figures.say_accuracy(score, replace(images, content="3"), 256)
    assert "1 batch of 256" in figures.say_accuracy(score, images, 256)


def test_logits_are_those_of_both_modes(three: Trace, batch: TrainingModeBatch) -> None:
    html = figures.logits(three, batch)
    shown = re.findall(r"<td>(?:<b>)?([−\d.]+)(?:</b>)?</td>", html)
    expected = [words.number(float(v)) for pair in zip(three.logits, batch.logits, strict=True) for v in pair]
    assert shown == expected
    most = max(np.abs(three.logits).max(), np.abs(batch.logits).max())
    shares = [float(share) for share in re.findall(r"--share: ([\d.]+)", html)]
    both = np.stack([three.logits, batch.logits], axis=1).ravel()
    assert shares == pytest.approx(np.abs(both) / most / 2, abs=1e-4)
    starts = [float(start) for start in re.findall(r"--from: ([\d.]+)", html)]
    assert starts == pytest.approx(0.5 + np.minimum(both, 0) / most / 2, abs=1e-4)
    said = figures.say_logits(three, batch)
    assert f"classified as {three.prediction} in evaluation mode" in said
    assert words.number(float(np.abs(three.logits - batch.logits).max())) in said


def test_maps_show_the_statistics_of_both_modes(three: Trace, batch: TrainingModeBatch) -> None:
    html = figures.maps(three, batch, NAME, CHANNEL)
    row = batch.rows[NAME]
    for mean, variance in ((row.trained_mean, row.trained_variance), (row.mean, row.biased)):
        assert f"mean {words.number(mean[CHANNEL])}" in html
        assert f"deviation {words.number(np.sqrt(variance[CHANNEL]))}" in html
    apart = np.abs(three[NAME].output[CHANNEL] - row.output[CHANNEL]).max()
    assert words.number(float(apart)) in figures.say_maps(three, batch, NAME, CHANNEL)


def test_variances_arithmetic_is_correct(batch: TrainingModeBatch) -> None:
    row = batch.rows[NAME]
    html = figures.variances(row, CHANNEL).replace("−", "-")
    unbiased = row.biased[CHANNEL] * row.count / (row.count - 1)
    assert f"{row.count:,} / {row.count - 1:,} = {unbiased:.6f}" in html
    lines = re.findall(r"([\d.]+) × \(?(-?[\d.]+)\)? \+ ([\d.]+) × \(?(-?[\d.]+)\)? = (-?[\d.]+)", html)
    assert len(lines) == 2
    for a, b, c, d, result in lines:
        assert float(a) * float(b) + float(c) * float(d) == pytest.approx(float(result), abs=2e-3)


def test_running_chart_shows_the_average_and_the_closed_form(average: RunningAverage) -> None:
    chart = figures.running_chart(average, CHANNEL)
    own, mean, closed, trained = chart.data
    expected, left = [], 1.0
    for _ in range(13):
        expected.append(average.batch_means[:, CHANNEL].mean() * (1 - left))
        left *= 0.9
    np.testing.assert_array_equal(own.y, average.batch_means[:, CHANNEL])
    np.testing.assert_array_equal(mean.y, average.means[:, CHANNEL])
    np.testing.assert_allclose(closed.y, expected)
    assert set(trained.y) == {average.trained_mean[CHANNEL]}
    np.testing.assert_array_equal(own.x, range(1, 13))
    np.testing.assert_array_equal(mean.x, range(13))
    assert not np.allclose(mean.y, average.variances[:, CHANNEL]), "the variance is another curve"
    assert charting.names(chart) == ["mean of the batch", "running mean", "average × (1 − 0.9ᵏ)", "as trained"]
    said = figures.say_running(average, CHANNEL, 4)
    assert "12 batches of 4" in said
    assert "34.9\xa0% after 10, 28.2\xa0% after 12" in said
    assert words.number(average.means[-1, CHANNEL]) in said
    assert words.number(average.trained_variance[CHANNEL]) in said


def test_running_columns_hold_every_batch(average: RunningAverage) -> None:
    start, *rows = zip(*figures.running_columns(average, CHANNEL).values(), strict=True)
    assert start == ("0", "", "", "0", "1")
    assert len(rows) == 12
    mean, variance = 0.0, 1.0
    for _, own_mean, own_variance, running_mean, running_variance in rows:
        mean = 0.9 * mean + 0.1 * float(own_mean)
        variance = 0.9 * variance + 0.1 * float(own_variance)
        assert float(running_mean) == pytest.approx(mean, rel=1e-4, abs=1e-5)
        assert float(running_variance) == pytest.approx(variance, rel=1e-4)
