import base64
import csv
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from model import layers, receptive_field
from model.images import digits
from model.networks.assignment import weights
from model.pooling import max_pool
from model.pooling.records import PoolAccuracy, Pooled
from model.receptive_field import measured
from model.receptive_field.records import Box
from model.records import Pair
from model.trace import record
from model.trace.records import Trace
from tests.pictures import assert_painted, decode
from viz import theme
from viz.pictures import words
from viz.pictures.scaling import range_of
from viz.pooling import average, discarded, figures, windows

NETWORK = weights.load()
DIGIT = digits.find("project-3a")
CHANNEL, POOL = 3, "MaxPool2d-10"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(NETWORK, digits.to_input(DIGIT))


@pytest.fixture(scope="module")
def pooled(trace: Trace) -> Pooled:
    return max_pool.pooled(trace, POOL)


def drawing(uri: str) -> ET.Element:
    head, _, data = uri.partition(",")
    assert head == "data:image/svg+xml;base64"
    return ET.fromstring(base64.b64decode(data))  # noqa: S314 (our own)


def test_marked_dots_are_at_pytorchs_winners_and_ties(pooled: Pooled) -> None:
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
    assert dots["alone"] != [divmod(int(index), 22) for index in winners.T[~tied.T]]  # the wrong rule: transposed


def test_marked_paints_the_map_below_the_marks(pooled: Pooled) -> None:
    (image,) = drawing(figures.marked(pooled, CHANNEL)).iter(f"{SVG}image")
    range_ = range_of(pooled.input)
    assert_painted(decode(image.attrib["href"]), pooled.input[CHANNEL], range_.low, range_.high, range_.scale)


def test_largest_is_the_position_of_the_largest_output(pooled: Pooled) -> None:
    for channel, values in enumerate(pooled.output):
        assert values[windows.largest(pooled, channel)] == values.max()


def test_prepare_gives_the_unit_with_the_marked_map(trace: Trace, pooled: Pooled) -> None:
    explained = layers.explain(trace, pooled.name, (CHANNEL, 5, 5))
    data = figures.prepare(trace, explained, pooled.window, pooled)
    assert data["input"]["picture"] == figures.marked(pooled, CHANNEL)
    assert (data["input"]["height"], data["input"]["width"]) == (22, 22)
    assert data["unit"] == [CHANNEL, 5, 5]


def test_place_of_is_the_inverse_of_name_of(pooled: Pooled) -> None:
    unit = (CHANNEL, 4, 7)
    assert windows.window_places(pooled.window, unit) == [(8, 14), (8, 15), (9, 14), (9, 15)]
    names = {where: windows.name_of(pooled, unit, where) for where in windows.window_places(pooled.window, unit)}
    assert sorted(names.values())[-1] == "winner"
    assert len(set(names.values())) == 4
    for where, name in names.items():
        assert windows.place_of(pooled, unit, name) == where
    assert windows.place_of(pooled, unit, "1.0") == (9, 14)


def test_say_stage_gives_the_winner_and_the_ties(pooled: Pooled) -> None:
    tied = (CHANNEL, *np.argwhere(pooled.ties[CHANNEL] > 1)[0].tolist())
    for unit in [tied, (CHANNEL, 5, 5)]:
        said = figures.say_stage(pooled, unit)
        y, x = pooled.winners[unit]
        assert f"is {words.number(pooled.output[unit])}, at y {y}, x {x} " in said
        assert ("equal, so the first is the winner" in said) == (pooled.ties[unit] > 1)
        assert f" {(pooled.ties[CHANNEL] > 1).sum()} of the 121 windows of this map have a tie" in said


def test_say_traced_gives_the_measured_receptive_field(pooled: Pooled) -> None:
    fields = receptive_field.of_network(NETWORK)
    unit = (CHANNEL, 5, 6)
    for where in windows.window_places(pooled.window, unit):
        said = windows.say_traced(pooled, unit, where, fields["Dropout-9"], fields["MaxPool2d-10"])
        box = measured.measured_box(NETWORK, "Dropout-9", where)
        assert box == Box(where[0], where[1], where[0] + 7, where[1] + 7)
        assert f"rows {box.top} to {box.bottom - 1}, columns {box.left} to {box.right - 1}" in said
        assert said.startswith("The winner" if where == tuple(pooled.winners[unit]) else "Another value")
        assert "7 × 7" in said
        assert "8 × 8" in said


