import csv
import io
import re

import numpy as np
import pytest

from model import trace
from model.batch_norm.normalisation import normalisation
from model.batch_norm.records import Normalisation, NormStep
from model.images import digits
from model.networks.assignment import weights
from model.trace.records import Trace
from viz.batch_norm import figures
from viz.pictures import words


@pytest.fixture(scope="module")
def three() -> Trace:
    return trace.record(weights.load(), digits.to_input(digits.find("project-3a")))


@pytest.fixture(scope="module", params=[("BatchNorm2d-2", 0), ("BatchNorm2d-11", 3), ("BatchNorm2d-20", 31)])
def normal(request: pytest.FixtureRequest, three: Trace) -> Normalisation:
    return normalisation(three, *request.param)


def test_stage_shows_the_arithmetic_of_the_largest_and_the_smallest_value(normal: Normalisation) -> None:
    html = figures.stage(normal)
    assert html.count("<img") == 5
    values = normal.steps[0].values
    scale, shift = (step.operand for step in normal.steps[3:])
    mean, deviation = (step.operand for step in normal.steps[1:3])
    for value in (values.max(), values.min()):
        by_hand = (value - mean) / deviation * scale + shift
        assert f"<b>{words.number(by_hand)}</b>" in html.rpartition("<img")[2]
    assert "np.float" not in html


def test_bins_hold_every_value_once_and_mark_the_zeros(normal: Normalisation) -> None:
    zero_count = int((normal.steps[0].values == 0).sum())
    for index in range(5):
        counts, marked = figures.bins(normal, index)
        assert len(counts) == figures.BINS
        assert sum(counts) == normal.recorded.size
        assert (marked is None) == (zero_count == 0)
        if marked is not None:
            assert counts[marked] >= zero_count


def test_histograms_show_the_counts_of_the_bins(normal: Normalisation) -> None:
    chart = figures.histograms(normal)
    columns = figures.bin_columns(normal)
    ends = chart.layout.xaxis.range
    for index, step in enumerate(normal.steps):
        expected = np.histogram(step.values, bins=figures.BINS, range=ends)[0]
        drawn = {
            x: (y, said, trace.name)
            for trace in chart.data
            if trace.type == "bar"
            for x, y, base, said in zip(trace.x, trace.y, trace.base, trace.customdata, strict=True)
            if base == len(normal.steps) - 1 - index
        }
        heights, said, names = zip(*(drawn[x] for x in sorted(drawn)), strict=True)
        np.testing.assert_allclose(np.square(np.asarray(heights) / max(heights)), expected / expected.max())
        assert [int(each.replace(",", "")) for each in columns[step.name]] == expected.tolist()
        assert [each.partition("<br>")[2].partition(" ")[0] for each in said] == columns[step.name]
        assert said[0].startswith(step.name.capitalize())
        marked = [place for place, name in enumerate(names) if name == "exactly zero in the input"]
        place = figures.bins(normal, index)[1]
        assert marked == ([] if place is None else [place])
    assert figures.say_histograms(normal).count("orange") == (figures.bins(normal, 0)[1] is not None)


def test_say_stage_gives_the_measured_share_of_zeros(normal: Normalisation) -> None:
    said = figures.say_stage(normal)
    zero = float((normal.steps[0].values == 0).mean())
    assert (f"{words.share_of_units(zero)} of the inputs are exactly zero (orange)" in said) == (zero > 0)
    assert words.number(float(np.sqrt(normal.variance + normal.eps))) in said
    assert "1e−5" in said
    most = max(np.abs(step.values).max() for step in normal.steps)
    assert f"blue −{words.number(most)}" in figures.say_scale(normal)


def test_steps_csv_holds_every_value(normal: Normalisation) -> None:
    head, *rows = csv.reader(io.StringIO(figures.steps_csv(normal)))
    assert head == ["y", "x", *(step.name for step in normal.steps), "recorded"]
    assert len(rows) == normal.recorded.size
    for y, x, *values in rows[:: max(1, len(rows) // 7)]:
        place = int(y), int(x)
        expected = [*(step.values[place] for step in normal.steps), normal.recorded[place]]
        assert [float(value) for value in values] == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_zeros_counts_the_inputs_of_each_batch_norm(three: Trace) -> None:
    html = figures.zeros(three, "BatchNorm2d-8")
    norms = [step for step in three.steps if step.name.startswith("BatchNorm")]
    shares = [float(share) for share in re.findall(r"--share: ([\d.]+)", html)]
    assert shares == pytest.approx([np.count_nonzero(step.input == 0) / step.input.size for step in norms], abs=1e-4)
    assert html.count('aria-current="true"') == 1
    assert "6 of the 7 batch norms come after a ReLU" in figures.say_zeros(three)
    after_pool = "BatchNorm2d-11 comes after MaxPool2d-10"
    assert after_pool in figures.say_zeros(three)
    assert shares[0] > 0.1  # after a ReLU many are zero; the convolution's own output would have none
    assert np.count_nonzero(three["Conv2d-1"].output == 0) == 0


def test_stage_draws_a_map_of_equal_values() -> None:
    steps = tuple(NormStep("a", "", None, np.zeros((2, 2))) for _ in range(5))
    flat = Normalisation("n", 0, "s", 1.0, 1e-5, steps, np.zeros((2, 2), np.float32))
    assert "nan" not in figures.stage(flat)
