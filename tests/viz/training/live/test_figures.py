"""Figures of a small training: curves, stable axes, and text."""

import csv
import dataclasses
import io
import re

import numpy as np
import pytest

from model import networks, trace
from model.images import digits
from model.trace.records import Trace
from model.training.background.records import Stage
from model.training.live import loop
from model.training.live.records import LiveChoices, LiveRun, LiveStatus, Shipped
from tests import charting
from tests.model.training.few import live_pictures
from tests.pictures import assert_painted, decode
from viz import theme
from viz.training.live import figures

NETWORK = networks.by_id("assignment")
CHOICES = LiveChoices(steps=100, learning_rate=0.05, batch_size=16, seed=3, network="assignment")
SHIPPED = Shipped(49, 19, 55_000, False)


@pytest.fixture(scope="module")
def run() -> LiveRun:
    return next(run for run in loop.train(NETWORK, CHOICES, live_pictures()) if run.step == 60)


@pytest.fixture(scope="module")
def read(run: LiveRun) -> Trace:
    return trace.record(loop.network_of(NETWORK, run.snapshots[-1]), digits.to_input(digits.samples()[5]))


def test_charts_have_losses_and_accuracies(run: LiveRun) -> None:
    chart = figures.losses(run, 25)
    each, mean = charting.named(chart, "loss of each step"), charting.named(chart, "mean of 25")
    np.testing.assert_array_equal(each.x, np.arange(1, 61))
    np.testing.assert_allclose(each.y, run.losses)
    np.testing.assert_allclose(mean.y, [run.losses[max(0, end - 25) : end].mean() for end in range(1, 61)])
    np.testing.assert_allclose(charting.named(chart, "guessing").y, -np.log(0.1))
    assert charting.named(chart, "step shown").x == (25, 25)
    chart = figures.accuracies(run, SHIPPED, 25)
    this = charting.named(chart, "this training")
    assert this.x == (0, 5, 10, 25, 50)
    assert this.y == pytest.approx([2 * each.correct for each in run.snapshots])
    assert this.y != pytest.approx([each.correct for each in run.snapshots])
    assert charting.named(chart, "the trained network").y == pytest.approx((98, 98))
    assert charting.named(chart, "guessing").y == (10, 10)


def test_chart_axes_do_not_change_during_the_run(run: LiveRun) -> None:
    """Axes and legends exist at the first step and do not change."""

    def frame(run: LiveRun, shipped: Shipped | None, step: int) -> list[object]:
        both = figures.losses(run, step), figures.accuracies(run, shipped, step)
        return [(charting.names(each), each.layout.to_plotly_json()) for each in both]

    first = dataclasses.replace(run, losses=run.losses[:0], snapshots=run.snapshots[:1])
    longer = dataclasses.replace(first, choices=dataclasses.replace(CHOICES, steps=300))
    assert frame(first, None, 0) == frame(run, SHIPPED, 50)
    assert frame(first, None, 0) != frame(longer, None, 0)
    assert charting.named(figures.losses(first, 0), "loss of each step").x == (None,), "kept in the legend"


def test_loss_that_is_not_finite_is_clipped(run: LiveRun) -> None:
    spoilt = dataclasses.replace(run, losses=np.asarray([2.0, 7e28, float("nan")]), snapshots=run.snapshots[:1])
    each = charting.named(figures.losses(spoilt, 0), "loss of each step")
    np.testing.assert_array_equal(each.y, [2, 3, 3])
    assert spoilt.diverged
    assert "At step 3 the loss was no longer finite" in figures.say_result(spoilt, None)
    assert "Ended at step 3 of 100" in figures.say_status(LiveStatus("finished", CHOICES, spoilt), CHOICES)[1]


def test_first_kernels_share_one_scale_over_snapshots(run: LiveRun) -> None:
    every = np.stack([each.kernels[:, 0] for each in run.snapshots if each.kernels is not None])
    most = np.abs(every).max()
    for number in (0, len(run.snapshots) - 1):
        html = figures.first_kernels(run, run.snapshots[number])
        picture = decode(re.findall(r'src="([^"]+)"', html)[0])
        for kernel, place in enumerate([(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3)]):
            top, left = (27 + 3) * place[0], (27 + 3) * place[1]
            tile = picture[top : top + 27, left : left + 27]
            assert_painted(tile, every[number, kernel], -most, most, theme.DIVERGING, zoom=9)
        assert f"{most:.3f}" in html
        assert f"after step {run.snapshots[number].step}" in html


