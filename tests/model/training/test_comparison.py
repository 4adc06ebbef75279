"""The paired tests compared with SciPy."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from model.errors import InputError
from model.training import comparison, report
from model.training.comparison import compare, mcnemar
from tests.model.training.test_report import made

N = 2_000


def right(rate: float, seeds: int = 1, seed: int = 0) -> NDArray[np.bool_]:
    """Return which images made-up networks classify correctly; some images are harder than others."""
    generator = np.random.default_rng(seed)
    hard = np.random.default_rng(99).random(N)
    return np.asarray(hard + generator.normal(0, 0.1, (seeds, N)) < rate)


@pytest.mark.parametrize("rates", [(0.9, 0.9), (0.9, 0.91), (0.9, 0.95), (0.95, 0.9)])
def test_mcnemar_equals_scipys_sign_test(rates: tuple[float, float]) -> None:
    one, other = right(rates[0], seed=1)[0], right(rates[1], seed=2)[0]
    alone = int((one & ~other).sum()), int((other & ~one).sum())
    assert mcnemar(one, other) == pytest.approx(stats.binomtest(alone[0], sum(alone)).pvalue)
    unpaired = stats.fisher_exact([[one.sum(), N - one.sum()], [other.sum(), N - other.sum()]]).pvalue
    assert mcnemar(one, other) != pytest.approx(unpaired)


def test_mcnemar_of_equal_networks_is_one() -> None:
    one = right(0.9)[0]
    assert mcnemar(one, one) == 1.0


@pytest.mark.slow(reason="resamples 10,000 times")
def test_compare_of_one_seed_equals_scipys_bootstrap() -> None:
    one, other = right(0.95, seed=1), right(0.9, seed=2)
    found = compare(one, other, draws=4_000)
    by_scipy = stats.bootstrap(
        (one[0].astype(float) - other[0],),
        np.mean,
        n_resamples=4_000,
        method="percentile",
        rng=np.random.default_rng(5),
    ).confidence_interval
    assert found.difference == pytest.approx(one.mean() - other.mean())
    assert (found.low, found.high) == pytest.approx(by_scipy, abs=0.001)
    unpaired = np.sqrt(one.var() / N + other.var() / N) * 1.96
    assert found.high - found.difference < 0.95 * unpaired


def test_compare_interval_widens_with_varying_seeds() -> None:
    steady, other = right(0.95, 10, seed=1), right(0.9, 10, seed=2)
    shaky = np.stack([right(rate, 1, seed=int(100 * rate))[0] for rate in np.linspace(0.85, 1.05, 10)])
    widths = [compare(each, other, draws=500) for each in (steady, shaky)]
    assert widths[1].high - widths[1].low > 2 * (widths[0].high - widths[0].low)


@pytest.mark.parametrize(("rates", "parted"), [((0.9, 0.9), False), ((0.95, 0.9), True)])
def test_compare_p_value_of_equal_and_different_recipes(rates: tuple[float, float], parted: bool) -> None:
    found = compare(right(rates[0], 5, seed=1), right(rates[1], 5, seed=2), draws=1_000)
    assert (found.p < 0.01) is parted
    assert (found.low > 0) is parted
    assert found.p >= 2 / 1_001


def test_compare_with_the_same_seed_is_the_same() -> None:
    one, other = right(0.95, 2, seed=1), right(0.9, 2, seed=2)
    assert compare(one, other, draws=100) == compare(one, other, draws=100)
    assert compare(one, other, draws=100) != compare(one, other, seed=1, draws=100)


def test_compare_refuses_different_images() -> None:
    with pytest.raises(InputError, match="on 2,000 and on 3 images"):
        compare(right(0.9), np.ones((1, 3), dtype=bool))
    with pytest.raises(InputError, match="on the test images, the other on the held-out images"):
        comparison.say(made(), made("held-out"))


@pytest.mark.slow(reason="resamples 10,000 times")
def test_command_compares_two_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.write(tmp_path, made())
    path = str(tmp_path / report.NAME)
    comparison.main([path, path])
    said = capsys.readouterr().out
    assert said.startswith("glass - glass: +0.000% (95 %: ")
    assert said.endswith("median seeds 1 and 1, McNemar: p = 1\n")


@pytest.mark.parametrize("arguments", [[], ["one"], ["nowhere", "nowhere"]])
def test_command_without_two_reports_is_an_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        comparison.main(arguments)
    assert isinstance(caught.value.code, str)
