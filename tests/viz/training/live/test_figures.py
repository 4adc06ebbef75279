"""A small training as it is drawn: curves where their axes say, places that stay, and words that are true."""

import csv
import dataclasses
import io
import re

import numpy as np
import pytest
import torch

from model import trace
from model.images import digits
from model.trace.records import Trace
from model.training.live import lesson
from model.training.live.lesson import Lesson
from model.training.live.records import LiveChoices, LiveRun, LiveStage, LiveStatus, Shipped
from tests import charting
from tests.model.training.few import small_mnist
from tests.pictures import assert_painted, decode
from viz import theme
from viz.training.live import figures

FEW = small_mnist()
LESSON = Lesson(FEW.at(torch.arange(130)), FEW.at(torch.arange(130, 180)))
CHOICES = LiveChoices(steps=100, learning_rate=0.05, batch_size=16, seed=3)
SHIPPED = Shipped(49, 19, 55_000, False)


@pytest.fixture(scope="module")
def run() -> LiveRun:
    return next(run for run in lesson.train(CHOICES, LESSON) if run.step == 60)


@pytest.fixture(scope="module")
def read(run: LiveRun) -> Trace:
    return trace.record(lesson.network_of(run.snapshots[-1]), digits.to_input(digits.samples()[5]))


def test_the_charts_are_the_losses_and_the_accuracies(run: LiveRun) -> None:
    chart = figures.losses(CHOICES, run, 25)
    each, mean = charting.named(chart, "loss of each step"), charting.named(chart, "mean of 25")
    np.testing.assert_array_equal(each.x, np.arange(1, 61))
    np.testing.assert_allclose(each.y, run.losses)
    np.testing.assert_allclose(mean.y, [run.losses[max(0, end - 25) : end].mean() for end in range(1, 61)])
    np.testing.assert_allclose(charting.named(chart, "guessing").y, -np.log(0.1))
    assert charting.named(chart, "step shown").x == (25, 25)
    chart = figures.accuracies(CHOICES, run, SHIPPED, 25)
    this = charting.named(chart, "this one")
    assert this.x == (0, 5, 10, 25, 50)
    assert this.y == pytest.approx([2 * each.correct for each in run.snapshots])
    assert this.y != pytest.approx([each.correct for each in run.snapshots])
    assert charting.named(chart, "the app's own network").y == pytest.approx((98, 98))
    assert charting.named(chart, "guessing").y == (10, 10)


def test_nothing_moves_while_it_grows(run: LiveRun) -> None:
    """Axes and legends are there before the first step, and stay."""

    def frame(choices: LiveChoices, run: LiveRun | None, shipped: Shipped | None, step: int | None) -> list[object]:
        both = figures.losses(choices, run, step), figures.accuracies(choices, run, shipped, step)
        return [(charting.names(each), each.layout.to_plotly_json()) for each in both]

    before = frame(CHOICES, None, None, None)
    assert before == frame(CHOICES, run, SHIPPED, 50)
    assert before != frame(dataclasses.replace(CHOICES, steps=300), None, None, None)
    assert all(trace.x == (None,) for trace in figures.losses(CHOICES, None, None).data[1:]), "kept in the legend"


def test_a_loss_that_is_no_number_stays_on_the_chart(run: LiveRun) -> None:
    spoilt = dataclasses.replace(run, losses=np.asarray([2.0, 7e28, float("nan")]), snapshots=run.snapshots[:1])
    each = charting.named(figures.losses(CHOICES, spoilt, 0), "loss of each step")
    np.testing.assert_array_equal(each.y, [2, 3, 3])
    assert spoilt.diverged
    assert "At step 3 the loss was no number any more" in figures.say_result(spoilt, None)
    assert "Ended at step 3 of 100" in figures.say_status(LiveStatus("finished", CHOICES, spoilt), CHOICES)[1]


def test_the_kernels_are_painted_on_one_scale_over_all_snapshots(run: LiveRun) -> None:
    every = np.stack([each.weights["Conv2d-1.weight"][:, 0] for each in run.snapshots])
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
def test_the_maps_are_those_of_the_digit(read: Trace, name: str, across: int, zoom: int) -> None:
    maps = read[name].maps
    picture = decode(re.findall(r'src="([^"]+)"', figures.digit_maps(read, name, 50))[0])
    side, most = maps.shape[1] * zoom, np.abs(maps).max()
    assert picture.shape[1] == across * (side + 3) - 3
    for number in (0, across, len(maps) - 1):
        top, left = number // across * (side + 3), number % across * (side + 3)
        tile = picture[top : top + side, left : left + side]
        assert_painted(tile, maps[number], -most, most, theme.DIVERGING, zoom=zoom)


