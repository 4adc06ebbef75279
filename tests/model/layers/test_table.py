"""The network's table: against a file that a person can read, torchinfo and torchsummary."""

import re
from pathlib import Path

import pytest
import torch
from torchinfo import summary
from torchsummary import summary as print_summary

from model import layers
from model.layers.records import Arithmetic
from model.networks.assignment.network import IMAGE_SHAPE, AssignmentNetwork
from model.trace import record

GOLDEN = Path(__file__).parent / "table.txt"
LINE = re.compile(r"^ *(\w+)-\d+ +\[([-\d, ]+)\] +([\d,]+)$", re.MULTILINE)

Line = tuple[str, tuple[int, ...], int]  # class, output shape (C, H, W), number of parameters


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return AssignmentNetwork().eval()


@pytest.fixture(scope="module")
def worked(network: AssignmentNetwork) -> dict[str, Arithmetic]:
    return layers.arithmetic(record(network, torch.zeros(1, *IMAGE_SHAPE)))


def table(worked: dict[str, Arithmetic]) -> str:
    heads = ("step", "output", "parameters", "total", "multiply-accumulates", "bytes")
    lines = [
        (
            each.name,
            " × ".join(str(line.result) for line in each.shape),
            each.parameter_line,
            f"{each.running_total:,}",
            f"{each.multiply_accumulates.result:,}",
            f"{each.memory.result:,}",
        )
        for each in worked.values()
    ]
    form = "{:<16}{:<14}{:<32}{:>8}{:>22}{:>8}\n"
    return "".join(form.format(*line) for line in (heads, *lines))


def lines_of(worked: dict[str, Arithmetic]) -> list[Line]:
    """Return what the trace says of all modules; flatten and log-softmax are none."""
    return [
        (each.name.split("-")[0], tuple(line.result for line in each.shape), each.parameter_count)
        for each in list(worked.values())[:-2]
    ]


def test_the_table_is_the_one_on_file(worked: dict[str, Arithmetic], request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--rewrite"):
        GOLDEN.write_text(table(worked), encoding="utf-8")
    assert table(worked) == GOLDEN.read_text(encoding="utf-8")


def test_torchinfo_has_the_same_rows(network: AssignmentNetwork, worked: dict[str, Arithmetic]) -> None:
    rows = summary(network, input_size=(1, *IMAGE_SHAPE), verbose=0).summary_list[1:]
    counted = [(row.class_name, tuple(row.output_size[1:]), row.num_params) for row in rows]
    assert len(counted) == 29
    assert counted == lines_of(worked)


def test_torchsummary_prints_the_same_rows(
    network: AssignmentNetwork, worked: dict[str, Arithmetic], capsys: pytest.CaptureFixture[str]
) -> None:
    print_summary(network, IMAGE_SHAPE, device="cpu")
    printed = capsys.readouterr().out
    counted = [
        (name, tuple(int(size) for size in shape.split(",")[1:]), int(parameters.replace(",", "")))
        for name, shape, parameters in LINE.findall(printed)
    ]
    assert len(counted) == 29
    assert counted == lines_of(worked)
    assert "Total params: 10,066\n" in printed
