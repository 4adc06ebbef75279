import csv
import io
import re

import pytest

from model import receptive_field
from model.networks.assignment import weights
from model.parameters import printed_table
from model.parameters.records import RowComparison
from model.receptive_field.records import Growth
from tests import charting
from viz.pictures.swatches import columns_as_csv
from viz.receptive_field import growth

STEPS = {step.name: step for step in receptive_field.growth(weights.load())}
COMPARISONS = printed_table.compare(weights.load())
TRUE = {row.name: row.measured_field[0] for row in COMPARISONS}
each_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


CHART = growth.chart(STEPS.values(), COMPARISONS)


def drawn(name: str) -> dict[str, int]:
    """Return what is drawn of a series, by row."""
    trace = charting.named(CHART, name)
    return dict(zip(trace.x, map(int, trace.y), strict=True))


def test_the_chart_holds_size_and_jump_of_every_row() -> None:
    assert drawn("size") == TRUE
    jumps = {step.name: step.after.jump[0] for step in STEPS.values() if step.number}
    assert drawn("jump") == jumps
    assert max(jumps.values()) == 14
    assert charting.named(CHART, "size").line.shape == "hv", "a value holds until the next row"


def test_the_chart_holds_every_printed_size_right_or_wrong() -> None:
    printed = {row.name: row.printed_field for row in COMPARISONS if row.printed_field}
    right, wrong = drawn("printed, right"), drawn("printed, wrong")
    assert {**right, **wrong} == printed
    assert all(number == TRUE[name] for name, number in right.items())
    assert all(number != TRUE[name] for name, number in wrong.items())
    (texts,) = (trace for trace in CHART.data if trace.mode == "text")
    assert list(texts.text) == [str(number) for number in wrong.values()]


def test_the_rows_stand_in_order_and_are_numbered_from_1() -> None:
    axis = CHART.layout.xaxis
    assert list(axis.categoryarray) == [*TRUE]
    assert all(name == [*TRUE][int(number) - 1] for name, number in zip(axis.tickvals, axis.ticktext, strict=True))


def test_the_words_say_which_figures_are_wrong() -> None:
    said = growth.say(COMPARISONS)
    assert "at 8 rows; 5 of them are wrong" in said
    assert "14 for MaxPool2d-10 (it is 8)" in said
    right: list[RowComparison] = [row for row in COMPARISONS if not row.disagreements]
    assert "wrong: " not in growth.say(right)


def test_every_wrong_figure_has_the_sentence_of_the_comparison() -> None:
    lines = growth.mistakes(COMPARISONS).splitlines()
    wrong = [(row.name, each) for row in COMPARISONS for each in row.mistakes if each.what == "field"]
    assert len(lines) == len(wrong) == 5
    for line, (name, each) in zip(lines, wrong, strict=True):
        assert line == f"- **{name}.** {each.sentence}"


@each_step
def test_the_arithmetic_stands_beside_its_rule(step: Growth) -> None:
    columns = growth.arithmetic(step)
    assert columns[""] == ["size", "jump", "centre"]
    assert columns[step.name] == [step.size, step.jump, step.center]
    for name, rule in zip(columns[""], columns["rule"], strict=True):
        assert rule.startswith(f"{name} ← {name}")


def test_the_table_of_changes_ends_with_the_whole_image() -> None:
    columns = growth.changing(STEPS.values())
    assert columns["step"] == [step.name for step in STEPS.values() if step.changes]
    assert columns["size"][-1].endswith("= 28")


def test_a_table_holds_its_columns() -> None:
    columns = {"a": ["1", "2 < 3"], "b": ["4", "5"], "": ["6", "7"]}
    cells = [re.findall(r">([^<>]+)</t[hd]>", line) for line in growth.table(columns, "c").split("<tr>")[1:]]
    assert cells == [["a", "b"], ["1", "4", "6"], ["2 &lt; 3", "5", "7"]]


def test_the_csv_holds_every_row() -> None:
    columns = growth.numbers(STEPS.values(), COMPARISONS)
    read = list(csv.DictReader(io.StringIO(columns_as_csv(columns))))
    assert [line["row"] for line in read] == [row.name for row in COMPARISONS]
    for line, row in zip(read, COMPARISONS, strict=True):
        assert line["size"] == str(row.measured_field[0])
        assert line["notebook prints"] == ("" if row.printed_field is None else str(row.printed_field))
