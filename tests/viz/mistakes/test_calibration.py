"""The reliability diagram and the loss over temperatures, read back and held against a count made anew."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from model.mistakes.calibration import reliability
from model.mistakes.calibration.records import Chance, Reliability, Scaling
from model.mistakes.records import Scores, Tally
from tests import charting
from viz.mistakes import calibration

BINS = 15


def scores(seed: int = 0, images: int = 400) -> Scores:
    """Return logits of three classes that are surer than they are right."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 3, (images, 3)).astype(np.float32)
    noisy = logits + generator.gumbel(0, 2, logits.shape)
    return Scores("none", logits, noisy.argmax(axis=1).astype(np.uint8))


SCORES = scores()
FOUND = reliability.reliability(SCORES, 1.5)
TEMPERATURES = np.linspace(0.5, 5, 10)
SCALING = reliability.scaling(*reliability.halves(SCORES), TEMPERATURES)


def counted(temperature: float) -> dict[int, tuple[int, float, float]]:
    """Count one image after another: for each bin that holds any, how many, the share right and the mean certainty."""
    bins: dict[int, list[tuple[bool, float]]] = {}
    for logits, label in zip(SCORES.logits.astype(float) / temperature, SCORES.labels, strict=True):
        shares = np.exp(logits - logits.max())
        sure = float(shares.max() / shares.sum())
        bins.setdefault(int(np.ceil(sure * BINS)) - 1, []).append((int(shares.argmax()) == label, sure))
    means = {m: np.mean(each, axis=0) for m, each in bins.items()}
    return {m: (len(bins[m]), float(right), float(sure)) for m, (right, sure) in sorted(means.items())}


def test_each_bar_is_as_high_as_it_is_often_right_and_its_gap_ends_at_how_sure_it_is() -> None:
    expected, chart = counted(1.5), calibration.diagram(FOUND)
    right, gap = charting.named(chart, "right"), charting.named(chart, "gap to how sure it is")
    assert [round(x * BINS - 0.5) for x in right.x] == [*expected] == [round(x * BINS - 0.5) for x in gap.x]
    assert list(gap.text) == [f"{count:,}" for count, _, _ in expected.values()]
    for place, (_, share, sure) in enumerate(expected.values()):
        assert right.y[place] == pytest.approx(share)
        assert (gap.base[place], gap.base[place] + gap.y[place]) == pytest.approx(sorted((share, sure)))
        assert f"{share:.1%} right, {sure:.1%} sure" in right.customdata[place]
    off = np.abs(np.asarray(right.y) - np.asarray(right.x))  # the wrong rule: how sure, by the bin's middle
    assert np.abs(off - np.asarray(gap.y)).max() > 1e-3


def test_a_bin_of_few_images_is_pale_and_an_empty_one_is_bare() -> None:
    chart = calibration.diagram(FOUND)
    counts = [count for count, _, _ in counted(1.5).values()]
    assert 0 < len(counts) < BINS, "some are empty"
    for name in ("right", "gap to how sure it is"):
        pale = [opacity < 1 for opacity in charting.named(chart, name).marker.opacity]
        assert pale == [count < calibration.FEW for count in counts]
        assert any(pale)


def test_the_error_said_is_the_weighed_mean_of_the_gaps() -> None:
    expected = counted(1.5)
    error = sum(count * abs(right - sure) for count, right, sure in expected.values()) / len(SCORES)
    said = calibration.say_diagram(FOUND)
    assert f"calibration error is {error * 100:.2f}\xa0%" in said
    plain = np.mean([abs(right - sure) for _, right, sure in expected.values()])  # the wrong rule: every bin alike
    assert f"{plain * 100:.2f}\xa0%" not in said
    assert "With T\xa0=\xa01.50 the network is" in said


@pytest.mark.parametrize(("most", "verdict"), [(1.0, "within what chance gives"), (0.0, "more than chance gives")])
def test_chance_is_held_against_what_was_measured(most: float, verdict: str) -> None:
    said = calibration.say_chance(FOUND, Chance(500, most / 2, most))
    assert said.endswith(f"measured is {verdict}.")
    assert "the mean of 500 draws" in said


