import base64
import csv
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from torch.nn import functional

from model import layers, receptive_field
from model.images import digits
from model.networks.assignment import weights
from model.pooling import max_pool
from model.pooling.records import Pooled, PoolScore
from model.receptive_field import measured
from model.receptive_field.records import Box
from model.trace import record
from model.trace.records import Trace
from tests.pictures import assert_painted, decode
from viz import theme
from viz.pictures import words
from viz.pictures.scaling import range_of
from viz.pooling import figures

NETWORK = weights.load()
DIGIT = digits.find("project-3a")
CHANNEL = 3
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(NETWORK, digits.to_input(DIGIT))


@pytest.fixture(scope="module")
def pooled(trace: Trace) -> Pooled:
    return max_pool.pooled(trace)


def drawing(uri: str) -> ET.Element:
    head, _, data = uri.partition(",")
    assert head == "data:image/svg+xml;base64"
    return ET.fromstring(base64.b64decode(data))  # noqa: S314 (our own)


def test_every_winner_is_marked_where_pytorch_finds_it_and_rings_are_ties(pooled: Pooled) -> None:
    image = drawing(figures.marked(pooled, CHANNEL))
    assert image.attrib["viewBox"] == "0 0 22 22"
    dots = {
        path.attrib["class"]: [(int(y), int(x)) for x, y in re.findall(r"M(\d+)\.5 (\d+)\.5h0", path.attrib["d"])]
        for path in image.iter(f"{SVG}path")
        if "class" in path.attrib
    }
    values = torch.tensor(pooled.input[CHANNEL])[None, None]
    winners = functional.max_pool2d(values, 2, return_indices=True)[1][0, 0].numpy()
    tied = pooled.ties[CHANNEL] > 1
    assert dots["alone"] == [divmod(int(index), 22) for index in winners[~tied]]
    assert dots["first"] == [divmod(int(index), 22) for index in winners[tied]]
    assert len(dots["equal"]) == int((pooled.ties[CHANNEL] - 1).sum())
    largest = np.kron(pooled.output[CHANNEL], np.ones((2, 2), np.float32))
    assert all(pooled.input[CHANNEL][place] == largest[place] for place in dots["equal"])
    assert dots["alone"] != [divmod(int(index), 22) for index in winners.T[~tied.T]]  # the wrong order would be seen


def test_beneath_the_marks_lies_the_map_in_the_colours_of_its_scale(pooled: Pooled) -> None:
    (image,) = drawing(figures.marked(pooled, CHANNEL)).iter(f"{SVG}image")
    range_ = range_of(pooled.input)
    assert_painted(decode(image.attrib["href"]), pooled.input[CHANNEL], range_.low, range_.high, range_.scale)


def test_the_largest_unit_of_a_map_is_where_its_pool_is_largest(pooled: Pooled) -> None:
    for channel, values in enumerate(pooled.output):
        assert values[figures.largest(pooled, channel)] == values.max()


def test_the_browser_gets_the_unit_worked_out_with_the_marked_map(trace: Trace, pooled: Pooled) -> None:
    explained = layers.explain(trace, pooled.name, (CHANNEL, 5, 5))
    data = figures.prepare(trace, explained, pooled.window, pooled)
    assert data["input"]["picture"] == figures.marked(pooled, CHANNEL)
    assert (data["input"]["height"], data["input"]["width"]) == (22, 22)
    assert data["unit"] == [CHANNEL, 5, 5]


def test_a_window_and_the_names_of_its_places_go_back_and_forth(pooled: Pooled) -> None:
    unit = (CHANNEL, 4, 7)
    assert figures.covered(pooled.window, unit) == [(8, 14), (8, 15), (9, 14), (9, 15)]
    names = {where: figures.name_of(pooled, unit, where) for where in figures.covered(pooled.window, unit)}
    assert sorted(names.values())[-1] == "winner"
    assert len(set(names.values())) == 4
    for where, name in names.items():
        assert figures.place(pooled, unit, name) == where
    assert figures.place(pooled, unit, "1.0") == (9, 14)


def test_the_stage_is_said_with_its_winner_and_its_ties(pooled: Pooled) -> None:
    tied = (CHANNEL, *np.argwhere(pooled.ties[CHANNEL] > 1)[0].tolist())
    for unit in [tied, (CHANNEL, 5, 5)]:
        said = figures.say_stage(pooled, unit)
        y, x = pooled.winners[unit]
        assert f"is {words.number(pooled.output[unit])}, at y {y}, x {x} " in said
        assert ("equal, so the first wins" in said) == (pooled.ties[unit] > 1)
        assert f"In {(pooled.ties[CHANNEL] > 1).sum()} of the 121 windows" in said


