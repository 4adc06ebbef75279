"""The verdict of each check, on both sides of each limit."""

import csv
import io
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from model.saliency import METHODS
from model.sanity_checks.records import CheckResults, EdgeComparison, PixelCurves, Robustness, WeightDependence
from tests.explaining import attribution
from viz.sanity_checks import verdicts

MAP = np.eye(28)
COUNTS = np.arange(0, 785, 196)


def curves(deletion: float, insertion: float) -> PixelCurves:
    """Return flat curves, whose areas are their heights, against random orders between 0.4 and 0.6."""
    flat = [np.full(len(COUNTS), height, np.float32) for height in (deletion, insertion, 0.4, 0.6)]
    chance = np.stack(flat[2:])
    return PixelCurves(COUNTS, flat[0], flat[1], chance, chance)


def robust(sensitivity: float, predicted: float) -> Robustness:
    return Robustness(sensitivity, 2.0, (1 - predicted) * 0.5, 0.5, 0.05, 0.05, 10, 256)


def results(
    *,
    gap: float = 0.0,
    edges: float = 0.1,
    correlation: float = 0.1,
    areas: tuple[float, float] = (0.1, 0.9),
    moves: float = 0.1,
    predicted: float = 0.9,
) -> CheckResults:
    """Return a map that passes all checks except for the given values."""
    found = replace(attribution(MAP), score=28 / (1 + gap), baseline_score=0.0)
    control = EdgeComparison(np.zeros((28, 28), np.float32), edges, 0.2)
    dependence = WeightDependence(correlation, (0.2, 0.4), 0.3, 0.7)
    return CheckResults(found, control, dependence, curves(*areas), robust(moves, predicted))


ADDS, CLAIMS_NOT = METHODS["integrated_gradients"], METHODS["saliency"]


def outcomes(each: CheckResults, method: object = ADDS) -> list[str]:
    return [finding.outcome for finding in verdicts.verdicts(each, method)]  # type: ignore[arg-type]


def test_say_counts_passed_checks() -> None:
    assert outcomes(results()) == ["passes"] * 6
    said = verdicts.say(verdicts.verdicts(results(), ADDS), ADDS.title)
    assert said == "Integrated gradients passes 6 of 6 checks and fails 0; 0 give no verdict."
    said = verdicts.say(verdicts.verdicts(results(predicted=0.49), ADDS), ADDS.title)
    assert said == "Integrated gradients passes 5 of 6 checks and fails 0; 1 gives no verdict."


@pytest.mark.parametrize(
    ("place", "below", "above", "tone"),
    [
        (0, {"gap": 0.009}, {"gap": 0.011}, "fails"),
        (1, {"correlation": 0.39}, {"correlation": 0.41}, "fails"),
        (2, {"edges": 0.70}, {"edges": 0.71}, "fails"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.41, 0.61)}, "neither"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.39, 0.59)}, "neither"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.5, 0.5)}, "fails"),
        (4, {"moves": 0.24}, {"moves": 0.26}, "neither"),
        (4, {"moves": 0.24}, {"moves": 0.51}, "fails"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.61, 0.61)}, "fails"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.39, 0.39)}, "fails"),
        (5, {"predicted": 0.51}, {"predicted": 0.49}, "neither"),
        (5, {"predicted": 0.51}, {"predicted": 0.09}, "fails"),
    ],
)
def test_verdicts_change_at_each_limit(place: int, below: dict[str, float], above: dict[str, float], tone: str) -> None:
    every_claim = replace(ADDS, is_gradient=True)
    assert outcomes(results(**below), every_claim) == ["passes"] * 6  # type: ignore[arg-type]
    changed = outcomes(results(**above), every_claim)  # type: ignore[arg-type]
    assert changed.pop(place) == tone
    assert changed == ["passes"] * 5


def test_sum_of_a_method_without_claim_has_no_verdict() -> None:
    for gap in (0.0, 0.5):
        found = verdicts.verdicts(results(gap=gap), CLAIMS_NOT)
        assert (found[0].word, found[0].number, found[0].outcome) == ("No claim", "a gap is not an error", "neither")


def test_prediction_of_a_method_that_is_no_gradient_does_not_fail() -> None:
    poor = results(predicted=0.09)
    for method, told in ((ADDS, ("Not its purpose", "neither")), (CLAIMS_NOT, ("Hardly", "fails"))):
        found = verdicts.verdicts(poor, method)[5]
        assert (found.word, found.outcome) == told
    slopes = {name for name, method in METHODS.items() if method.is_gradient}
    assert slopes == {"saliency", "guided_backprop", "deconvolution", "smooth_grad"}


