"""A word for each test: held against rules written down anew, on both sides of every limit."""

import csv
import io
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from model.saliency import METHODS
from model.saliency.records import EdgeControl, PixelCurves, Reaction, Robustness
from tests.explaining import attribution
from viz.sanity_checks import verdicts
from viz.sanity_checks.verdicts import Evidence

MAP = np.eye(28)
COUNTS = np.arange(0, 785, 196)


def curves(deletion: float, insertion: float) -> PixelCurves:
    """Return flat curves, whose areas are their heights, against random orders between 0.4 and 0.6."""
    flat = [np.full(len(COUNTS), height, np.float32) for height in (deletion, insertion, 0.4, 0.6)]
    chance = np.stack(flat[2:])
    return PixelCurves(COUNTS, flat[0], flat[1], chance, chance)


def robust(sensitivity: float, foretold: float) -> Robustness:
    return Robustness(sensitivity, 2.0, (1 - foretold) * 0.5, 0.5, 0.05, 0.05, 10, 256)


def evidence(
    *,
    gap: float = 0.0,
    edges: float = 0.1,
    forgotten: float = 0.1,
    areas: tuple[float, float] = (0.1, 0.9),
    moves: float = 0.1,
    foretold: float = 0.9,
) -> Evidence:
    """Return a map that stands every test but those that are told otherwise."""
    found = replace(attribution(MAP), score=28 / (1 + gap), baseline_score=0.0)
    control = EdgeControl(np.zeros((28, 28), np.float32), edges, 0.2)
    reaction = Reaction(forgotten, (0.2, 0.4), 0.3, 0.7)
    return Evidence(found, control, reaction, curves(*areas), robust(moves, foretold))


ADDS, CLAIMS_NOT = METHODS["integrated_gradients"], METHODS["saliency"]


def tones(each: Evidence, method: object = ADDS) -> list[str]:
    return [finding.tone for finding in verdicts.findings(each, method)]  # type: ignore[arg-type]


def test_a_map_that_stands_everything_is_said_to() -> None:
    assert tones(evidence()) == ["stands"] * 6
    said = verdicts.say(verdicts.findings(evidence(), ADDS), ADDS.title)
    assert said == "Of 6 tests Integrated gradients stands 6, fails 0, and 0 say neither."
    said = verdicts.say(verdicts.findings(evidence(foretold=0.49), ADDS), ADDS.title)
    assert said == "Of 6 tests Integrated gradients stands 5, fails 0, and 1 says neither."


@pytest.mark.parametrize(
    ("place", "below", "above", "tone"),
    [
        (0, {"gap": 0.009}, {"gap": 0.011}, "fails"),
        (1, {"forgotten": 0.39}, {"forgotten": 0.41}, "fails"),
        (2, {"edges": 0.70}, {"edges": 0.71}, "fails"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.41, 0.61)}, "open"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.39, 0.59)}, "open"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.5, 0.5)}, "fails"),
        (4, {"moves": 0.24}, {"moves": 0.26}, "open"),
        (4, {"moves": 0.24}, {"moves": 0.51}, "fails"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.61, 0.61)}, "fails"),
        (3, {"areas": (0.39, 0.61)}, {"areas": (0.39, 0.39)}, "fails"),
        (5, {"foretold": 0.51}, {"foretold": 0.49}, "open"),
        (5, {"foretold": 0.51}, {"foretold": 0.09}, "fails"),
    ],
)
def test_each_limit_lies_where_it_is_said_to(
    place: int, below: dict[str, float], above: dict[str, float], tone: str
) -> None:
    every_claim = replace(ADDS, is_slope=True)
    assert tones(evidence(**below), every_claim) == ["stands"] * 6  # type: ignore[arg-type]
    changed = tones(evidence(**above), every_claim)  # type: ignore[arg-type]
    assert changed.pop(place) == tone
    assert changed == ["stands"] * 5


