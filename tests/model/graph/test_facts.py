"""Real networks, rebuilt in three styles from what is known of them: captured, written, read, and still the same."""

import json
from pathlib import Path

import pytest
import torch

from model.graph.capture import CaptureError, capture, to_bytes
from model.graph.records import Op
from model.networks.file import read
from tests.model.graph.facts import STYLES, fact_files, needs_facts, read_facts, rebuilt

pytestmark = [needs_facts(), pytest.mark.slow(reason="each capture exports a network twice")]
SAMPLE = 14  # of so many files one is read by default
PATHS = [
    pytest.param(path, id=path.stem, marks=pytest.mark.exhaustive if number % SAMPLE else ())
    for number, path in enumerate(fact_files())
]
WINDOWS = {"Conv2d": Op.CONV, "BatchNorm2d": Op.BATCH_NORM, "Linear": Op.LINEAR}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("path", PATHS)
def test_a_real_network_is_captured(path: Path, style: str) -> None:
    facts = read_facts(path)
    author = rebuilt(facts, style)
    captured = capture(author, facts["input_shape"])
    network = read(to_bytes(captured))
    graph, counts = network.graph, facts["parameters"]
    assert captured.document["witness"]["difference"] == 0
    assert (graph.used, graph.owned) == (counts["used_in_forward"], counts["owned"])
    assert [(each.path, each.kind, each.parameters) for each in graph.unused] == [
        (each["path"], each["type"], each["params"]) for each in facts["unused_modules"]
    ]
    with torch.no_grad():
        for batch in (1, 3, 8):
            x = torch.randn(batch, *facts["input_shape"])
            assert torch.equal(network.module(x), author.logits(x))
    expected = [tuple(each["out"]) for each in facts["operations"] if each["op"] != "clone"]
    nodes = [node for node in (*graph.nodes, *graph.hidden) if node.op not in {Op.PAD, Op.PARAMETER}]
    assert [node.shape for node in nodes][: len(expected)] == expected
    weighted = [each["path"] for each in facts["operations"] if each["op"] in WINDOWS]
    assert [node.path for node in graph.all(*WINDOWS.values())] == weighted


@pytest.mark.exhaustive
def test_rows_are_those_of_the_printed_tables() -> None:
    """Of the tables that are right; rows of composite modules are left out, as in the graph."""
    seen = 0
    for path in fact_files():
        facts = read_facts(path)
        table = facts["printed_table"]
        if not table or not str(table["verdict"]).startswith("rows and total right"):
            continue
        graph = read(to_bytes(capture(rebuilt(facts, "modules"), facts["input_shape"]))).graph
        leaves = {each["op"] for each in facts["operations"] if each["as"] == "module"}
        kinds = [row[0].rpartition("-")[0] for row in table["rows"]]
        expected = [f"{kind}-{number}" for number, kind in enumerate((k for k in kinds if k in leaves), 1)]
        assert [node.name for node in graph.rows] == expected, path.stem
        seen += 1
    assert seen > 15


def test_two_inputs_and_dicts_are_refused_with_a_sentence() -> None:
    folder = fact_files()[0].parent
    several = [json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in ("N34", "N35")]
    assert all(not isinstance(each["input_shape"], list) or len(each["input_shape"]) == 2 for each in several)

    class Dict(torch.nn.Module):
        """As N34 is."""

        def forward(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            """Return what the author returns."""
            return {"digit": batch["image"].flatten(1)}

    class Two(torch.nn.Module):
        """As N35 is."""

        def forward(self, image: torch.Tensor, number: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            """Return what the author returns."""
            return image, number

    with pytest.raises(CaptureError, match="forward fails on a batch"):
        capture(Dict(), (1, 28, 28))
    with pytest.raises(CaptureError, match=r"takes 2 inputs \(image, number\)"):
        capture(Two(), (1, 28, 28))
