import csv
import io
import re

import pytest

from model import receptive_field
from model.networks.assignment import weights
from model.parameters import printed_table
from model.parameters.records import RowComparison
from model.receptive_field.records import Growth
from viz.pictures.swatches import columns_as_csv
from viz.receptive_field import growth

STEPS = {step.name: step for step in receptive_field.growth(weights.load())}
COMPARISONS = printed_table.compare(weights.load())
TRUE = {row.name: row.measured_field[0] for row in COMPARISONS}
each_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


def drawn(what: str) -> dict[str, tuple[float, float, int]]:
    """Return x and y in the chart, and the number in the title, of everything that is drawn of a class, by row."""
    found = re.findall(
        rf'<[ib] class="{what}" style="--x: ([\d.]+); --y: ([\d.]+)" title="(\S+): \D+ (\d+)">',
        growth.chart(STEPS.values(), COMPARISONS),
    )
    assert found
    return {name: (float(x), float(y), int(number)) for x, y, name, number in found}


def test_the_chart_holds_size_and_jump_of_every_row() -> None:
    assert {name: size for name, (_, _, size) in drawn("size dot").items()} == TRUE
    jumps = {step.name: step.after.jump[0] for step in STEPS.values() if step.number}
    assert {name: jump for name, (_, _, jump) in drawn("jump dot").items()} == jumps
    assert max(jumps.values()) == 14


def test_the_chart_holds_every_printed_size_right_or_wrong() -> None:
    printed = {row.name: row.printed_field for row in COMPARISONS if row.printed_field}
    right, wrong = drawn("right"), drawn("wrong")
    assert {name: number for name, (_, _, number) in {**right, **wrong}.items()} == printed
    assert all(number == TRUE[name] for name, (_, _, number) in right.items())
    assert all(number != TRUE[name] for name, (_, _, number) in wrong.items())


def test_all_in_the_chart_is_on_one_scale() -> None:
    """Held against the numbers beside and below it, which somebody reads it by."""
    html = growth.chart(STEPS.values(), COMPARISONS)
    ticks = re.findall(r'class="(beside|below)" style="--x: ([\d.]+); --y: ([\d.]+)">(\d+)<', html)
    beside = {float(number): float(y) for kind, _, y, number in ticks if kind == "beside"}
    below = {float(number): float(x) for kind, x, _, number in ticks if kind == "below"}
    up, across = (
        (max(places.values()) - min(places.values())) / (max(places) - min(places)) for places in (beside, below)
    )
    assert beside[0] == 0
    for what in ("size dot", "jump dot", "right", "wrong"):
        for name, (x, y, number) in drawn(what).items():
            assert y == pytest.approx(number * up, abs=0.02)
            assert x == pytest.approx(below[1] + (int(name.rpartition("-")[2]) - 1) * across, abs=0.02)


@pytest.mark.parametrize("what", ["size", "jump"])
def test_the_line_goes_from_dot_to_dot(what: str) -> None:
    dots = [*drawn(f"{what} dot").values()]
    pattern = rf'class="{what} step" style="--x: (.*?); --y: (.*?); --across: (.*?); --up: (.*?)"'
    steps = [tuple(map(float, each)) for each in re.findall(pattern, growth.chart(STEPS.values(), COMPARISONS))]
    assert len(steps) == len(dots) - 1
    for (x, y, across, up), here, there in zip(steps, dots, dots[1:], strict=False):
        assert (x, y) == here[:2]
        assert (x + across, y + up) == pytest.approx(there[:2], abs=0.02)


def test_say_names_the_wrong_figures() -> None:
    said = growth.say(COMPARISONS)
    assert "of 8 rows; 5 are wrong" in said
    assert "14 for MaxPool2d-10 (it is 8)" in said
    right: list[RowComparison] = [row for row in COMPARISONS if not row.disagreements]
    assert "wrong: " not in growth.say(right)


def test_mistakes_lists_the_sentence_of_every_wrong_figure() -> None:
    lines = growth.mistakes(COMPARISONS).splitlines()
    wrong = [(row.name, each) for row in COMPARISONS for each in row.mistakes if each.what == "field"]
    assert len(lines) == len(wrong) == 5
    for line, (name, each) in zip(lines, wrong, strict=True):
        assert line == f"- **{name}.** {each.sentence}"


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