def test_a_traced_value_says_its_box_by_the_measured_field(pooled: Pooled) -> None:
    fields = receptive_field.of_network(NETWORK)
    unit = (CHANNEL, 5, 6)
    for where in figures.covered(pooled.window, unit):
        said = figures.say_traced(pooled, unit, where, fields["Dropout-9"], fields["MaxPool2d-10"])
        box = measured.measured(NETWORK, "Dropout-9", where)
        assert box == Box(where[0], where[1], where[0] + 7, where[1] + 7)
        assert f"rows {box.top} to {box.bottom - 1}, columns {box.left} to {box.right - 1}" in said
        assert said.startswith("The winner" if where == tuple(pooled.winners[unit]) else "A value that lost")
        assert "7 × 7" in said
        assert "8 × 8" in said


def test_what_is_thrown_away_is_counted_with_and_without_signs(trace: Trace, pooled: Pooled) -> None:
    columns = figures.accounts(pooled, CHANNEL)
    step = trace[max_pool.POOL]
    before, after = (torch.tensor(each).double() for each in (step.input, step.output))
    for name, part in {f"Map {CHANNEL}": slice(CHANNEL, CHANNEL + 1), "All maps": slice(None)}.items():
        said = dict(zip(columns["What"], columns[name], strict=True))
        one, other = before[part], after[part]
        assert said["Thrown away"] == f"{one.numel() - other.numel():,}"
        assert said["Sum in"] == f"{one.sum().item():,.1f}".replace("-", "−")
        assert said["Absolute sum out"] == f"{other.abs().sum().item():,.1f}"
        lost = 1 - (other.abs().sum() / one.abs().sum()).item()
        assert said["Absolute sum thrown away"] == words.percent(lost)
        signed = 1 - (other.sum() / one.sum()).item()  # the wrong twin: with signs it is another share
        assert words.percent(lost) != words.percent(signed)
    sentence = figures.say_account(pooled)
    assert "Of 7,744 values 1,936 are kept: 75.0\xa0% are thrown away" in sentence
    assert figures.lost_share(0.0, 0.0) == 0


def test_the_gradient_is_drawn_and_counted(trace: Trace, pooled: Pooled) -> None:
    gradient = max_pool.gradient(NETWORK, trace, trace.prediction)
    pictures = [decode(uri) for uri in re.findall(r'src="([^"]+)"', figures.gradients(gradient, CHANNEL))]
    for picture, values in zip(pictures, (gradient.kept[CHANNEL], gradient.shared[CHANNEL]), strict=True):
        range_ = range_of(values, signed=True)
        assert_painted(picture, values, range_.low, range_.high, theme.DIVERGING)
    said = figures.say_gradient(gradient, pooled, (CHANNEL, 5, 5))
    assert "0 of the 5,808 values that lost have a gradient" in said
    assert f"and {int((gradient.passed != 0).sum()):,} of the 1,936 that won" in said
    passed = f"{gradient.passed[CHANNEL, 5, 5]:z.5f}".replace("-", "−")
    assert said.count(passed) == 2
    assert f"{int((gradient.shared != 0).sum()):,} values have a gradient" in said
    assert "gets 25.0\xa0%" in said


def test_both_kinds_of_pool_are_drawn_on_one_scale(trace: Trace, pooled: Pooled) -> None:
    twin = max_pool.averaged(NETWORK, trace)
    maps = [pooled.output[CHANNEL], twin[max_pool.POOL].maps[CHANNEL]]
    html = figures.kinds(pooled, twin[max_pool.POOL].maps, CHANNEL)
    range_ = range_of(np.stack(maps))
    for uri, values in zip(re.findall(r'src="([^"]+)"', html), maps, strict=True):
        assert_painted(decode(uri), values, range_.low, range_.high, range_.scale)
    said = figures.say_average(trace, twin)
    assert f"{words.number(trace.logits[trace.prediction])} to {words.number(twin.logits[trace.prediction])}" in said
    assert "No weight was trained for the average pool" in said


def test_scores_are_said_with_how_many_images() -> None:
    columns = figures.scores(PoolScore(200, 199, 150))
    assert columns["right"] == ["150 of 200", "199 of 200"]
    assert columns["share"] == ["75.00\xa0%", "99.50\xa0%"]


def test_the_csv_holds_every_window_of_the_map(trace: Trace, pooled: Pooled) -> None:
    gradient = max_pool.gradient(NETWORK, trace, trace.prediction)
    lines = list(csv.DictReader(io.StringIO(figures.as_csv(pooled, gradient, CHANNEL))))
    assert len(lines) == 121
    for line in lines:
        unit = (CHANNEL, int(line["y"]), int(line["x"]))
        values = [float(line[f"value {y}.{x}"]) for y in (0, 1) for x in (0, 1)]
        assert max(values) == pytest.approx(float(pooled.output[unit]), rel=1e-5)
        down, across = int(line["winner y"]) - 2 * unit[1], int(line["winner x"]) - 2 * unit[2]
        assert values[2 * down + across] == max(values)
        assert int(line["as large"]) == pooled.ties[unit]
        assert float(line["gradient"]) == pytest.approx(float(gradient.passed[unit]), rel=1e-4)
