"""The assignment's logged run: its figures are records, what is said of them is worked out."""

import statistics

import pytest

from model.networks.assignment import logged_run
from model.networks.assignment.logged_run import BAR, EPOCHS


def test_epochs_are_numbered_and_losses_are_losses() -> None:
    run = logged_run.logged_run()
    assert run.numbers.tolist() == [*range(1, len(EPOCHS) + 1)]
    assert run.losses.tolist() == [each.loss for each in EPOCHS]
    assert run.accuracies.tolist() == pytest.approx([each.correct / 10_000 for each in EPOCHS])


def test_the_peak_is_the_only_epoch_above_the_bar_and_the_last() -> None:
    run = logged_run.logged_run()
    assert [number for number, share in zip(run.numbers, run.accuracies, strict=True) if share > BAR] == [17]
    assert run.peak == len(EPOCHS) - 1
    assert run.reported == 0.9941


def test_the_epochs_before_the_peak_average_as_the_assignments_log_does() -> None:
    run = logged_run.logged_run()
    assert run.numbers[run.around].tolist() == [11, 12, 13, 14, 15, 16]
    mean = statistics.fmean(each.correct for each in EPOCHS if 11 <= each.number <= 16) / 10_000
    assert float(run.accuracies[run.around].mean()) == pytest.approx(mean)
    assert f"{mean:.2%}" == "99.26%"
    with_peak = statistics.fmean(each.correct for each in EPOCHS[10:]) / 10_000
    assert with_peak != pytest.approx(mean, abs=1e-5), "the peak is not one of those before it"
