"""What many seeds come to, held against the standard library, SciPy and sums in the mind; wrong rules must differ."""

import dataclasses
import statistics
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from model.errors import InputError
from model.training import comparison, published, seeds
from model.training.records import Study
from model.training.report import Report
from tests import reports

CURVES = np.array([[0.90, 0.97, 0.95, 0.97], [0.91, 0.94, 0.99, 0.96], [0.80, 0.95, 0.96, 0.98]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    reports.write_all(folder, seeds=5)
    return folder


@pytest.mark.parametrize("name", reports.FINAL)
def test_mean_and_deviation_are_those_of_the_standard_library(folder: Path, name: str) -> None:
    values = published.read(name, folder).accuracies
    found = seeds.spread(values)
    listed = values.tolist()
    assert found.mean == pytest.approx(statistics.fmean(listed), rel=1e-12)
    assert found.deviation == pytest.approx(statistics.stdev(listed), rel=1e-9)
    assert found.deviation != pytest.approx(statistics.pstdev(listed), rel=1e-3), "of a sample, not of all there is"
    assert (found.low, found.high) == (min(listed), max(listed))


def test_one_value_has_no_deviation() -> None:
    assert np.isnan(seeds.spread(np.array([0.99])).deviation)


def test_the_band_is_the_least_mean_and_most_of_each_epoch() -> None:
    found = seeds.extent(CURVES)
    by_epoch = [*zip(*CURVES.tolist(), strict=True)]
    assert found.low.tolist() == [min(values) for values in by_epoch]
    assert found.high.tolist() == [max(values) for values in by_epoch]
    np.testing.assert_allclose(found.mean, [statistics.fmean(values) for values in by_epoch], rtol=1e-12)
    of_a_seed = CURVES[CURVES.mean(axis=1).argmin()]
    assert not np.allclose(found.low, of_a_seed), "the band is no seed's curve"
    deviation = [statistics.stdev(values) for values in by_epoch]
    assert not np.allclose(found.mean - deviation, found.low), "nor a deviation to either side"


def test_choosing_takes_each_seeds_own_best_epoch_worked_by_hand() -> None:
    found = seeds.choosing(CURVES)
    assert found.epochs.tolist() == [2, 3, 4], "the earliest of equals, and the last where that is the best"
    assert found.best.tolist() == [0.97, 0.99, 0.98]
    assert found.last.tolist() == [0.97, 0.96, 0.98]
    assert found.gain == pytest.approx(0.01)
    mean = CURVES.mean(axis=0)
    assert mean.max() - mean[-1] != pytest.approx(found.gain), "one epoch for all seeds would be another choice"


def test_the_best_epoch_never_looks_worse_than_the_last() -> None:
    generator = np.random.default_rng(3)
    for _ in range(50):
        found = seeds.choosing(generator.random((4, 7)))
        assert (found.best >= found.last).all()
        assert found.gain == pytest.approx(statistics.fmean((found.best - found.last).tolist()))


def alone(one: Report, other: Report) -> tuple[int, int]:
    """Count what the median network of one reads wrong and that of the other does not, both ways, as sets."""
    wrong = [{*next(r.mistakes for r in each.results if r.seed == each.median_seed)} for each in (one, other)]
    return len(wrong[1] - wrong[0]), len(wrong[0] - wrong[1])


def test_the_paired_test_counts_images_that_one_network_alone_gets_right(folder: Path) -> None:
    pair = [reports.made(name, 5) for name in reports.FINAL]
    found = seeds.paired(*(published.read(name, folder) for name in reports.FINAL))
    assert found.alone == alone(*pair)
    assert found.alone != alone(*reversed(pair)), "the first network's come first"
    assert found.mcnemar == pytest.approx(stats.binomtest(found.alone[0], sum(found.alone)).pvalue)
    totals = [len(each.results[each.median_seed - 1].mistakes) for each in pair]
    unpaired = stats.fisher_exact([[total, 10_000 - total] for total in totals]).pvalue
    assert found.mcnemar != pytest.approx(unpaired), "as if other images had been read"


def test_the_paired_test_says_what_the_command_says(folder: Path) -> None:
    pair = [reports.made(name, 5) for name in reports.FINAL]
    found = seeds.paired(*(published.read(name, folder) for name in reports.FINAL))
    said = comparison.say(*pair)
    assert f"{found.difference:+.3%} (95 %: {found.low:+.3%} to {found.high:+.3%}), p = {found.p:.2g}" in said
    assert f"median seeds {found.medians[0]} and {found.medians[1]}, McNemar: p = {found.mcnemar:.2g}" in said
    assert (found.names, found.seeds, found.images) == (("glass", "assignment"), (5, 5), 10_000)


def test_only_the_same_images_can_be_compared(folder: Path) -> None:
    final, search = (published.read(name, folder) for name in ("glass-final", "glass-search"))
    with pytest.raises(InputError, match="on the test images, the other on the held-out images"):
        seeds.paired(final, search)
    fewer: Study = dataclasses.replace(final, right=final.right[:, :100])
    with pytest.raises(InputError, match="on 10,000 and on 100 images"):
        seeds.paired(final, fewer)


@pytest.mark.parametrize("summarise", [seeds.spread, seeds.extent, seeds.choosing])
def test_nothing_cannot_be_summarised(summarise: object) -> None:
    assert callable(summarise)
    with pytest.raises(InputError, match="no value"):
        summarise(np.zeros((3, 0)))