def test_both_losses_are_tabled() -> None:
    found = [[float(value) for value in column] for column in calibration.loss_columns(SCALING).values()]
    wanted = [SCALING.temperatures, SCALING.fitted_losses, SCALING.judged_losses]
    np.testing.assert_allclose(found, wanted, atol=5e-7)


def test_both_losses_are_drawn_and_their_least_places_lie_on_them() -> None:
    chart = calibration.losses(SCALING, 2.0)
    fitted, judged = (charting.named(chart, name) for name in ("images fitted on", "images judged by"))
    for line, half in zip((fitted, judged), reliability.halves(SCORES), strict=True):
        np.testing.assert_array_equal(line.x, TEMPERATURES)
        np.testing.assert_allclose(line.y, [reliability.loss(half, each) for each in TEMPERATURES])
    assert not np.allclose(fitted.y, judged.y), "the wrong rule: one for the other"
    points = [trace for trace in chart.data if trace.mode == "markers"]
    for point, line, least in zip(
        points, (fitted, judged), (SCALING.temperature, SCALING.judged_temperature), strict=True
    ):
        assert point.x[0] == least
        assert min(line.y) - 1e-9 <= point.y[0] <= max(line.y)
    assert charting.named(chart, "T\xa0=\xa02.00").x == (2, 2)


def test_where_each_half_has_its_least_loss_is_said() -> None:
    said = calibration.say_losses(Scaling(1.234, TEMPERATURES, TEMPERATURES, TEMPERATURES, 0.876))
    assert "least at T\xa0=\xa01.23 for the images fitted on, and at T\xa0=\xa00.88 for those judged by" in said


def off_by(error: float, temperature: float = 1.0) -> Reliability:
    """Return four images in one bin, all right, that are less sure than that by an error."""
    sums = np.array([4 * (1 - error)])
    return Reliability(temperature, np.array([0.0, 1.0]), np.array([4]), np.array([4]), sums, 0.1)


@pytest.mark.parametrize(
    ("after", "others_after", "word", "moral"),
    [
        (0.1, 0.1, "which is better", "Only the half that it never saw"),
        (0.1, 0.3, "which is no better", "it would have passed for a gain"),
        (0.3, 0.3, "which is no better", "Only the half that it never saw"),
        (0.3, 0.1, "which is better", "Only the half that it never saw"),
    ],
)
def test_a_temperature_is_praised_only_where_the_other_half_gains(
    after: float, others_after: float, word: str, moral: str
) -> None:
    said = calibration.say_scaling([off_by(0.2), off_by(after, 1.3)], [off_by(0.2), off_by(others_after, 1.3)])
    assert f"from 20.00\xa0% to {after * 100:.2f}\xa0%" in said
    assert word in said
    assert moral in said


def test_why_the_halves_are_parted_one_by_one_is_said_with_its_numbers() -> None:
    said = calibration.say_halves(Tally(4_970, 5_000), Tally(4_980, 5_000))
    assert "30 of the 50 mistakes lie in the first" in said


def test_the_tables_say_what_the_records_hold() -> None:
    even, odd = (reliability.reliability(half, 1.0) for half in reliability.halves(SCORES))
    columns = calibration.columns([even], [odd])
    assert columns["images"] == ["fitted on", "judged by"]
    assert columns["loss"] == [f"{each.loss:.4f}" for each in (even, odd)]
    assert columns["calibration error"] == [f"{each.error * 100:.2f}\xa0%" for each in (even, odd)]
    bins = calibration.bin_columns(FOUND)
    assert [int(each) for each in bins["images"]] == [count for count, _, _ in counted(1.5).values()]
    assert len({*map(len, bins.values())}) == 1
    everything = replace(off_by(0.5), right=np.array([0]))
    assert calibration.bin_columns(everything)["share right"] == ["none"]


def test_the_csv_gives_every_bin_and_the_same_error() -> None:
    lines = list(csv.DictReader(io.StringIO(calibration.as_csv(FOUND))))
    assert len(lines) == BINS
    numbers = [{name: float(value) for name, value in line.items()} for line in lines]
    error = sum(abs(line["right"] - line["sum of probabilities"]) for line in numbers) / len(SCORES)
    assert error == pytest.approx(FOUND.error, rel=1e-12)
    assert {line["temperature"] for line in numbers} == {1.5}
