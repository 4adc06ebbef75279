import csv
import io
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from model import assignment, digits, receptive_field, weights
from model.records import Box, EffectiveField, Growth, RowComparison
from viz import theme
from viz.figures import receptive_field as figures

PIXELS = digits.samples()[0].pixels
STEPS = {step.name: step for step in receptive_field.growth(weights.load())}
COMPARISONS = assignment.compare(weights.load())
each_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


@pytest.fixture
def effective() -> EffectiveField:
    values = np.random.default_rng(0).random((28, 28)).astype(np.float32)
    return EffectiveField("MaxPool2d-10", (1, 2), values, Box(2, 4, 10, 12), 0.31)


def enclosed(trace: go.Scatter) -> Box:
    """Return the pixels that an outline surrounds; the centre of pixel 0 is at 0."""
    edges = [min(trace.y), min(trace.x), max(trace.y), max(trace.x)]
    assert len(trace.x) == len(trace.y) == 5
    assert (trace.x[0], trace.y[0]) == (trace.x[-1], trace.y[-1])
    return Box(*(round(edge + 0.5) for edge in edges))


def named(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.name: trace for trace in figure.data if trace.name}


def numbers_in(words: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", words)]


@each_step
def test_both_boxes_are_drawn_where_they_are(step: Growth) -> None:
    for unit in {(0, 0), step.middle, (step.units[0] - 1, 0)}:
        box, other = step.after.box(unit), Box(1, 2, 5, 9)
        outlines = named(figures.stage(PIXELS, box, other))
        assert enclosed(outlines["formula"]) == box
        assert enclosed(outlines["gradient"]) == other
        assert outlines["formula"].line.color == theme.HIGHLIGHT
        assert outlines["gradient"].line.dash == "dash"


def test_the_effective_field_stands_in_place_of_the_digit(effective: EffectiveField) -> None:
    drawn = figures.stage(PIXELS, effective.box, effective.box, effective).data[0]
    np.testing.assert_array_equal(drawn.z, effective.values)
    assert (drawn.zmin, drawn.zmax) == (0, effective.values.max())
    assert [list(stop) for stop in drawn.colorscale] == theme.SEQUENTIAL
    assert figures.stage(PIXELS, effective.box, effective.box).data[0].type == "image"


def test_the_stage_keeps_its_size(effective: EffectiveField) -> None:
    shown = [figures.stage(PIXELS, effective.box, effective.box, each) for each in (None, effective)]
    shown += [figures.units(step, (0, 0), (28, 28)) for step in STEPS.values()]
    assert len({figure.layout.height for figure in shown}) == 1


@each_step
def test_a_click_finds_the_unit_that_looks_there(step: Growth) -> None:
    markers = figures.units(step, step.middle, (28, 28)).data[1]
    assert len(markers.customdata) == step.units[0] * step.units[1]
    for name, x, y in zip(markers.customdata, markers.x, markers.y, strict=True):
        assert step.after.unit_at((y, x)) == tuple(map(int, name.split(".")))


@each_step
def test_the_chosen_unit_alone_is_marked(step: Growth) -> None:
    for unit in {(0, 0), step.middle, (step.units[0] - 1, 0)}:
        grid = figures.units(step, unit, (28, 28)).data[0]
        assert np.argwhere(np.asarray(grid.z)).tolist() == [list(unit)]
        assert np.shape(grid.z) == step.units


def test_y_grows_downwards_as_in_the_image() -> None:
    box = Box(0, 0, 1, 1)
    for figure in (
        figures.stage(PIXELS, box, box),
        figures.units(STEPS["Conv2d-1"], (0, 0), (28, 28)),
        figures.growing(PIXELS, STEPS.values()),
    ):
        top, bottom = figure.layout.yaxis.range
        assert top > bottom


def test_the_animation_shows_the_box_after_every_row() -> None:
    figure = figures.growing(PIXELS, STEPS.values())
    rows = [step for step in STEPS.values() if step.number]
    assert [frame.name for frame in figure.frames] == [str(number) for number in range(24)]
    assert enclosed(figure.frames[0].data[0]).height == 1
    for frame, step in zip(figure.frames[1:], rows, strict=True):
        assert enclosed(frame.data[0]) == step.after.box(step.middle)
        assert step.name in frame.data[1].text[0]
        assert numbers_in(frame.data[1].text[0])[-2:] == [*step.after.size]
    assert enclosed(figure.frames[-1].data[0]) == Box(0, 0, 28, 28)


def test_the_animation_stands_still_until_it_is_asked_for_and_can_be_paused() -> None:
    figure = figures.growing(PIXELS, STEPS.values())
    play, pause = figure.layout.updatemenus[0].buttons
    assert (play.label, pause.label) == ("Play", "Pause")
    assert [*pause.args[0]] == [None]
    for motion in (play.args[1], pause.args[1]):
        assert motion["transition"]["duration"] == 0  # boxes change, nothing glides
    assert enclosed(figure.data[0]).height == 1
    steps = figure.layout.sliders[0].steps
    assert [[*step.args[0]] for step in steps] == [[frame.name] for frame in figure.frames]


def test_the_chart_holds_true_and_printed_sizes() -> None:
    drawn = named(figures.by_row(STEPS.values(), COMPARISONS))
    true = {row.name: row.measured_field[0] for row in COMPARISONS}
    assert dict(zip(drawn["size"].text, drawn["size"].y, strict=True)) == true
    assert max(drawn["jump"].y) == 14
    printed = {row.name: row.printed_field for row in COMPARISONS if row.printed_field}
    found = {}
    for name, wrong in (("printed, right", False), ("printed, wrong", True)):
        for row, y, x in zip(drawn[name].customdata, drawn[name].y, drawn[name].x, strict=True):
            assert (y != true[row]) == wrong
            assert row.endswith(f"-{x}")
            found[row] = y
    assert found == printed


def test_the_words_name_the_box() -> None:
    step = STEPS["MaxPool2d-10"]
    said = figures.say_unit(step, (1, 10), step.after.box((1, 10)))
    assert "8 × 8 pixels: rows 2 to 9, columns 20 to 27, centre (y 5.5, x 23.5)" in said
    assert said.endswith("the same box.")
    assert figures.say_unit(step, (1, 10), Box(0, 0, 3, 4)).endswith("another box: rows 0 to 2, columns 0 to 3.")
    assert figures.say_unit(step, (1, 10), Box(0, 0, 0, 0)).endswith("another box: no pixel.")


def test_the_words_give_the_share_in_the_inner_half(effective: EffectiveField) -> None:
    assert "31.0\xa0% of it lies in the inner half" in figures.say_effective(effective)


def test_the_words_say_which_figures_are_wrong() -> None:
    said = figures.say_by_row(COMPARISONS)
    assert "at 8 rows; 5 of them are wrong" in said
    assert "14 for MaxPool2d-10 (it is 8)" in said
    right: list[RowComparison] = [row for row in COMPARISONS if not row.disagreements]
    assert "wrong: " not in figures.say_by_row(right)


def test_every_wrong_figure_has_the_sentence_of_the_comparison() -> None:
    lines = figures.mistakes(COMPARISONS).splitlines()
    wrong = [(row.name, each) for row in COMPARISONS for each in row.mistakes if each.what == "field"]
    assert len(lines) == len(wrong) == 5
    for line, (name, each) in zip(lines, wrong, strict=True):
        assert line == f"- **{name}.** {each.sentence}"


@each_step
def test_the_arithmetic_stands_beside_its_rule(step: Growth) -> None:
    columns = figures.arithmetic(step)
    assert columns[""] == ["size", "jump", "centre"]
    assert columns[step.name] == [step.size, step.jump, step.center]
    for name, rule in zip(columns[""], columns["rule"], strict=True):
        assert rule.startswith(f"{name} ← {name}")


def test_the_table_of_changes_ends_with_the_whole_image() -> None:
    columns = figures.changing(STEPS.values())
    assert columns["step"] == [step.name for step in STEPS.values() if step.changes]
    assert columns["size"][-1].endswith("= 28")


def test_the_csv_holds_every_row() -> None:
    columns = figures.numbers(STEPS.values(), COMPARISONS)
    read = list(csv.DictReader(io.StringIO(figures.csv(columns))))
    assert [line["row"] for line in read] == [row.name for row in COMPARISONS]
    for line, row in zip(read, COMPARISONS, strict=True):
        assert line["size"] == str(row.measured_field[0])
        assert line["notebook prints"] == ("" if row.printed_field is None else str(row.printed_field))
