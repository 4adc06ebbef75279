"""The figures of the head show what the records hold."""

import csv
import io
import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from model import receptive_field, trace
from model.head import logits
from model.head.records import Head
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.receptive_field.records import ReceptiveField
from model.trace.records import Trace
from tests.heads import of_trace
from tests.pictures import assert_painted, decode
from viz import theme
from viz.head import contributions, figures, mixing, softmax
from viz.pictures import raster, swatches

DIGIT = digits.find("project-4or9")
MIXER = "Conv2d-13"

DIGITS = list("0123456789")


@pytest.fixture(scope="module")
def run() -> Trace:
    return trace.record(weights.load(), digits.to_input(DIGIT))


@pytest.fixture(scope="module")
def end(run: Trace) -> Head:
    return of_trace(run)


@pytest.fixture(scope="module")
def field(end: Head) -> ReceptiveField:
    return receptive_field.of_network(weights.load())[end.source]


@pytest.fixture(scope="module")
def changed() -> Trace:
    return logits.scale_maps(weights.load(), digits.to_input(DIGIT), MIXER, {3: -1.0, 7: -1.0})


def link(number: int) -> str:
    return f"head?digit=a&it={number}"


def parsed(html: str) -> ElementTree.Element:
    """Parse a figure; its markup is valid XML."""
    return ElementTree.fromstring(html)  # noqa: S314 (our own)