@pytest.mark.parametrize(("name", "across", "zoom"), [("Conv2d-1", 4, 1), ("Conv2d-7", 8, 1), ("Conv2d-19", 8, 4)])
def test_digit_maps_equal_the_trace(read: Trace, name: str, across: int, zoom: int) -> None:
    maps = read[name].maps
    picture = decode(re.findall(r'src="([^"]+)"', figures.digit_maps(read, name, 50))[0])
    side, most = maps.shape[1] * zoom, np.abs(maps).max()
    assert picture.shape[1] == across * (side + 3) - 3
    for number in (0, across, len(maps) - 1):
        top, left = number // across * (side + 3), number % across * (side + 3)
        tile = picture[top : top + side, left : left + side]
        assert_painted(tile, maps[number], -most, most, theme.DIVERGING, zoom=zoom)


def test_first_kernels_that_are_not_finite_are_painted(run: LiveRun) -> None:
    spoilt = dataclasses.replace(run.snapshots[0], kernels=np.full((8, 1, 3, 3), np.nan, np.float32))
    assert "<img" in figures.first_kernels(dataclasses.replace(run, snapshots=(spoilt,)), spoilt)


def test_say_prediction_has_its_numbers(read: Trace) -> None:
    first, second = np.argsort(-read.probabilities)[:2]
    said = figures.say_prediction(read, 50, read)
    assert said.startswith(f"**After step 50 it predicts {first}** with ")
    assert f", then {second} with " in said
    assert said.endswith(".")
    assert figures.prediction(read).count("<li") == 10
    spoilt = dataclasses.replace(read, logits=np.full(10, np.nan, np.float32))
    assert "no prediction" in figures.say_prediction(spoilt, 50, read)
    assert "<li" not in figures.prediction(spoilt)


def test_say_result_has_error_and_limits(run: LiveRun) -> None:
    last = run.snapshots[-1]
    said = figures.say_result(run, SHIPPED)
    error = 200 * np.sqrt(last.correct / 50 * (1 - last.correct / 50) / 50)
    assert (
        f"**{last.correct} of 50 held-out images are classified correctly after step 50: {2 * last.correct:.1f}\xa0%**"
        in said
    )
    assert f"two standard errors: {error:.1f} points" in said
    assert (
        "The trained network classifies 49 of the same 50 correctly (98.0\xa0%), after 19 epochs of 55,000 images."
        in said
    )
    assert "one seed" in said
    informed = figures.say_result(run, dataclasses.replace(SHIPPED, trained_on_them=True))
    assert "it was also trained on these images" in informed
    assert "advantage" not in said


@pytest.mark.parametrize(
    ("stage", "before", "seconds", "words"),
    [
        ("waiting", 1, None, "Waiting: one training is ahead of yours."),
        ("waiting", 2, 17.0, "Waiting: 2 trainings are ahead of yours, about 20 s until it starts."),
        ("waiting", 9, 200.0, "Waiting: 9 trainings are ahead of yours, about 4 min until it starts."),
        ("running", 0, 8.0, "Step 60 of 100, about 10 s left."),
        ("cancelled", 0, None, "Cancelled at step 60 of 100."),
        ("failed", 0, None, "Failed at step 60 of 100."),
    ],
)
def test_say_status_of_each_stage(run: LiveRun, stage: Stage, before: int, seconds: float | None, words: str) -> None:
    status = LiveStatus(stage, CHOICES, None if stage == "waiting" else run, before, seconds)
    share, said = figures.say_status(status, CHOICES)
    assert said == words
    assert share == (0 if stage == "waiting" else 0.6)


@pytest.mark.slow(reason="trains for 100 steps")
def test_say_status_before_and_after() -> None:
    assert figures.say_status(None, CHOICES) == (0.0, "Not started: 100 steps of 16 images.")
    assert figures.say_status(LiveStatus("running", CHOICES), CHOICES) == (0.0, "Reading the images.")
    *_, whole = loop.train(NETWORK, CHOICES, live_pictures())
    share, said = figures.say_status(LiveStatus("finished", CHOICES, whole), CHOICES)
    assert share == 1
    assert said.startswith("All 100 steps are done")


def test_columns_and_csv_have_every_number(run: LiveRun) -> None:
    columns = figures.columns(run)
    assert columns["step"] == ["0", "5", "10", "25", "50"]
    assert [int(each) for each in columns["correct of 50"]] == [each.correct for each in run.snapshots]
    losses = [*csv.DictReader(io.StringIO(figures.losses_csv(run)))]
    assert [float(line["loss"]) for line in losses] == run.losses.tolist()
    assert [line["step"] for line in losses] == [str(step) for step in range(1, 61)]
    kernels = [*csv.DictReader(io.StringIO(figures.kernels_csv(run)))]
    assert len(kernels) == 5 * 72
    last = run.snapshots[-1].kernels
    assert last is not None
    assert float(kernels[-1]["weight"]) == last[7, 0, 2, 2]
