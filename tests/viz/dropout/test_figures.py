"""The figures of dropout show what was recorded."""

import csv
import functools
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch import nn

from model import layers
from model.dropout import passes
from model.dropout.records import Convergence, DropoutAccuracy, DropoutPlan, Passes
from model.images.digits import find, to_input
from model.networks.assignment.weights import load
from model.trace import record
from model.trace.records import Step, Trace
from tests import charting
from tests.pictures import assert_painted, decode
from viz import theme
from viz.dropout import answers, charts, differences, figures
from viz.dropout import passes as many_passes
from viz.pictures import words

NETWORK = load()
X = to_input(find("project-4or9"))
NAME = "Dropout-9"
UNSCALED = "mean if kept values were not scaled"


@functools.cache
def off() -> Trace:
    return record(NETWORK, X)


@functools.cache
def on(p: float = 0.3, *, whole: bool = False) -> Trace:
    return record(NETWORK, X, plan=DropoutPlan(p, whole_channels=whole, seed=4))


@functools.cache
def many() -> Passes:
    drawn = passes.draw_masks(NETWORK, off(), DropoutPlan(0.2, seed=2000), 50)
    return Passes(off().probabilities, passes.probabilities(NETWORK, X, drawn), 2000)


@functools.cache
def converging() -> Convergence:
    return passes.convergence(off(), passes.count_masks(off(), NAME, DropoutPlan(0.2), 300))


def parsed(html: str) -> ElementTree.Element:
    """Parse a figure as XML, after closing its <img> tags."""
    return ElementTree.fromstring(re.sub(r"(<img [^>]*)>", r"\1/>", f"<div>{html}</div>"))  # noqa: S314 (our own)