def said(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def pictures(html: str) -> list[str]:
    return re.findall(r'src="([^"]+)"', html)


def body(html: str) -> list[ElementTree.Element]:
    return list(parsed(html).iter("tr"))


def test_stage_paints_the_class_map_and_adds_it_up(end: Head, field: ReceptiveField) -> None:
    for k in (0, 4, 9):
        html = figures.stage(end, k, field, DIGIT.pixels)
        most = float(np.abs(end.class_maps).max())
        _, units, _ = pictures(html)
        assert_painted(decode(units), end.class_maps[k], -most, most, theme.DIVERGING)
        mean, _, bias, _, logit, _ = (each.text or "" for each in parsed(html).iter("dd"))
        assert number(mean) == pytest.approx(end.class_maps[k].mean(), abs=6e-4)
        assert number(bias) == pytest.approx(end.biases[k], abs=6e-4)
        assert number(logit) == pytest.approx(float(end.logits[k]), abs=6e-4)
        assert f"{most:.3f}" in html


def test_tile_box_centers_tiles_on_receptive_fields(end: Head, field: ReceptiveField) -> None:
    box = figures.tile_box((7, 7), field, (28, 28))
    assert box == {"top": 0.25, "left": 0.25, "height": 0.5, "width": 0.5}
    for y in range(7):
        middle = (box["top"] + (y + 0.5) / 7 * box["height"]) * 28  # from the picture's edge
        seen = field.box((y, 0))
        assert middle == pytest.approx((seen.top + seen.bottom) / 2)
    wrong = replace(field, center=(0.0, 0.0))  # the wrong rule: the first unit at the corner of the digit
    assert figures.tile_box((7, 7), wrong, (28, 28)) != box


def test_outline_is_at_the_edge_of_the_strokes_only() -> None:
    ink = np.zeros((6, 6), np.uint8)
    ink[2:4, 2:4] = 255
    drawn = decode(raster.outline(ink, 5))
    assert drawn.shape == (30, 30, 4)
    opaque = drawn[..., 3] > 0
    assert opaque[10:20, 10:20].sum() == 100 - 64  # a dark ring, one pixel wide
    assert opaque.sum() == 100 - 64 + 144 - 100  # and a white one around it
    assert drawn[10, 10, :3].max() < 30
    assert drawn[9, 9, :3].min() == 255
    assert (decode(raster.outline(ink * 0, 5))[..., 3] == 0).all()


def test_contributions_are_sorted_and_sum_to_the_logit(end: Head) -> None:
    for k in (0, 9):
        html = contributions.contributions(end, k, 5, link)
        _, *rows, total, bias, logit = body(html)
        assert len(rows) == 32
        cells = [[said(cell) for cell in row] for row in rows]
        assert sorted(int(row[0]) for row in cells) == list(range(32))
        for c, mean, weight, part, _ in cells:
            values = end.maps[int(c)].mean(), end.weights[k, int(c)], end.maps[int(c)].mean() * end.weights[k, int(c)]
            assert [number(mean), number(weight), number(part)] == pytest.approx(values, abs=6e-4)
        sizes = [abs(number(row[3])) for row in cells]
        assert sizes == sorted(sizes, reverse=True)
        (marked,) = (row for row in rows if row.get("class") == "selected")
        assert said(marked[0]) == "5"
        footer = [number(said(row[1])) for row in (total, bias, logit)]
        assert footer == pytest.approx([end.contributions[k].sum(), end.biases[k], end.logits[k]], abs=6e-4)


def test_csv_contributions_sum_to_the_logit(end: Head) -> None:
    lines = list(csv.DictReader(io.StringIO(contributions.contributions_csv(end))))
    for k in range(10):
        mine = [line for line in lines if line["class"] == str(k)]
        *parts, logit = mine
        assert len(parts) == 33
        assert math.fsum(float(line["contribution"]) for line in parts) == pytest.approx(
            float(logit["contribution"]), abs=1e-13
        )
        assert float(logit["contribution"]) == pytest.approx(float(end.logits[k]), abs=1e-4)
        for line in parts[:-1]:
            assert float(line["mean"]) * float(line["weight"]) == float(line["contribution"])
    maps = list(csv.DictReader(io.StringIO(figures.class_maps_csv(end))))
    assert len(maps) == 490
    assert np.mean([float(line["value"]) for line in maps[441:]]) == pytest.approx(
        end.logits[9] - end.biases[9], abs=1e-4
    )


def test_average_shows_the_values_of_the_map(end: Head) -> None:
    html = f"<div>{contributions.average(end, 16, 9)}</div>"
    values = [number(said(cell)) for cell in parsed(html).iter("td")]
    assert values == pytest.approx(end.maps[16].ravel(), abs=6e-3)
    total, mean, part = (number(each.text or "") for each in parsed(html).iter("b"))
    assert total == pytest.approx(end.maps[16].sum(), abs=6e-4)
    assert mean == pytest.approx(end.maps[16].mean(), abs=6e-4)
    assert part == pytest.approx(end.contributions[9, 16], abs=6e-4)


def test_two_classes_shows_the_difference_of_their_class_maps(end: Head, field: ReceptiveField) -> None:
    html = figures.two_classes(end, 4, 9, field, DIGIT.pixels)
    gap = end.class_maps[4] - end.class_maps[9]
    most = float(np.abs(gap).max())
    assert_painted(decode(pictures(html)[7]), gap, -most, most, theme.DIVERGING)
    lead = [each.text or "" for each in parsed(html).iter("dd")][-2]
    assert number(lead) == pytest.approx(float(end.logits[4] - end.logits[9]), abs=1e-3)
    said_lead = figures.say_two_classes(end, 4, 9)
    assert ("class 4 has the higher logit" in said_lead) == (end.logits[4] > end.logits[9])
    assert "the difference is 0 everywhere" in figures.say_two_classes(end, 4, 4)
    assert figures.two_classes(end, 4, 4, field, DIGIT.pixels)


def test_all_classes_link_to_each_class_and_give_its_logit(end: Head) -> None:
    html = figures.all_classes(end, 4, link)
    anchors = list(parsed(html).iter("a"))
    assert [each.get("href") for each in anchors] == [link(k) for k in range(10)]
    assert [number(said(each[2])) for each in anchors] == pytest.approx(end.logits, abs=0.06)
    assert html.count('class="selected"') == 1


def test_sentences_hold_the_numbers(end: Head, field: ReceptiveField) -> None:
    text = figures.say_class_map(end, 9, field)
    assert f"{int((end.class_maps[9] > 0).sum())} units support class 9 (red)" in text
    assert "16 × 16 pixels" in text
    assert "Divided by 49, this map is Grad-CAM at Dropout-21." in text
    assert "32 contributions" in contributions.say_contributions(end, 9)


def test_weights_table_shows_every_weight_in_its_cell(run: Trace) -> None:
    step = run[MIXER]
    html = mixing.weights_table(step, (3, 7))
    head_row, *rows = body(f"<div>{html}</div>")
    assert [said(cell) for cell in head_row if cell.get("class") == "selected"] == ["3", "7"]
    shown = [[number(said(cell)) for cell in list(row)[1:17]] for row in rows]
    kernel = step.parameters["weight"][:, :, 0, 0]
    np.testing.assert_allclose(shown, kernel, atol=6e-3)
    assert not np.allclose(np.reshape(shown, (16, 8)), kernel.T, atol=6e-3), "and not transposed"
    np.testing.assert_allclose([number(said(row[17])) for row in rows], step.parameters["bias"], atol=6e-3)
    lines = list(csv.reader(io.StringIO(mixing.weights_csv(step))))
    np.testing.assert_allclose([list(map(float, line[1:17])) for line in lines[1:]], kernel)
    assert "136" in mixing.say_weights(step)


def test_changes_table_gives_the_change_of_each_row(run: Trace, changed: Trace) -> None:
    changes = logits.row_changes(run, changed, MIXER)
    rows = body(mixing.changes_table(changes))[1:]
    assert [said(row[0]) for row in rows] == [change.name for change in changes]
    assert [number(said(row[3])) for row in rows] == pytest.approx([change.relative for change in changes], abs=6e-4)
    ends = [float(np.abs(change.difference).max()) for change in changes]
    assert [number(said(row[2])) for row in rows] == pytest.approx(ends, abs=6e-4)
    most = float(np.abs(changed[MIXER].output - run[MIXER].output).max())
    first = decode(mixing.strip(changes[0]))[:22, :22]
    assert_painted(first, changes[0].difference[0], -most, most, theme.DIVERGING, zoom=2)
    found = [float(line.rpartition(",")[2]) for line in mixing.changes_csv(changes).splitlines()[1:]]
    np.testing.assert_allclose(found, np.concatenate([each.difference.ravel() for each in changes]))
    assert mixing.say_changes(changes, (3, 7), -1.0).startswith("Input maps 3, 7 are multiplied by −1.")
    assert mixing.say_changes(changes, (3,), 0.0).startswith("Input map 3 is multiplied by 0.")
    still = logits.row_changes(run, run, MIXER)
    assert {said(cell) for row in body(mixing.changes_table(still))[1:] for cell in row[2:4]} == {"0.000"}
    assert "No input map is changed yet" in mixing.say_changes(still, (), 0.0)


def test_probabilities_table_shows_both_traces(run: Trace, changed: Trace) -> None:
    shares = [float(share) / 100 for share in re.findall(r"width: ([\d.]+)%", mixing.probabilities_table(run, changed))]
    np.testing.assert_allclose(shares[::2], run.probabilities, atol=6e-5)
    np.testing.assert_allclose(shares[1::2], changed.probabilities, atol=6e-5)
    assert f"the network predicts {run.prediction} with" in mixing.say_predictions(run, changed)


@pytest.mark.parametrize("digit", digits.samples()[::20], ids=lambda digit: digit.key)
def test_most_important_map_lowers_the_logit_most(digit: Digit) -> None:
    network, x = weights.load(), digits.to_input(digit)
    run = trace.record(network, x)
    alone = [logits.scale_maps(network, x, MIXER, {c: 0.0}) for c in range(16)]
    muted = np.stack([each.logits for each in alone])
    c = min(range(16), key=lambda c: alone[c].logits[run.prediction])
    assert mixing.most_important_map(run, muted) == c
    assert mixing.outcome_without(run, muted) == ("same" if alone[c].prediction == run.prediction else "other")
    changing = sum(each.prediction != run.prediction for each in alone)
    text = mixing.say_without(run, muted)
    assert f"Without map {c} " in text
    assert f"changes the prediction for {changing or 'none'} of the 16 maps" in text


@pytest.mark.parametrize("hot", [0.25, 1.0, 8.0])
def test_softmax_table_is_the_arithmetic(end: Head, hot: float) -> None:
    soft = logits.scaled_softmax(end.logits, hot)
    _, *rows, _ = body(softmax.table(soft, DIGITS, 9))
    shown = [[said(cell) for cell in row] for row in rows]
    for k, line in enumerate(shown):
        assert number(line[1]) == pytest.approx(float(end.logits[k]), abs=6e-4)
        assert number(line[2]) == pytest.approx(float(end.logits[k]) / hot, abs=6e-4)
        assert number(line[6]) == pytest.approx(float(soft.log_probabilities[k]), abs=6e-4)
    told = list(csv.DictReader(io.StringIO(softmax.as_csv(soft, DIGITS))))
    assert sum(float(each["probability"]) for each in told) == pytest.approx(1)
    for each in told:
        assert float(each["exp"]) / float(each["sum of exp"]) == pytest.approx(float(each["probability"]), rel=1e-9)
    assert ("this is the output of the network" in softmax.say(soft, "9", 9)) == (hot == 1)


def test_softmax_outcome_compares_two_temperatures(end: Head) -> None:
    plain, hot, cold = (logits.scaled_softmax(end.logits, t) for t in (1.0, 4.0, 0.25))
    assert softmax.outcome(plain, hot) == "calmer"
    assert softmax.outcome(plain, cold) == "surer"
    assert softmax.outcome(plain, logits.scaled_softmax(-end.logits, 1.0)) == "other"
    assert "With T = 4 " in softmax.say_outcome(plain, hot, "9")


def test_paint_gives_readable_text_on_each_cell() -> None:
    range_ = swatches.signed(np.array([-1.0, 1.0]))
    for value in np.linspace(-1, 1, 41):
        style = swatches.paint(range_, float(value))
        red, green, blue, ink = re.findall(r"\d+(?=[,)])|#\w+", style)
        linear = [
            (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4)
            for s in (int(c) / 255 for c in (red, green, blue))
        ]
        light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        contrast = (light + 0.05) / 0.05 if ink == "#000" else 1.05 / (light + 0.05)
        assert contrast >= 4.5