def test_weights_that_are_no_numbers_are_painted_all_the_same(run: LiveRun) -> None:
    spoilt = dataclasses.replace(
        run.snapshots[0], weights={"Conv2d-1.weight": np.full((8, 1, 3, 3), np.nan, np.float32)}
    )
    assert "<img" in figures.first_kernels(dataclasses.replace(run, snapshots=(spoilt,)), spoilt)


def test_the_answer_is_said_with_its_numbers(read: Trace) -> None:
    first, second = np.argsort(-read.probabilities)[:2]
    said = figures.say_answer(read, 50, read)
    assert said.startswith(f"**After step 50 it reads {first}** with ")
    assert f", then {second} with " in said
    assert said.endswith(".")
    assert figures.answer(read).count("<li") == 10
    spoilt = dataclasses.replace(read, logits=np.full(10, np.nan, np.float32))
    assert "no answer" in figures.say_answer(spoilt, 50, read)
    assert "<li" not in figures.answer(spoilt)


def test_the_result_is_said_with_its_error_and_its_limits(run: LiveRun) -> None:
    last = run.snapshots[-1]
    said = figures.say_result(run, SHIPPED)
    error = 200 * np.sqrt(last.correct / 50 * (1 - last.correct / 50) / 50)
    assert f"**{last.correct} of 50 held-out images are read right after step 50: {2 * last.correct:.1f}\xa0%**" in said
    assert f"two standard errors: {error:.1f} points" in said
    assert "The app's own network reads 49 of the same 50 right (98.0\xa0%), after 19 epochs of 55,000 images." in said
    assert "one seed" in said
    flattered = figures.say_result(run, dataclasses.replace(SHIPPED, learned_from_them=True))
    assert "it learned from these very images too" in flattered
    assert "flatters" not in said


@pytest.mark.parametrize(
    ("stage", "before", "seconds", "words"),
    [
        ("waiting", 1, None, "Waiting: one training is before yours."),
        ("waiting", 2, 17.0, "Waiting: 2 trainings are before yours, about 20 s until it starts."),
        ("waiting", 9, 200.0, "Waiting: 9 trainings are before yours, about 4 min until it starts."),
        ("running", 0, 8.0, "Step 60 of 100, about 10 s left."),
        ("cancelled", 0, None, "Cancelled at step 60 of 100."),
        ("failed", 0, None, "Failed at step 60 of 100."),
    ],
)
def test_how_it_stands_is_said(run: LiveRun, stage: LiveStage, before: int, seconds: float | None, words: str) -> None:
    status = LiveStatus(stage, CHOICES, None if stage == "waiting" else run, before, seconds)
    share, said = figures.say_status(status, CHOICES)
    assert said == words
    assert share == (0 if stage == "waiting" else 0.6)


def test_how_it_stands_before_and_after() -> None:
    assert figures.say_status(None, CHOICES) == (0.0, "Not started: 100 steps of 16 images.")
    assert figures.say_status(LiveStatus("running", CHOICES), CHOICES) == (0.0, "Reading MNIST.")
    *_, whole = lesson.train(CHOICES, LESSON)
    share, said = figures.say_status(LiveStatus("finished", CHOICES, whole), CHOICES)
    assert share == 1
    assert said.startswith("All 100 steps are done")


def test_the_numbers_can_be_taken_away(run: LiveRun) -> None:
    columns = figures.columns(run)
    assert columns["step"] == ["0", "5", "10", "25", "50"]
    assert [int(each) for each in columns["right of 50"]] == [each.correct for each in run.snapshots]
    losses = [*csv.DictReader(io.StringIO(figures.losses_csv(run)))]
    assert [float(line["loss"]) for line in losses] == run.losses.tolist()
    assert [line["step"] for line in losses] == [str(step) for step in range(1, 61)]
    kernels = [*csv.DictReader(io.StringIO(figures.kernels_csv(run)))]
    assert len(kernels) == 5 * 72
    last = run.snapshots[-1].weights["Conv2d-1.weight"]
    assert float(kernels[-1]["weight"]) == last[7, 0, 2, 2]
