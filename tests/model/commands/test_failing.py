"""Networks that do not run: the step that fails and the number that fits are named, and putting it in mends it."""

from pathlib import Path

import pytest
import torch
from torch import nn

from model.commands.definitions import read_definitions
from model.commands.failing import StepError, explain
from model.commands.notebook import Piece
from model.errors import CommandError

HEAD = "import torch, torch.nn as nn, torch.nn.functional as F\n"
LENET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.norm1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.skip = nn.Conv2d(6, 16, 5)
        self.pool = nn.MaxPool2d(2)
        self.norm2 = nn.BatchNorm1d(256)
        self.fc1 = nn.Linear(256, 40)
        self.fc2 = nn.Linear(40, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.norm1(self.conv1(x))))
        x = self.conv2(x) + self.skip(x)
        x = torch.cat([self.pool(x), F.max_pool2d(x, 2)], 1)[:, :16].contiguous()
        x = x.view(-1, 256)
        x = self.fc2(F.relu(self.fc1(self.norm2(x))))
        return F.log_softmax(x, dim=1)
"""
FAULTS = [  # of a network that runs: what is written in the place of what, the step, and what fits
    ("nn.Linear(256, 40)", "nn.Linear(400, 40)", "Linear-8 (fc1)", "nn.Linear(256, 40)"),
    ("nn.Linear(40, 10)", "nn.Linear(50, 10)", "Linear-9 (fc2)", "nn.Linear(40, 10)"),
    ("nn.Conv2d(1, 6, 5)", "nn.Conv2d(3, 6, 5)", "Conv2d-1 (conv1)", "nn.Conv2d(1, 6, 5)"),
    ("self.conv2 = nn.Conv2d(6, 16, 5)", "self.conv2 = nn.Conv2d(8, 16, 5)", "Conv2d-4 (conv2)", "nn.Conv2d(6, 16, 5)"),
    ("nn.BatchNorm2d(6)", "nn.BatchNorm2d(16)", "BatchNorm2d-2 (norm1)", "nn.BatchNorm2d(6)"),
    ("nn.BatchNorm1d(256)", "nn.BatchNorm2d(256)", "BatchNorm2d-7 (norm2)", "nn.BatchNorm1d(256)"),
    ("self.skip = nn.Conv2d(6, 16, 5)", "self.skip = nn.Conv2d(6, 12, 5)", "add-5", "16 channels"),
    ("self.skip = nn.Conv2d(6, 16, 5)", "self.skip = nn.Conv2d(6, 16, 3)", "add-5", "padding=1 for conv2"),
    ("x.view(-1, 256)", "x.view(-1, 400)", "view-6", "view(-1, 256)"),
    ("F.max_pool2d(x, 2)", "F.max_pool2d(x, 4)", "cat-6", "sides of 4"),
    ("F.max_pool2d(x, 2)", "F.max_pool2d(x, 9)", "max_pool2d-6", "kernel_size=8"),
    ("nn.Conv2d(1, 6, 5)", "nn.Conv2d(1, 6, 30)", "Conv2d-1 (conv1)", "kernel_size=28"),
    ("dim=1", "dim=2", "log_softmax-9", "dim=1"),
    ("x.view(-1, 256)", "x", "BatchNorm1d-7 (norm2)", "nn.BatchNorm2d(16)"),
    ("x.view(-1, 256)", "x.view(-1, 128)", "view-6", "view(-1, 256)"),
]


def network(code: str) -> nn.Module:
    """Return the network that some code defines."""
    definitions = read_definitions(Path("net.py"), [Piece("net.py", HEAD + code)])
    made = definitions.get("Net")()
    assert isinstance(made, nn.Module)
    return made


def test_a_network_that_runs_is_not_explained() -> None:
    explain(network(LENET), (1, 28, 28))


@pytest.mark.parametrize(("right", "wrong", "step", "fits"), FAULTS, ids=[f"{f[2]}: {f[1]}" for f in FAULTS])
def test_the_failing_step_and_the_number_that_fits_are_named(right: str, wrong: str, step: str, fits: str) -> None:
    code = LENET.replace(right, wrong, 1)
    if wrong.startswith("x.view(-1, 128"):
        code = code.replace("self.norm2(x)", "x").replace("nn.Linear(256", "nn.Linear(128")
    with pytest.raises(StepError) as caught:
        explain(network(code), (1, 28, 28))
    assert caught.value.problem.startswith(step)
    assert fits in str(caught.value)
    assert "net.py:" in caught.value.problem


@pytest.mark.parametrize("fault", FAULTS[:6], ids=[fault[1] for fault in FAULTS[:6]])
def test_putting_in_what_fits_mends_it(fault: tuple[str, str, str, str]) -> None:
    right, wrong, _, _ = fault
    code = LENET.replace(right, wrong, 1)
    with pytest.raises(StepError) as caught:
        explain(network(code), (1, 28, 28))
    fits = caught.value.remedy.removeprefix("Write ").partition(". ")[0].rstrip(".")
    target = wrong.partition(" = ")[2] or wrong
    mended = network(code.replace(target, fits, 1))
    explain(mended, (1, 28, 28))
    assert mended.eval()(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_the_steps_before_are_listed_with_shapes() -> None:
    with pytest.raises(StepError) as caught:
        explain(network(LENET.replace("256, 40", "400, 40")), (1, 28, 28))
    listed = [(step.name, step.shape) for step in caught.value.steps]
    assert listed[:3] == [("Conv2d-1", (6, 24, 24)), ("BatchNorm2d-2", (6, 24, 24)), ("relu-2", (6, 24, 24))]
    assert "16 × 4 × 4 = 256" in caught.value.problem


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("self.fc3(x)", "Write self.fc"),
        ("undefined(x)", "'undefined' must be defined"),
        ("x + 'text'", "TypeError"),
    ],
)
def test_an_error_of_python_is_a_sentence_with_the_line(wrong: str, said: str) -> None:
    code = LENET.replace("return F.log_softmax(x, dim=1)", f"return {wrong}")
    with pytest.raises(CommandError, match=r"net.py:21") as caught:
        explain(network(code), (1, 28, 28))
    assert said in str(caught.value)


def test_a_forward_of_another_name_is_found() -> None:
    with pytest.raises(CommandError, match="Rename 'forwad' to 'forward'"):
        explain(network(LENET.replace("def forward", "def forwad")), (1, 28, 28))
