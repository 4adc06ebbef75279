"""The assignment's logged run and the numbers derived from it."""

import statistics

import pytest

from model.networks.assignment import logged_run
from model.networks.assignment.logged_run import EPOCHS, REQUIRED_ACCURACY


def test_logged_run_has_numbers_losses_and_accuracies() -> None:
    run = logged_run.logged_run()
    assert run.numbers.tolist() == [*range(1, len(EPOCHS) + 1)]
    assert run.losses.tolist() == [each.loss for each in EPOCHS]
    assert run.accuracies.tolist() == pytest.approx([each.correct / 10_000 for each in EPOCHS])


def test_logged_run_peak_is_the_only_epoch_above_the_required_accuracy() -> None:
    run = logged_run.logged_run()
    assert [number for number, share in zip(run.numbers, run.accuracies, strict=True) if share > REQUIRED_ACCURACY] == [
        17
    ]
    assert run.peak == len(EPOCHS) - 1
    assert run.reported == 0.9941


def test_logged_run_mean_before_the_peak() -> None:
    run = logged_run.logged_run()
    assert run.numbers[run.around].tolist() == [11, 12, 13, 14, 15, 16]
    mean = statistics.fmean(each.correct for each in EPOCHS if 11 <= each.number <= 16) / 10_000
    assert float(run.accuracies[run.around].mean()) == pytest.approx(mean)
    assert f"{mean:.2%}" == "99.26%"
    with_peak = statistics.fmean(each.correct for each in EPOCHS[10:]) / 10_000
    assert with_peak != pytest.approx(mean, abs=1e-5), "the peak is not part of this mean"