def test_cards_show_the_numbers() -> None:
    html = verdicts.cards(verdicts.verdicts(results(gap=0.5, areas=(0.1, 0.3)), ADDS))
    smalls = re.findall(r"<small>([^<]+)</small>", html)
    assert smalls == [
        "gap 50.0\xa0%",
        "correlation 0.10, limit 0.40",
        "correlation 0.10, limit 0.71",
        "deletion +0.40, insertion −0.20",
        "changes by 10\xa0%",
        "90\xa0% predicted",
    ]
    assert re.findall(r'<li class="(\w+)"', html) == ["fails", "passes", "passes", "fails", "passes", "passes"]


def test_pending_checks_keep_their_cards() -> None:
    started = replace(results(), dependence=None, curves=None, robustness=None)
    assert outcomes(started) == ["passes", "pending", "passes", "pending", "pending", "pending"]
    assert verdicts.cards(verdicts.verdicts(started, ADDS)).count("<li") == 6
    assert "still running" in verdicts.say(verdicts.verdicts(started, ADDS), ADDS.title)


def test_blank_map_passes_no_check() -> None:
    blank = CheckResults(
        replace(attribution(np.zeros((28, 28))), score=2.0, baseline_score=1.0),
        EdgeComparison(np.zeros((28, 28), np.float32), math.nan, math.nan),
        WeightDependence(math.nan, (0.0,), 0.3, 0.7),
        curves(0.1, 0.9),
        Robustness(math.nan, 0.5, 0.5, 0.5, 0.05, 0.05, 10, 256),
    )
    found = verdicts.verdicts(blank, ADDS)
    assert not any(each.outcome == "passes" for each in found)
    assert not any("nan" in each.number for each in found)
    nothing = replace(blank, attribution=replace(blank.attribution, score=1.0))
    assert verdicts.verdicts(nothing, ADDS)[0].number == "no gain"
    assert "nan" not in verdicts.table(METHODS, {"saliency": blank}, str)
    assert '<td class="neither">none</td>' in verdicts.table(METHODS, {"saliency": nothing}, str)


def test_table_has_a_line_for_each_method_and_marks_independent_ones() -> None:
    found = {
        "saliency": results(gap=0.25),
        "integrated_gradients": results(gap=0.25),
        "guided_backprop": results(correlation=0.5, edges=0.9),
    }
    html = verdicts.table(METHODS, found, lambda name: f"at?{name}&b")
    lines = re.findall(r"<tr([^>]*)>(.*?)</tr>", html)[1:]
    assert len(lines) == len(METHODS)
    links = {name: re.findall(r'href="([^"]+)"', line) for name, (_, line) in zip(METHODS, lines, strict=True)}
    assert links == {name: [f"at?{name}&amp;b"] if name in found else [] for name in METHODS}, "as soon as it is done"
    cells = {name: re.findall(r"<td[^>]*>([^<]*)</td>", line) for name, (_, line) in zip(METHODS, lines, strict=True)}
    assert cells["saliency"] == ["no claim: 25.0\xa0%", "0.10", "yes", "0.10", "+0.40", "+0.40", "10\xa0%", "90\xa0%"]
    assert cells["integrated_gradients"] == ["25.0\xa0%", *cells["saliency"][1:]]
    assert cells["guided_backprop"][1:4] == ["0.50", "no", "0.90"]
    assert set(cells["occlusion"]) == {"…"}
    marked = [name for name, (marks, _) in zip(METHODS, lines, strict=True) if "selected" in marks]
    assert marked == ["guided_backprop"]
    assert re.sub(r"</?a[^>]*>", "", html) == verdicts.table(METHODS, found)
    said = verdicts.say_table(METHODS, found)
    assert said.startswith(f"3 of {len(METHODS)} methods")
    assert "**Guided backprop**" in said
    assert "**none**" in verdicts.say_table(METHODS, {"saliency": results()})


def test_csv_holds_the_measurements() -> None:
    lines = list(csv.DictReader(io.StringIO(verdicts.as_csv(METHODS, {"lrp": results(areas=(0.1, 0.9), moves=0.3)}))))
    (line,) = lines
    assert line["method"] == "Layer-wise relevance propagation"
    measured = {name: float(value) for name, value in line.items() if name not in {"method", "depends on weights"}}
    assert measured["deletion area"] == pytest.approx(0.1)
    assert measured["insertion area"] == pytest.approx(0.9)
    assert measured["random deletion area"] == measured["random insertion area"] == pytest.approx(0.5)
    assert measured["sensitivity"] == 0.3
    assert measured["limit"] == 0.4
    assert line["depends on weights"] == "True"
