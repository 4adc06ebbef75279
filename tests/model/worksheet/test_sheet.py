"""Worksheets: every answer has a second witness, and every network has a sheet or says what it lacks."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (the name that PyTorch's documentation uses)
from torch import Tensor

from model import layers, networks, receptive_field
from model import trace as tracing
from model.graph.module import NetworkModule
from model.graph.records import Node, Op
from model.images import digits, inputs
from model.networks.file import read
from model.networks.records import Network
from model.networks.summary.table import of_network as table_of
from model.parameters.comparison import Comparison
from model.parameters.printed import find
from model.receptive_field import measured
from model.receptive_field.records import ReceptiveField
from model.records import IMAGE
from model.trace.records import LayerKind, Trace
from model.worksheet import sheet
from model.worksheet.records import DECIMALS, SAME, Gap, TableTask, UnitTask, Worksheet
from model.worksheet.table import rows_of
from model.worksheet.units import FEW_TERMS, MOST_TERMS, ROUNDING, units
from tests import any_network, odd_networks

SEEDS = range(4)
FILES = {"deep": any_network.deep, "every operation": any_network.everything}
NETWORKS = (*networks.BUILT_IN, *FILES)


@cache
def network(name: str) -> Network:
    return read(FILES[name]()) if name in FILES else networks.load(name)


@cache
def seen(name: str) -> tuple[Trace, Tensor]:
    """Return the trace of a picture, and the picture as the network takes it."""
    of = network(name)
    if inputs.reads_digits(of.input, of.classes):
        x = inputs.to_input(inputs.fit(digits.samples()[9].pixels, of.input), of.input)
    else:
        x = torch.randn(1, *of.input.shape, generator=torch.Generator().manual_seed(2))
    return replace(tracing.record(of.module, x), classes=of.classes), x


def made(of: Network, trace: Trace, seed: int) -> Worksheet:
    fields = receptive_field.of_network(of.module)
    single = {name: field for name, field in fields.items() if isinstance(field, ReceptiveField)}
    growth = {each.name: each for each in receptive_field.growth(of.module)}
    picture = np.zeros((of.input.height, of.input.width), np.uint8)
    arithmetic, comparison = layers.arithmetic(trace), Comparison(of)
    return sheet.make(of, picture, "A picture.", trace, table_of(of), arithmetic, single, growth, comparison, seed)


@cache
def sheets(name: str) -> list[Worksheet]:
    return [made(network(name), seen(name)[0], seed) for seed in SEEDS]


def witness(name: str, task: UnitTask) -> float:
    """Return a unit that plain PyTorch computes from the module's weights and the values before it."""
    of, (trace, x) = network(name), seen(name)
    with torch.no_grad():
        if task.kind == LayerKind.SOFTMAX:
            return float(torch.softmax(of.module(x), 1)[0, task.unit[0]])
        node = of.graph[task.step]
        before = torch.from_numpy(trace.maps_of(node.inputs[0]).copy())[None]
        assert isinstance(of.module, NetworkModule)
        step = of.module.step(node.name)
        return float(computed(node, before, {role: getattr(step, role) for role in node.tensors})[task.unit])


