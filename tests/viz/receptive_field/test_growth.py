import csv
import io
import re

import pytest

from model import receptive_field
from model.graph.records import Op
from model.networks.assignment import weights
from model.parameters import printed_table
from model.parameters.records import RowComparison
from model.receptive_field.records import Growth
from tests import charting
from tests.model.graph.build import Builder
from viz.pictures.swatches import columns_as_csv
from viz.receptive_field import growth

STEPS = {step.name: step for step in receptive_field.growth(weights.load())}
COMPARISONS = printed_table.compare(weights.load())
TRUE = {row.name: row.measured_field[0] for row in COMPARISONS}
each_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
CHART = growth.chart(STEPS.values(), COMPARISONS)


def drawn(name: str) -> dict[str, int]:
    """Return the values of a series, by row."""
    trace = charting.named(CHART, name)
    return dict(zip(trace.x, map(int, trace.y), strict=True))


def test_chart_has_size_and_jump_of_every_row() -> None:
    assert drawn("size") == TRUE
    jumps = {step.name: step.after.jump[0] for step in STEPS.values() if step.number}
    assert drawn("jump") == jumps
    assert max(jumps.values()) == 14
    assert charting.named(CHART, "size").line.shape == "hv", "a value is kept until the next row"


def test_chart_has_every_printed_size_correct_or_wrong() -> None:
    printed = {row.name: row.printed_field for row in COMPARISONS if row.printed_field}
    correct, wrong = drawn("printed, correct"), drawn("printed, wrong")
    assert {**correct, **wrong} == printed
    assert all(number == TRUE[name] for name, number in correct.items())
    assert all(number != TRUE[name] for name, number in wrong.items())
    (texts,) = (trace for trace in CHART.data if trace.mode == "text")
    assert list(texts.text) == [str(number) for number in wrong.values()]


def test_chart_rows_are_in_order_and_numbered_from_1() -> None:
    axis = CHART.layout.xaxis
    assert list(axis.categoryarray) == [*TRUE]
    assert all(name == [*TRUE][int(number) - 1] for name, number in zip(axis.tickvals, axis.ticktext, strict=True))


def test_say_names_the_wrong_figures() -> None:
    said = growth.say(STEPS.values(), COMPARISONS)
    assert "of 8 rows; 5 are wrong" in said
    assert "14 for MaxPool2d-10 (it is 8)" in said
    right: list[RowComparison] = [row for row in COMPARISONS if not row.disagreements]
    assert "wrong: " not in growth.say(STEPS.values(), right)


@each_step
def test_arithmetic_is_beside_its_formula(step: Growth) -> None:
    columns = growth.arithmetic(step)
    assert columns[""] == ["size", "jump", "centre"]
    assert columns[step.name] == [step.size, step.jump, step.center]
    for name, rule in zip(columns[""], columns["formula"], strict=True):
        assert rule.startswith(f"{name} ← {name}")


def test_changing_ends_with_the_whole_image() -> None:
    columns = growth.changing(STEPS.values())
    assert columns["step"] == [step.name for step in STEPS.values() if step.changes]
    assert columns["size"][-1].endswith("= 28")


def test_table_has_its_columns() -> None:
    columns = {"a": ["1", "2 < 3"], "b": ["4", "5"], "": ["6", "7"]}
    cells = [re.findall(r">([^<>]+)</t[hd]>", line) for line in growth.table(columns, "c").split("<tr>")[1:]]
    assert cells == [["a", "b"], ["1", "4", "6"], ["2 &lt; 3", "5", "7"]]


def test_numbers_have_every_row() -> None:
    columns = growth.numbers(STEPS.values(), COMPARISONS)
    read = list(csv.DictReader(io.StringIO(columns_as_csv(columns))))
    assert [line["row"] for line in read] == [row.name for row in COMPARISONS]
    for line, row in zip(read, COMPARISONS, strict=True):
        assert line["size"] == str(row.measured_field[0])
        assert line["notebook prints"] == ("" if row.printed_field is None else str(row.printed_field))


def test_a_network_of_rectangles_has_both_axes() -> None:
    """Windows of 3 x 1 and 1 x 5: along y the field grows by 2, along x by 4 jumps, worked out by hand."""
    build = Builder((1, 12, 20))
    for kernel, stride in (((3, 1), (1, 2)), ((1, 5), (2, 1))):
        weights = {"weight": (2, 1 if not build.nodes else 2, *kernel)}
        settings = {"kernel": kernel, "stride": stride, "padding": (0, 0), "dilation": (1, 1), "groups": 1}
        build.add(Op.CONV, weights=weights, **settings)
    steps = receptive_field.growth(build.module())
    last = growth.arithmetic(steps[1])
    name = steps[1].name
    assert last[f"{name}, y"] == ["3 + (1 − 1) × 1 × 1 = 3", "1 × 2 = 2", "1 + ((1 − 1) × 1 / 2 − 0) × 1 = 1"]
    assert last[f"{name}, x"] == ["1 + (5 − 1) × 1 × 2 = 9", "2 × 1 = 2", "0 + ((5 − 1) × 1 / 2 − 0) × 2 = 4"]
    assert growth.changing(steps)["step"] == [f"{step.name}, {axis}" for step in steps for axis in "yx"]


def test_nothing_is_said_of_printed_figures_where_none_are_printed() -> None:
    said = growth.say(STEPS.values(), ())
    assert "notebook" not in said
    assert "28 × 28 pixels" in said
    assert "notebook prints" not in growth.numbers(STEPS.values(), ())
    assert not [trace for trace in growth.chart(STEPS.values(), ()).data if "printed" in str(trace.name)]