def said(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").removesuffix("\xa0%"))


def mask(step: Step) -> np.ndarray:
    assert step.mask is not None
    return step.mask


# The stage


def test_stage_paints_off_mask_on_and_difference() -> None:
    before, after = off()[NAME], on()[NAME]
    page = parsed(figures.stage(before, after, 5, ("abc", "def")))
    section = page.find("section")
    assert section is not None
    assert (section.get("data-digest"), section.get("data-weights")) == ("abc", "def")
    large = [decode(str(image.get("src"))) for image in page.findall(".//figure/img")]
    difference = after.output - before.output
    of_off, of_on = np.abs(before.output[5]).max(), np.abs([after.output[5], difference[5]]).max()
    ends = (float(of_off), float(of_on), float(of_on))
    drawn = (before.output[5], after.output[5], difference[5])
    for picture, values, most in zip((large[0], *large[2:]), drawn, ends, strict=True):
        assert_painted(picture, values, -most, most, theme.DIVERGING)
    assert_painted(large[1], 1.0 - mask(after)[5], 0, 1, theme.SEQUENTIAL)
    with pytest.raises(AssertionError):
        assert_painted(large[1], mask(after)[5], 0, 1, theme.SEQUENTIAL)
    scales = [span for span in page.findall(".//figure/p/span") if str(span.text) == "map 5: "]
    for scale, most in zip(scales, ends, strict=True):
        low, high = (number(end) for end in scale.find("span").itertext())  # type: ignore[union-attr]
        assert [-low, high] == pytest.approx([most, most], rel=5e-3)


def test_stage_keeps_its_map_without_dropout_readable_when_kept_values_are_scaled_up() -> None:
    before = off()[NAME]
    first = re.compile(r"<figure>.*?</figure>")
    panels = [first.findall(figures.stage(before, on(p)[NAME], 5, ("", ""))) for p in (0.1, 0.9)]
    assert panels[0][0] == panels[1][0]
    assert panels[0][2] != panels[1][2]


@pytest.mark.parametrize("name", ["Dropout-3", "Dropout-9", "Dropout-21"])
def test_stage_paints_all_maps_and_frames_the_large_one(name: str) -> None:
    before, after = off()[name], on()[name]
    count, height, width = before.output.shape
    page = parsed(figures.stage(before, after, count - 1, ("", "")))
    every = page.findall(".//figure/div")
    assert len(every) == 4
    image, frame = every[0]
    picture = decode(str(image.get("src")))
    columns = 8 if count > 16 else 4
    step_y, step_x = 2 * height + 2, 2 * width + 2
    assert picture.shape[:2] == (count // columns * step_y - 2, columns * step_x - 2)
    most = float(np.abs(before.output).max())
    for c in (0, 1, count - 1):
        top, left = c // columns * step_y, c % columns * step_x
        part = picture[top : top + 2 * height, left : left + 2 * width]
        assert_painted(part, before.output[c], -most, most, theme.DIVERGING, zoom=2)
    style = dict(pair.split(": ") for pair in str(frame.get("style")).split("; "))
    assert number(style["top"].replace("%", "")) == pytest.approx(100 * top / picture.shape[0], abs=0.01)
    assert number(style["left"].replace("%", "")) == pytest.approx(100 * left / picture.shape[1], abs=0.01)


def test_say_stage_counts_the_dropped_values() -> None:
    step = on()[NAME]
    here, everywhere = int((~mask(step)[5]).sum()), int((~mask(step)).sum())
    sentence = figures.say_stage(step, 5, 4)
    assert f"drops {here:,} of 484 values" in sentence
    assert f"{everywhere:,} of 7,744 values ({100 * everywhere / 7744:.1f}\xa0%)" in sentence
    assert "1 / (1 − 0.30) = 1.429" in sentence


def test_examples_are_the_strongest_kept_and_dropped_units() -> None:
    step = on()[NAME]
    kept, gone = figures.examples(step, 5)
    values = np.abs(step.input[5])
    assert values[kept[1:]] == values[mask(step)[5]].max()
    assert values[gone[1:]] == values[~mask(step)[5]].max()
    lines = figures.say_examples([layers.explain(on(), NAME, unit) for unit in (kept, gone)]).splitlines()
    assert lines[0].startswith(f"- **kept**, y {kept[1]}, x {kept[2]}: ")
    assert lines[1].startswith(f"- **dropped**, y {gone[1]}, x {gone[2]}: ")
    assert number(lines[0].rsplit(" ", 1)[1]) == pytest.approx(step.output[kept], abs=5e-4)
    assert number(lines[1].rsplit(" ", 1)[1]) == 0


def test_examples_of_a_dropped_channel_hold_no_kept_unit() -> None:
    step = on(0.6, whole=True)[NAME]
    for c in range(16):
        assert len(figures.examples(step, c)) == 1


def test_map_csv_holds_every_unit() -> None:
    before, after = off()[NAME], on()[NAME]
    lines = list(csv.DictReader(io.StringIO(figures.map_csv(before, after, 5))))
    assert len(lines) == 484
    for line in lines[::37]:
        unit = (5, int(line["y"]), int(line["x"]))
        assert float(line["off"]) == pytest.approx(before.output[unit], rel=1e-5)
        assert float(line["on"]) == pytest.approx(after.output[unit], rel=1e-5)
        assert float(line["difference"]) == pytest.approx(after.output[unit] - before.output[unit], rel=1e-4, abs=1e-5)
        assert line["kept"] == str(int(mask(after)[unit]))
    every = list(csv.DictReader(io.StringIO(figures.maps_csv(before, after))))
    assert len(every) == 16 * 484
    assert [line | {"map": "5"} for line in lines] == every[5 * 484 : 6 * 484]


# The answers


def shares(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_answers_show_both_probabilities_of_every_class() -> None:
    one, other = off().probabilities, on().probabilities
    page = parsed(answers.answers(one, other, 4))
    items = page.findall(".//ol/li")
    assert len(items) == 10
    for c, item in enumerate(items):
        drawn = [float(str(bar.get("style")).split()[1]) for bar in item.findall("i")]
        assert drawn == pytest.approx([one[c], other[c]], abs=1e-4)
    assert said(page.findall(".//dl/div/dd")[1]) == f"{on().prediction} {words.percent(float(other.max()))}".replace(
        "\xa0", " "
    )


@pytest.mark.parametrize(("other", "changed"), [((0.4, 0.6), True), ((0.9, 0.1), False)])
def test_answers_mark_a_mask_that_changes_the_answer(other: tuple[float, float], changed: bool) -> None:
    one, now = shares(0.7, 0.3), shares(*other)
    assert ('class="changed"' in answers.answers(one, now, 12)) is changed
    verdict = "changes" if changed else "does not change"
    sentence = answers.say_answers(one, now, 12, ("cat", "a*b"))
    assert sentence.startswith(f"**Mask 12 {verdict} the answer.** Dropout off: cat with 70.0\xa0%; with this mask: ")


def test_answers_of_many_classes_show_those_that_are_likely_with_or_without_the_mask() -> None:
    one, other = np.zeros(40, np.float32), np.zeros(40, np.float32)
    one[:5], other[30:35], one[20] = 0.19, 0.2, 0.05
    named = [str(item.findtext("b")) for item in parsed(answers.answers(one, other, 0)).findall(".//ol/li")]
    assert named == [str(c) for c in (*range(5), *range(30, 35))]


def test_search_says_how_many_masks_it_tried() -> None:
    assert answers.say_search(12, 6, 7).startswith("Tried 7 masks: mask 12 is the first after mask 5 that changes it")
    assert answers.say_search(6, 6, 1).startswith("Tried 1 mask: mask 6 is")
    assert answers.say_search(None, 1, 1000).startswith("Tried 1,000 masks, masks 1 to 1,000: none changes the answer")


# Differences of rows


def test_row_differences_show_the_ratio_and_the_map_of_every_row() -> None:
    found = passes.row_differences(off(), on())
    page = parsed(differences.row_differences(found, NAME))
    items = page.findall(".//ol/li")
    parts = [difference.map.astype(float) / (difference.map + difference.activation_rms) for difference in found]
    most = max(part.max() for part in parts)
    assert len(items) == 23
    for item, difference, part in zip(items, found, parts, strict=True):
        assert said(item).endswith(difference.name)
        share = said(item).split(difference.name)[0].strip()
        assert share == ("none" if difference.rms == 0 else f"{difference.relative * 100:.1f} %")
        (long,) = re.findall(r"--share: ([\d.]+)", str(item.get("style")))
        assert float(long) == pytest.approx(difference.rms / (difference.rms + difference.activation_rms), abs=1e-4)
        image = item.find("img")
        assert image is not None
        assert_painted(decode(str(image.get("src"))), part, 0, most, theme.SEQUENTIAL)
        assert (item.get("aria-current") == "true") == (difference.name == NAME)


def test_row_differences_show_small_ratios_beside_a_large_one() -> None:
    small, large = (
        replace(each, rms=rms, activation_rms=1.0)
        for each, rms in zip(passes.row_differences(off(), on()), (0.25, 57.3), strict=False)
    )
    html = differences.row_differences([small, large], NAME)
    assert [float(each) for each in re.findall(r"--share: ([\d.]+)", html)] == pytest.approx(
        [0.2, 57.3 / 58.3], abs=1e-4
    )
    assert re.findall(r"<b>([^<]+)</b>", html) == ["25.0\xa0%", "57\xa0times"]
    assert "%" not in differences.say_differences([large])


def test_say_differences_gives_the_first_and_the_largest() -> None:
    found = passes.row_differences(off(), on())
    sentence = differences.say_differences(found)
    assert f"begins at Dropout-3 with {found[2].relative * 100:.1f}\xa0%" in sentence
    largest = max(found, key=lambda difference: difference.relative)
    assert f"largest at {largest.name}" in sentence
    same = passes.row_differences(off(), off())
    assert differences.say_differences(same).startswith("No row differs")
    assert "none" in differences.row_differences(same, NAME)
    assert differences.difference_columns(found)["row"] == [row.name for row in off().rows]


# Many passes


def test_spread_shows_every_class_with_its_numbers() -> None:
    found = many()
    chart = many_passes.spread(found, ("abc", "def"))
    assert chart.layout.meta == {"digest": "abc", "weights": "def"}
    shares = found.probabilities.astype(float)
    extent, middle = (charting.named(chart, name) for name in ("lowest to highest", "middle 80\xa0% of the passes"))
    for bar, ends in ((extent, (0, 100)), (middle, (10, 90))):
        low, high = np.percentile(shares, ends, axis=0)
        np.testing.assert_allclose(np.asarray(bar.base, float), low, atol=1e-6)
        np.testing.assert_allclose(np.asarray(bar.base, float) + bar.y, high, atol=1e-6)
        assert bar.customdata[4] == f"{low[4] * 100:.1f}\xa0% to {high[4] * 100:.1f}\xa0%"
    np.testing.assert_allclose(charting.named(chart, "mean of all passes").y, shares.mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(charting.named(chart, "dropout off").y, found.off)
    predictions = [f"{c}<br>{(shares.argmax(1) == c).sum()}" for c in range(10)]
    assert list(chart.layout.xaxis.ticktext) == predictions


@pytest.mark.parametrize(("changed", "word"), [(0, "none"), (1, "few"), (10, "few"), (11, "many"), (100, "many")])
def test_changed_answer_counts_the_passes(changed: int, word: str) -> None:
    shares = np.tile(np.array([[0.8, 0.2]], np.float32), (100, 1))
    shares[:changed] = [0.3, 0.7]
    made = Passes(np.array([0.9, 0.1], np.float32), shares, 0)
    assert many_passes.changed_answer(made) == word
    sentence = many_passes.say_passes(made, 0.1)
    assert ("all also predict 0" if word == "none" else f"{100 - changed:,} of 100 also predict 0") in sentence


def test_passes_columns_and_csv_hold_the_probabilities() -> None:
    found = many()
    assert f"masks 2,000 to 2,049: {50 - found.changed} of 50" in many_passes.say_passes(found, 0.2)
    columns = many_passes.passes_columns(found)
    assert [float(each) for each in columns["mean"]] == pytest.approx(found.mean.tolist(), abs=1e-4)
    assert sum(map(int, columns["predictions"])) == 50
    lines = list(csv.DictReader(io.StringIO(many_passes.passes_csv(found))))
    assert [line["mask"] for line in lines] == [str(2000 + number) for number in range(50)]
    again = [[float(line[str(c)]) for c in range(10)] for line in lines]
    np.testing.assert_allclose(again, found.probabilities, rtol=1e-6)


# Charts


def test_convergence_chart_shows_value_band_and_both_means() -> None:
    found = converging()
    chart = charts.convergence(found)
    running = charting.named(chart, "mean over masks")
    numbers = np.asarray(running.x)
    assert (numbers[0], numbers[-1]) == (1, 300)
    np.testing.assert_array_equal(running.y, found.running[numbers - 1])
    unscaled = charting.named(chart, UNSCALED)
    np.testing.assert_array_equal(unscaled.y, found.unscaled[numbers - 1])
    assert set(charting.named(chart, "dropout off").y) == {found.value}
    low, high = charting.edges(chart, chart.data[0].name)
    np.testing.assert_allclose(high, found.value + 2 * found.error[numbers - 1])
    np.testing.assert_allclose(low, found.value - 2 * found.error[numbers - 1])
    with pytest.raises(AssertionError):  # one standard error is too narrow
        np.testing.assert_allclose(high, found.value + found.error[numbers - 1])
    assert chart.layout.xaxis.type == "log"
    assert [charting.named(chart, name).line.color for name in ("dropout off", UNSCALED, "mean over masks")] == [
        theme.rgb(theme.HIGHLIGHT),
        theme.rgb(theme.MUTED),
        theme.rgb(theme.ACCENT),
    ]


def test_convergence_chart_of_zeros_is_flat() -> None:
    nothing = np.zeros(300)
    flat = replace(converging(), value=0.0, running=nothing, unscaled=nothing, error=nothing)
    for trace in charts.convergence(flat).data:
        assert not np.any(trace.y)


def test_say_convergence_gives_the_standard_error() -> None:
    found = converging()
    sentence = charts.say_convergence(found)
    away = abs(found.running[-1] - found.value) / found.error[-1]
    assert f"{away:.1f} standard errors of {found.error[-1]:.4f} away" in sentence
    assert f"map {found.unit[0]}, y {found.unit[1]}, x {found.unit[2]}" in sentence
    assert f"{found.within * 100:.1f}\xa0% of all units of the row have a mean" in sentence
    still = replace(found, error=np.zeros(300))
    assert ": the same." in charts.say_convergence(still)
    assert f"**{found.variance:.4f}**" in charts.say_variance(found)
    columns = charts.convergence_columns(found)
    assert columns["masks"] == ["1", "2", "5", "10", "20", "50", "100", "200", "300"]
    assert {len(column) for column in columns.values()} == {9}


ACCURACIES = [DropoutAccuracy(step / 10, 100 - 9 * step, 100, 1 - step / 20) for step in range(10)]


def test_accuracies_chart_shows_accuracy_and_confidence() -> None:
    figure = charts.accuracies(ACCURACIES, 0.1)
    accuracy, confidence = charting.named(figure, "accuracy"), charting.named(figure, "confidence")
    assert list(accuracy.y) == [each.correct / 100 for each in ACCURACIES]
    assert accuracy.error_y.array[1] == pytest.approx(2 * (0.91 * 0.09 / 100) ** 0.5)
    assert list(confidence.y) == [each.confidence for each in ACCURACIES]
    assert charting.named(figure, "as trained").x == (0.1, 0.1)
    sentence = charts.say_accuracies(ACCURACIES, "Some digits")
    assert sentence.startswith("Some digits, each classified once for each p")
    assert "p = 0.90: 19.0\xa0% correct, 55.0\xa0% confidence." in sentence
    assert charts.accuracies_columns(ACCURACIES)["correct"][:2] == ["100", "91"]


# A vector


def test_stage_of_a_vector_paints_every_value_and_its_example_is_the_strongest() -> None:
    made = nn.Sequential(nn.Flatten(), nn.Dropout(0.4))
    x = torch.arange(-5.0, 5).reshape(1, 1, 2, 5)
    before, after = (record(made, x)["1"], record(made, x, dropout=True, seed=1)["1"])
    page = parsed(figures.stage(before, after, 0, ("", "")))
    pictures = [decode(str(image.get("src"))) for image in page.findall(".//figure/img")]
    assert len(pictures) == 4
    most = float(np.abs(before.output).max())
    padded = np.zeros(12, np.float32)
    padded[:10] = before.output
    assert pictures[0].shape[:2] == (3, 4)
    assert_painted(pictures[0][:2], padded[:8].reshape(2, 4), -most, most, theme.DIVERGING)
    kept, gone = figures.examples(after, 0)
    assert abs(before.output[kept[0]]) == np.abs(before.output[mask(after)]).max()
    assert abs(before.output[gone[0]]) == np.abs(before.output[~mask(after)]).max()
    assert f"drops {int((~mask(after)).sum())} of 10 values" in figures.say_stage(after, 0, 1)
    lines = list(csv.DictReader(io.StringIO(figures.maps_csv(before, after))))
    assert [float(line["on"]) for line in lines] == pytest.approx(after.output.tolist(), rel=1e-5)
