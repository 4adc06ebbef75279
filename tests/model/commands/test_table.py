"""The table agrees with torchsummary, with the facts of the assignment, and has its fixed form in JSON."""

import csv
import io
import json
import re

import pytest
import torch
from torch import nn
from torchsummary import summary

from model.commands import table
from model.commands.records import Table
from model.graph.capture import capture, to_bytes
from model.networks import load
from model.networks.file import read
from tests.own_networks import residual

FIELDS = {  # of facts that are known of the assignment: field, jump
    "Conv2d-1": (3, 1),
    "Conv2d-4": (5, 1),
    "Conv2d-7": (7, 1),
    "MaxPool2d-10": (8, 2),
    "Conv2d-13": (8, 2),
    "Conv2d-16": (12, 2),
    "Conv2d-19": (16, 2),
    "AvgPool2d-22": (28, 14),
    "Conv2d-23": (28, 14),
}


class Wide(nn.Module):
    """Rows of many kinds, function calls, a module that never runs, and a kernel that is no square."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 4, (3, 5), padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.pool, self.fc = nn.MaxPool2d(2), nn.Linear(4 * 7 * 6, 3)
        self.never = nn.Linear(5, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return scores."""
        scores: torch.Tensor = self.fc(torch.relu(self.pool(self.first(x))).flatten(1))
        return scores


@pytest.fixture(scope="module")
def wide() -> Table:
    torch.manual_seed(0)
    return table.of_network(read(to_bytes(capture(Wide().eval(), (1, 14, 14)))))


@pytest.fixture(scope="module")
def assignment() -> Table:
    return table.of_network(load("assignment"))


@pytest.mark.slow(reason="exports a network")
def test_rows_are_those_of_torchsummary(wide: Table, capsys: pytest.CaptureFixture[str]) -> None:
    summary(Wide(), (1, 14, 14), device="cpu")
    printed = re.findall(r"^ *(\w+-\d+) +\[([-\d, ]+)\] +([\d,]+)$", capsys.readouterr().out, re.MULTILINE)
    rows = table.select(wide, all_steps=False)
    assert [(r.name, f"-1, {', '.join(map(str, r.shape))}", f"{r.parameters:,}") for r in rows] == printed
    assert len(printed) == 5


@pytest.mark.slow(reason="exports a network")
def test_json_has_its_fixed_form(wide: Table) -> None:
    found = json.loads(table.as_json(wide))
    assert found.keys() == {"rows", "parameters"}
    assert found["parameters"] == {"used": 64 + 8 + 507, "owned": 64 + 8 + 507 + 30}
    assert found["rows"][0] == {
        "name": "Conv2d-1",
        "path": "first.0",
        "op": "conv2d",
        "shape": [4, 14, 12],
        "parameters": 64,
        "receptive_field": [3, 5],
        "jump": 1,
        "multiply_accumulates": 4 * 14 * 12 * 15,
    }
    assert found["rows"][-1]["receptive_field"] is None  # a Linear gives no maps
    every = json.loads(table.as_json(wide, all_steps=True))["rows"]
    assert [row["name"] for row in every][-3:] == ["relu-4", "flatten-4", "Linear-5"]


@pytest.mark.slow(reason="exports a network")
def test_what_is_never_called_is_said(wide: Table) -> None:
    text = table.as_text(wide, 120, colour=False)
    assert "579 used, 609 owned. 30 are never called: never (30)." in text
    assert "flatten-4 is a function call: torchsummary has no row for it." in text
    assert "1 more call changes neither shape nor receptive field: --all shows it." in text
    assert [line.split()[0] for line in text.splitlines()[2:8]][-2:] == ["flatten-4", "Linear-5"]


@pytest.mark.slow(reason="exports a network")
def test_function_calls_that_change_the_shape_or_join_branches_have_rows() -> None:
    text = table.as_text(table.of_network(read(residual())), 120, colour=False)
    assert re.search(r"max_pool2d-1 +\(function call\) +2 ", text)
    assert re.search(r"^add-3 ", text, re.MULTILINE)
    assert not re.search(r"^relu-1 ", text, re.MULTILINE)


def test_fields_of_the_assignment_are_right(assignment: Table) -> None:
    rows = {row["name"]: row for row in json.loads(table.as_json(assignment))["rows"]}
    assert len(rows) == 23
    assert {name: (rows[name]["receptive_field"], rows[name]["jump"]) for name in FIELDS} == FIELDS
    assert sum(row["parameters"] for row in rows.values()) == 10_066


def test_csv_can_be_read_again(assignment: Table) -> None:
    rows = list(csv.DictReader(io.StringIO(table.as_csv(assignment))))
    assert rows[3]["parameters"] == "1168"
    assert rows[9] | {} == rows[9]
    assert (rows[9]["name"], rows[9]["kernel"], rows[9]["receptive_field"]) == ("MaxPool2d-10", "2", "8")


def test_markdown_is_a_table_for_a_readme(assignment: Table) -> None:
    lines = table.as_markdown(assignment).splitlines()
    assert lines[0].startswith("| Layer | Path | Kernel |")
    assert lines[5] == "| Conv2d-4 | Conv2d-4 | 3 | 1 | 0 | [-1, 16, 24, 24] | 1,168 | 5 | 1 | 663,552 |"
    assert lines[-2].startswith("Parameters: 10,066.")


@pytest.mark.parametrize("width", [50, 60, 80, 100, 200])
def test_text_is_no_wider_than_the_terminal(assignment: Table, width: int) -> None:
    lines = table.as_text(assignment, width, colour=False).splitlines()
    assert max(len(line) for line in lines[:25]) <= width
    assert lines[0].split()[0] == "Layer"


def test_colour_changes_no_letter(assignment: Table) -> None:
    plain, coloured = (table.as_text(assignment, 100, colour=each) for each in (False, True))
    assert coloured != plain
    assert re.sub(r"\033\[\d+m", "", coloured) == plain
