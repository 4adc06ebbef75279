"""Where steps stand in the picture of a network, against networks whose branches are known."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from model import trace
from model.graph.records import Graph
from model.trace.records import Trace
from tests.model.conftest import Example
from tests.model.graph.authors import Residual
from viz.overview import figures, layout

SHAPE = (2, 8, 8)


class Forked(nn.Module):
    """Three ways from one output, one of which is empty, that meet in a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.one, self.two, self.deep = (nn.Conv2d(before, 4, 1) for before in (2, 4, 4, 4))
        self.last = nn.Linear(12 * 16, 200)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        x = functional.max_pool2d(self.stem(x), 2)
        x = torch.cat((self.one(x), self.deep(self.two(x).relu()), x), 1)
        scores: Tensor = self.last(x.flatten(1))
        return scores


class Deep(nn.Module):
    """Fifteen modules of three steps each."""

    def __init__(self) -> None:
        super().__init__()
        parts = (nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2), nn.ReLU()) for _ in range(15))
        self.body, self.last = nn.Sequential(*parts), nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        scores: Tensor = self.last(self.body(x).mean((2, 3)))
        return scores


def traced(make: type[nn.Module]) -> tuple[Graph, Trace]:
    example = Example(make, SHAPE)
    x = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(1))
    return example.network.graph, trace.record(example.module, x)


@pytest.fixture(scope="module")
def forked() -> Trace:
    return traced(Forked)[1]


def names(found: list[layout.Lanes]) -> list[list[list[str]]]:
    return [[[item.name for item in lane] for lane in lanes] for lanes in found]


def test_branches_are_lanes_and_meet_in_the_next_column(forked: Trace) -> None:
    """The empty lane is the input itself; the ReLU inside a lane is not drawn."""
    assert names(layout.columns(layout.items(forked, {}))) == [
        [["Conv2d-1", "max_pool2d-1"]],
        [["Conv2d-2"], ["Conv2d-3", "Conv2d-4"], []],
        [["cat-4", "Linear-5"]],
    ]


def test_inputs_of_an_item_are_those_that_are_drawn(forked: Trace) -> None:
    inputs = {item.name: item.inputs for item in layout.items(forked, {})}
    assert inputs["cat-4"] == ("Conv2d-2", "Conv2d-4", "max_pool2d-1")
    assert inputs["Conv2d-4"] == ("Conv2d-3",)  # through the ReLU
    assert inputs["Conv2d-1"] == ("image",)


def test_a_residual_block_passes_its_input_on() -> None:
    _, recorded = traced(Residual)
    found = names(layout.columns(layout.items(recorded, {})))
    forks = [lanes for lanes in found if len(lanes) > 1]
    assert [lanes[-1] for lanes in forks] == [["Identity-5"], ["Identity-10"], ["Linear-14"]]
    drawn = [name for lanes in found for lane in lanes for name in lane]
    assert {row.name for row in recorded.rows} <= {*drawn}
    assert len(drawn) == len({*drawn})


def test_a_deep_network_is_folded_by_its_modules() -> None:
    graph, recorded = traced(Deep)
    folded = layout.modules(graph, recorded)
    assert [*folded] == [f"body.{number}" for number in range(15)]
    assert folded["body.1"] == ("Conv2d-4", "BatchNorm2d-5", "ReLU-6")
    items = layout.items(recorded, folded)
    assert [item.name for item in items] == [*folded, "mean-45", "Linear-46"]
    assert items[1].inputs == ("body.0",)
    opened = layout.items(recorded, {path: steps for path, steps in folded.items() if path != "body.1"})
    assert [item.name for item in opened][:5] == ["body.0", "Conv2d-4", "BatchNorm2d-5", "ReLU-6", "body.2"]


def test_a_small_network_is_not_folded(forked: Trace) -> None:
    assert not layout.modules(Graph((), SHAPE), forked)


def test_a_long_vector_is_laid_out_in_columns(forked: Trace) -> None:
    values = forked["Linear-5"].output
    cells = figures.vector(values)
    assert cells.shape == (67, 3)
    np.testing.assert_array_equal(cells.T.ravel()[:200], values)


def test_the_most_likely_of_many_classes_are_drawn(forked: Trace) -> None:
    drawn = figures.probability_bars(forked)
    assert drawn.count("<li") == figures.MOST_BARS
    order = sorted(range(200), key=lambda k: -float(forked.logits[k]))[: figures.MOST_BARS]
    places = [drawn.index(f"<b>{k}</b>") for k in order]
    assert places == sorted(places)