def test_totals_count_what_is_discarded_with_and_without_signs(trace: Trace, pooled: Pooled) -> None:
    columns = discarded.totals_columns(pooled, CHANNEL)
    step = trace[POOL]
    before, after = (torch.tensor(each).double() for each in (step.input, step.output))
    for name, part in {f"Map {CHANNEL}": slice(CHANNEL, CHANNEL + 1), "All maps": slice(None)}.items():
        said = dict(zip(columns["What"], columns[name], strict=True))
        one, other = before[part], after[part]
        assert said["Discarded values"] == f"{one.numel() - other.numel():,}"
        assert said["Sum of inputs"] == f"{one.sum().item():,.1f}".replace("-", "−")
        assert said["Sum of absolute outputs"] == f"{other.abs().sum().item():,.1f}"
        lost = 1 - (other.abs().sum() / one.abs().sum()).item()
        assert said["Discarded absolute sum"] == words.percent(lost)
        signed = 1 - (other.sum() / one.sum()).item()  # the wrong rule: with signs the share differs
        assert words.percent(lost) != words.percent(signed)
    sentence = discarded.say_totals(pooled)
    assert "The pool keeps 1,936 of 7,744 values and discards 75.0\xa0%." in sentence
    assert discarded.discarded_share(0.0, 0.0) == 0


def test_gradients_are_drawn_and_counted(trace: Trace, pooled: Pooled) -> None:
    gradient = max_pool.gradient(NETWORK, trace, trace.prediction, POOL)
    pictures = [decode(uri) for uri in re.findall(r'src="([^"]+)"', discarded.gradients(gradient, CHANNEL))]
    for picture, values in zip(pictures, (gradient.max_pool[CHANNEL], gradient.average_pool[CHANNEL]), strict=True):
        range_ = range_of(values, signed=True)
        assert_painted(picture, values, range_.low, range_.high, theme.DIVERGING)
    said = discarded.say_gradient(gradient, pooled, (CHANNEL, 5, 5))
    assert "and 0 of the 5,808 other values." in said
    assert f"{int((gradient.output != 0).sum()):,} of the 1,936 winners have a gradient other than 0" in said
    at_output = f"{gradient.output[CHANNEL, 5, 5]:z.5f}".replace("-", "−")
    assert said.count(at_output) == 2
    assert f"{int((gradient.average_pool != 0).sum()):,} values have a gradient" in said
    assert "gets 25.0\xa0% of the gradient" in said


def test_both_pools_are_drawn_on_one_scale(trace: Trace, pooled: Pooled) -> None:
    averaged = max_pool.with_average_pool(NETWORK, trace, POOL)
    maps = [pooled.output[CHANNEL], averaged[POOL].maps[CHANNEL]]
    html = average.both_pools(pooled, averaged[POOL].maps, CHANNEL)
    range_ = range_of(np.stack(maps))
    for uri, values in zip(re.findall(r'src="([^"]+)"', html), maps, strict=True):
        assert_painted(decode(uri), values, range_.low, range_.high, range_.scale)
    said = average.say_average(trace, averaged)
    assert (
        f"{words.number(trace.logits[trace.prediction])} to {words.number(averaged.logits[trace.prediction])}" in said
    )
    assert "The weights were trained with the max pool" in said


def test_accuracy_columns_give_counts_and_shares() -> None:
    columns = average.accuracy_columns(PoolAccuracy(200, 199, 150))
    assert columns["correct"] == ["150 of 200", "199 of 200"]
    assert columns["accuracy"] == ["75.00\xa0%", "99.50\xa0%"]


