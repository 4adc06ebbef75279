"""The table of a network with weights that are used twice and weights that are never used."""

import numpy as np
import pytest
import torch

from model import layers, trace
from model.layers.records import Arithmetic
from model.trace.records import Trace
from tests.model.conftest import Example
from tests.model.graph.authors import Residual
from viz.parameters import figures
from viz.parameters.figures import Line


@pytest.fixture(scope="module")
def recorded() -> tuple[Example, Trace, dict[str, Arithmetic]]:
    example = Example(Residual)
    found = trace.record(example.module, torch.zeros(1, *example.network.input.shape))
    return example, found, layers.arithmetic(found)


@pytest.fixture(scope="module")
def lines(recorded: tuple[Example, Trace, dict[str, Arithmetic]]) -> tuple[Line, ...]:
    _, found, arithmetic = recorded
    return figures.lines(found, arithmetic, ())


def test_a_shared_weight_counts_once_in_the_shares(
    recorded: tuple[Example, Trace, dict[str, Arithmetic]], lines: tuple[Line, ...]
) -> None:
    """PyTorch counts each parameter once; the last running total is its count, and the share is of it."""
    example, _, _ = recorded
    used = sum(parameter.numel() for parameter in example.module.parameters())
    assert lines[-1].running_total == used == example.network.graph.used
    assert sum(line.parameters for line in lines) > used, "the block is called twice"
    np.testing.assert_allclose([line.share for line in lines], [line.parameters / used for line in lines])


def test_without_printed_figures_the_table_has_no_column_for_them(lines: tuple[Line, ...]) -> None:
    drawn = figures.table(lines, lines[0].name, lambda name: f"parameters?row={name}", hidden=False)
    assert "printed" not in drawn
    assert f'<td data-name="parameters">{lines[-1].running_total:,}</td>' in drawn.partition("<tfoot>")[2]
    hidden = [line.name for line in lines[1:] if line.hidden]
    assert not [name for name in hidden if f">{name}<" in drawn]


def test_what_is_owned_and_never_used_is_said(recorded: tuple[Example, Trace, dict[str, Arithmetic]]) -> None:
    example, _, arithmetic = recorded
    never = example.network.graph.owned - example.network.graph.used
    assert never == sum(parameter.numel() for parameter in example.author.parameters()) - example.network.graph.used
    assert f"<dd>{never}</dd><dt>parameters that are owned and never used</dt>" in figures.totals(arithmetic, never)
    assert "never used" not in figures.totals(arithmetic)


@pytest.mark.parametrize("at", [0, 1, 4, -1])
def test_around_a_line_are_always_as_many_lines(lines: tuple[Line, ...], at: int) -> None:
    drawn = figures.table(lines, lines[at].name, lambda name: f"parameters?row={name}", hidden=True, around=2)
    body = drawn.partition("<tbody>")[2].partition("</tbody>")[0]
    assert body.count("<tr") == 5
    assert f">{lines[at].name}</a>" in body
    assert f"{lines[-1].running_total:,}" in drawn.partition("<tfoot>")[2], "the sum is that of all lines"