def computed(node: Node, x: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
    """Return the maps (C, H, W) of a step for the maps (1, C, H, W) before it."""
    s, weight, bias = node.settings, weights.get("weight"), weights.get("bias")
    match node.op:
        case Op.CONV:
            assert weight is not None
            return F.conv2d(x, weight, bias, s["stride"], s["padding"], s["dilation"], s["groups"])[0]
        case Op.LINEAR:
            assert weight is not None
            return F.linear(x.flatten(1), weight, bias).reshape(-1, 1, 1)
        case Op.BATCH_NORM:
            return F.batch_norm(x, weights["running_mean"], weights["running_var"], weight, bias, False, 0.0, s["eps"])[
                0
            ]
        case Op.MAX_POOL:
            return F.max_pool2d(x, s["kernel"], s["stride"], s["padding"], s["dilation"], s["ceil"])[0]
        case Op.AVG_POOL:
            padded = s["ceil"], s["count_include_pad"]
            return F.avg_pool2d(x, s["kernel"], s["stride"], s["padding"], *padded)[0]
        case _:  # an adaptive pool, or a mean of whole maps
            height, width = node.shape[1:] or (1, 1)
            return F.adaptive_avg_pool2d(x, (height, width))[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_value_of_each_unit_is_what_plain_pytorch_computes(name: str) -> None:
    for each in sheets(name):
        for task in each.units:
            assert task.value == pytest.approx(witness(name, task), abs=1e-4, rel=1e-4), task.question
            assert abs(task.by_hand - task.value) <= ROUNDING * max(1.0, abs(task.value)), task.question


@pytest.mark.parametrize("name", NETWORKS)
def test_the_printed_numbers_give_the_answer(name: str) -> None:
    """Worked out again, as a student does: from the numbers of the sheet alone."""
    for task in (task for each in sheets(name) for task in each.units):
        values = np.concatenate([patch.values.round(DECIMALS).ravel() for patch in task.patches])
        given = {key: round(value, DECIMALS) for key, value in task.given}
        if task.patches[0].weights is not None:
            factors = np.concatenate([np.asarray(patch.weights).round(DECIMALS).ravel() for patch in task.patches])
            assert len(values) <= MOST_TERMS
            found = float(values @ factors) + given.get("bias", 0.0)
        elif task.kind == LayerKind.BATCH_NORM:
            ((x),) = values
            found = (x - given["mean"]) / given["standard deviation"] * given["scale"] + given["shift"]
        elif task.kind == LayerKind.SOFTMAX:
            found = float(np.exp(values[task.unit[0]]) / np.exp(values).sum())
        else:
            found = float(values.max() if task.kind == LayerKind.MAX_POOL else values.mean())
        assert task.by_hand == pytest.approx(found, abs=1e-9), task.question
        assert (
            f"= {found:.4f}".replace("-", "−") in task.lines[-1] or f"{found:.4f}".replace("-", "−") in task.lines[-1]
        )


@pytest.mark.parametrize("name", ["assignment", "residual", "separable", "shapes"])
def test_the_patch_is_what_the_kernel_covers(name: str) -> None:
    """Cut out of the values before it by another rule: PyTorch's unfold."""
    for task in (task for each in sheets(name) for task in each.units if task.kind == LayerKind.CONVOLUTION):
        node = network(name).graph[task.step]
        s, (c, y, x) = node.settings, task.unit
        before = torch.from_numpy(seen(name)[0].maps_of(node.inputs[0]).copy())[None]
        columns = F.unfold(before, s["kernel"], s["dilation"], s["padding"], s["stride"])[0]
        width = node.shape[2]
        covered = columns[:, y * width + x].reshape(before.shape[1], -1)
        size = before.shape[1] // s["groups"]
        first = c // (node.shape[0] // s["groups"]) * size
        expected = covered[first : first + size].flatten().numpy()
        shown = np.concatenate([patch.values.ravel() for patch in task.patches])
        assert sorted(shown[shown != 0]) == pytest.approx(sorted(expected[expected != 0]), abs=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_field_to_draw_is_what_the_gradient_reaches(name: str) -> None:
    of = network(name)
    for task in (task for each in sheets(name)[:2] for task in each.fields):
        box = measured.measured_box(of.module, task.step, task.unit)
        assert task.box.clipped((of.input.height, of.input.width)) == box, task.step


@pytest.mark.parametrize("name", NETWORKS)
def test_gaps_and_shown_figures_are_those_of_the_network(name: str) -> None:
    """The check of printed tables reads the table with its gaps filled in, and finds nothing wrong."""
    comparison = Comparison(network(name))
    for each in sheets(name):
        assert each.table is not None
        found = comparison.compare(find(written(each.table), comparison.names), "sheet")
        assert not found.mistakes
        assert found.figures > 5
        assert len({gap.letter for gap in each.table.gaps}) == len(each.table.gaps) >= 5
        for gap in each.table.gaps:
            results = re.findall(r"= ([\d,]+)(?:;|$)", gap.arithmetic)
            assert results
            assert {*results} <= {*re.split(r"\s*×\s*", gap.answer)}, gap


def written(table: TableTask) -> str:
    """Write a table as a README does; function calls are no rows of a README."""
    kept = [title for title in table.titles if title in {"Row", "Parameters", "Receptive field"}]
    rows = [[row[table.titles.index(title)] for title in kept] for row in rows_of(table) if row[0][0].isupper()]
    lines = [kept, ["---"] * len(kept), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_wrong_figure_is_the_only_one_and_the_answer_names_its_rule(name: str) -> None:
    arithmetic = layers.arithmetic(seen(name)[0])
    fields = receptive_field.of_network(network(name).module)
    for each in sheets(name):
        assert each.mistake is not None
        row, column = each.mistake.where
        wrong = []
        for line in each.mistake.rows:
            cells = dict(zip(each.mistake.titles, line, strict=True))
            field = fields.get(cells["Layer"])
            right = {"Param #": f"{arithmetic[cells['Layer']].parameter_count:,}"}
            if isinstance(field, ReceptiveField):
                right["Receptive field"] = "×".join(map(str, dict.fromkeys(field.size)))
            wrong += [(cells["Layer"], title) for title, each_ in right.items() if cells.get(title, each_) != each_]
        assert wrong == [(row, column)]
        assert each.mistake.printed != each.mistake.right
        assert each.mistake.right in each.mistake.why.replace("\xa0", " ")
        assert "No common mistake" not in each.mistake.why


def test_seeds_give_different_sheets_and_one_seed_the_same() -> None:
    of, (trace, _) = network("assignment"), seen("assignment")
    one, again, others = made(of, trace, 1), made(of, trace, 1), [made(of, trace, seed) for seed in range(20)]
    assert [task.question for task in one.units] == [task.question for task in again.units]
    assert one.table == again.table
    assert (one.fields, one.mistake) == (again.fields, again.mistake)
    assert len({tuple(task.question for task in each.units) for each in others}) > 15
    assert len({each.table for each in others}) == 20
    assert len({each.mistake for each in others}) > 8


def test_units_are_of_three_kinds() -> None:
    for each in sheets("assignment"):
        first, second, third = each.units
        assert first.kind == LayerKind.CONVOLUTION
        assert second.kind in {LayerKind.MAX_POOL, LayerKind.BATCH_NORM}
        assert third.kind == LayerKind.SOFTMAX, "a logit has 32 products"
        assert third.question.startswith("The probability of class ")


@pytest.mark.parametrize("name", NETWORKS)
def test_no_figure_that_is_asked_for_stands_elsewhere_on_the_sheet(name: str) -> None:
    for each in sheets(name):
        assert each.table is not None
        assert each.mistake is not None
        titles, filled = each.table.titles, rows_of(each.table)
        cells = {(row[0], title): cell for row in each.table.rows for title, cell in zip(titles, row, strict=True)}
        hidden = {place for place, cell in cells.items() if isinstance(cell, Gap) or cell == SAME}
        columns = {"Layer": "Row", "Param #": "Parameters"}
        names = [columns.get(title, title) for title in each.mistake.titles]
        wrong = each.mistake.where[0], columns.get(each.mistake.where[1], each.mistake.where[1])
        printed = {(row[0], column) for row in each.mistake.rows for column in names} - {wrong}
        assert not printed & hidden
        assert wrong in hidden or wrong not in cells
        assert not {(task.step, column) for task in each.fields for column in ("Receptive field", "Jump")} & hidden
        if wrong[1] == "Receptive field":
            assert all(f"field {each.mistake.right}," not in task.given.replace(" × ", "×") for task in each.fields)
        for number, row in enumerate(each.table.rows):
            for at, title in enumerate(titles):
                if isinstance(row[at], Gap) and title in {"Output shape", "Receptive field", "Jump"}:
                    around = [n for n in (number - 1, number + 1) if 0 <= n < len(filled)]
                    same = [n for n in around if filled[n][at] == filled[number][at]]
                    assert all(each.table.rows[n][at] == SAME for n in same)


@pytest.mark.parametrize("name", ["assignment", "basic", "lenet"])
def test_a_maximum_has_no_tie(name: str) -> None:
    """Of these seeds some have a tie where it is not avoided."""
    made_of = [units(seen(name)[0], Random(str(seed)))[0] for seed in range(60)]  # noqa: S311 (no secret)
    windows = [task.patches[0].values for tasks in made_of for task in tasks if task.kind == LayerKind.MAX_POOL]
    assert len(windows) > 10
    assert all((shown == shown.max()).sum() == 1 for shown in (each.round(DECIMALS) for each in windows))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_sum_is_short_where_the_network_has_short_ones(name: str) -> None:
    for task in (task for each in sheets(name) for task in each.units):
        values = np.concatenate([patch.values.round(DECIMALS).ravel() for patch in task.patches])
        if task.patches[0].weights is not None and len(values) > FEW_TERMS:
            sums = [s for s in seen(name)[0].steps if s.kind in {LayerKind.CONVOLUTION, LayerKind.LINEAR}]
            shortest = min(int(np.prod(s.weights["weight"].shape[1:])) for s in sums)
            assert shortest > FEW_TERMS or task.question.startswith("The logit")


@pytest.mark.parametrize("kind", odd_networks.KINDS)
def test_what_a_network_does_not_allow_is_said(kind: type[torch.nn.Module]) -> None:
    of = read(odd_networks.of(kind))
    x = torch.randn(1, *of.input.shape, generator=torch.Generator().manual_seed(2))
    found = made(of, replace(tracing.record(of.module, x), classes=of.classes), 1)
    parts = [found.table, *found.units, *([found.fields] if found.fields else []), found.mistake]
    assert sum(part is not None for part in parts) + len(found.missing) == 6
    assert all(each.endswith(".") for each in found.missing)
    assert IMAGE not in [task.step for task in found.units]