def test_as_csv_holds_every_window_of_the_map(trace: Trace, pooled: Pooled) -> None:
    gradient = max_pool.gradient(NETWORK, trace, trace.prediction, POOL)
    lines = list(csv.DictReader(io.StringIO(discarded.as_csv(pooled, gradient, CHANNEL))))
    assert len(lines) == 121
    for line in lines:
        unit = (CHANNEL, int(line["y"]), int(line["x"]))
        values = [float(line[f"value {y}.{x}"]) for y in (0, 1) for x in (0, 1)]
        assert max(values) == pytest.approx(float(pooled.output[unit]), rel=1e-5)
        down, across = int(line["winner y"]) - 2 * unit[1], int(line["winner x"]) - 2 * unit[2]
        assert values[2 * down + across] == max(values)
        assert int(line["equal values"]) == pooled.ties[unit]
        assert float(line["gradient"]) == pytest.approx(float(gradient.output[unit]), rel=1e-4)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "size"),
    [(3, 2, 1, (9, 8)), (2, 3, 0, (9, 8)), ((2, 3), (2, 1), (1, 0), (7, 9)), (3, 3, 1, (8, 8))],
)
def test_windows_of_any_pool_are_marked_named_and_counted(
    kernel: int | Pair, stride: int | Pair, padding: int | Pair, size: Pair
) -> None:
    torch.manual_seed(2)
    maps = torch.randint(-4, 5, (1, 2, *size)).float()  # with ties
    pool = nn.MaxPool2d(kernel, stride, padding)
    found = max_pool.pooled(record(nn.Sequential(pool), maps), "0")
    values, index = functional.max_pool2d(maps, kernel, stride, padding, return_indices=True)
    image = drawing(figures.marked(found, 1))
    dots = {
        each.attrib["class"]: [(int(y), int(x)) for x, y in re.findall(r"M(\d+)\.5 (\d+)\.5h0", each.attrib["d"])]
        for each in image.iter(f"{SVG}path")
        if "class" in each.attrib
    }
    tied = found.ties[1] > 1
    flat = index[0, 1].numpy()
    assert dots["alone"] == [divmod(int(each), size[1]) for each in flat[~tied]]
    assert dots["first"] == [divmod(int(each), size[1]) for each in flat[tied]]
    (edges,) = (each.attrib["d"] for each in image.iter(f"{SVG}path") if each.get("fill") == "none")
    ones = functional.unfold(torch.ones(1, 1, *size), pool.kernel_size, padding=pool.padding, stride=pool.stride)
    cover = functional.fold(ones, size, pool.kernel_size, padding=pool.padding, stride=pool.stride)[0, 0]
    assert bool(edges) == (cover.max() <= 1)
    rows, columns = int((cover.amax(1) == 0).sum()), int((cover.amax(0) == 0).sum())
    said = figures.say_windows(found)
    assert ("the windows overlap" in said) == (cover.max() > 1)
    assert ("No window covers" in said) == bool(rows or columns)
    assert not rows or f"{rows} row" in said.partition("No window covers ")[2]
    for unit in np.ndindex(found.output.shape):
        names = windows.traceable(found, unit)
        assert [windows.name_of(found, unit, windows.place_of(found, unit, name)) in names for name in names]
        places = [windows.place_of(found, unit, name) for name in names]
        assert max(float(maps[0, unit[0], y, x]) for y, x in places) == values[0][unit]
        assert float(maps[0, unit[0]][places[0]]) == values[0][unit]


def test_very_large_window_shows_its_largest_values_only() -> None:
    maps = torch.arange(400.0).reshape(1, 1, 20, 20)
    trace = record(nn.Sequential(nn.AdaptiveMaxPool2d(1)), maps)
    found = max_pool.pooled(trace, "0")
    data = figures.prepare(trace, layers.explain(trace, "0", (0, 0, 0)), found.window, found)
    (group,) = data["groups"]
    assert [term["value"] for term in group["terms"]] == [f"{399 - k}.000" for k in range(12)]
    assert "Shown are the 12 largest of the 400 values" in figures.say_stage(found, (0, 0, 0))