def test_who_does_not_claim_to_add_up_neither_stands_nor_fails() -> None:
    for gap in (0.0, 0.5):
        found = verdicts.findings(evidence(gap=gap), CLAIMS_NOT)
        assert (found[0].word, found[0].number, found[0].tone) == ("Not meant to", "so a gap is no fault", "open")


def test_who_says_what_pixels_did_need_not_foretell_what_a_small_change_does() -> None:
    poor = evidence(foretold=0.09)
    for method, told in ((ADDS, ("Not made to", "open")), (CLAIMS_NOT, ("Hardly", "fails"))):
        found = verdicts.findings(poor, method)[5]
        assert (found.word, found.tone) == told
    slopes = {name for name, method in METHODS.items() if method.is_slope}
    assert slopes == {"saliency", "guided_backprop", "deconvolution", "smooth_grad"}


def test_numbers_on_the_cards_are_those_of_the_tests() -> None:
    html = verdicts.cards(verdicts.findings(evidence(gap=0.5, areas=(0.1, 0.3)), ADDS))
    smalls = re.findall(r"<small>([^<]+)</small>", html)
    assert smalls == [
        "gap 50.0\xa0%",
        "correlation 0.10, limit 0.40",
        "correlation 0.10, limit 0.71",
        "areas +0.40 out, −0.20 in",
        "moves by 10\xa0%",
        "90\xa0% of what it does",
    ]
    assert re.findall(r'<li class="(\w+)"', html) == ["fails", "stands", "stands", "fails", "stands", "stands"]


def test_what_is_under_way_says_so_and_keeps_its_place() -> None:
    started = replace(evidence(), reaction=None, curves=None, robustness=None)
    assert tones(started) == ["stands", "awaited", "stands", "awaited", "awaited", "awaited"]
    assert verdicts.cards(verdicts.findings(started, ADDS)).count("<li") == 6
    assert "under way" in verdicts.say(verdicts.findings(started, ADDS), ADDS.title)


def test_a_blank_map_cannot_stand() -> None:
    blank = Evidence(
        replace(attribution(np.zeros((28, 28))), score=2.0, baseline_score=1.0),
        EdgeControl(np.zeros((28, 28), np.float32), math.nan, math.nan),
        Reaction(math.nan, (0.0,), 0.3, 0.7),
        curves(0.1, 0.9),
        Robustness(math.nan, 0.5, 0.5, 0.5, 0.05, 0.05, 10, 256),
    )
    found = verdicts.findings(blank, ADDS)
    assert not any(each.tone == "stands" for each in found)
    assert not any("nan" in each.number for each in found)
    nothing = replace(blank, attribution=replace(blank.attribution, score=1.0))
    assert verdicts.findings(nothing, ADDS)[0].number == "nothing was gained"
    assert "nan" not in verdicts.table(METHODS, {"saliency": blank}, str)
    assert '<td class="open">none</td>' in verdicts.table(METHODS, {"saliency": nothing}, str)


def test_the_table_has_a_line_for_each_method_and_marks_who_does_not_react() -> None:
    found = {
        "saliency": evidence(gap=0.25),
        "integrated_gradients": evidence(gap=0.25),
        "guided_backprop": evidence(forgotten=0.5, edges=0.9),
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
    assert "**none**" in verdicts.say_table(METHODS, {"saliency": evidence()})


def test_the_csv_holds_what_was_measured() -> None:
    lines = list(csv.DictReader(io.StringIO(verdicts.as_csv(METHODS, {"lrp": evidence(areas=(0.1, 0.9), moves=0.3)}))))
    (line,) = lines
    assert line["method"] == "Layer-wise relevance propagation"
    measured = {name: float(value) for name, value in line.items() if name not in {"method", "reacts"}}
    assert measured["deletion area"] == pytest.approx(0.1)
    assert measured["insertion area"] == pytest.approx(0.9)
    assert measured["random deletion area"] == measured["random insertion area"] == pytest.approx(0.5)
    assert measured["sensitivity"] == 0.3
    assert measured["limit"] == 0.4
    assert line["reacts"] == "True"
