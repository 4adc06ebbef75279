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


SMALL = [  # what __init__ makes and forward returns, and what is said
    ("self.f = nn.Linear(100, 10)", "self.f(x)", "not flattened: 28 numbers a row. It takes 100"),
    ("self.f = nn.Linear(784, 10)", "self.f(torch.flatten(x))", "x.flatten(1). Then nn.Linear(784, 10) fits"),
    ("self.w = nn.Parameter(torch.zeros(100, 10))", "x.flatten(1) @ self.w", "Give it the shape (784, 10)"),
    ("self.t = nn.ConvTranspose2d(4, 2, 3)", "self.t(self.a(x))", "Write nn.ConvTranspose2d(8, 2, 3)"),
    ("self.d = nn.Conv2d(4, 4, 3, groups=4)", "self.d(self.a(x))", "Write nn.Conv2d(8, 8, 3, groups=8)"),
    ("self.g = nn.GroupNorm(2, 6)", "self.g(self.a(x))", "Write nn.GroupNorm(2, 8)"),
    ("self.l = nn.LayerNorm([8, 26, 26])", "self.l(self.a(x))", "Write nn.LayerNorm([8, 28, 28])"),
    (
        "self.b = nn.Conv2d(8, 16, 3, 2, 1)",
        "self.b(self.a(x)) + self.a(x)",
        "Put nn.Conv2d(8, 16, 1, stride=2) on the way",
    ),
    ("self.b = nn.Conv2d(8, 8, 5)", "self.b(self.a(x)) + self.a(x)", "Write padding=2 for b"),
    ("self.p = nn.MaxPool2d(2, padding=2)", "self.p(x)", "Write padding=1"),
    ("self.c = nn.Conv2d(8, 10, 1)", "self.c(self.a(x).flatten(1))", "or use nn.Linear(6272, 10)"),
    ("self.c = nn.Conv2d(1, 8, 5, dilation=8)", "self.c(x)", "covers 8 × (5 − 1) + 1 = 33 values along a side, and 28"),
    ("self.c = nn.Conv2d(1, 8, (3, 5))", "self.c(self.a(x))", "Write nn.Conv2d(8, 8, (3, 5))"),
    ("pass", "self.a(x).permute(0, 2, 3, 1).view(2, -1)", "Write reshape in the place of view"),
    ("pass", "F.interpolate(x, size=(1, 2, 3))", "PyTorch says: Input and output must have the same number"),
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


@pytest.mark.parametrize(("made", "returned", "said"), SMALL, ids=[each[0] for each in SMALL])
def test_other_misfits_are_explained(made: str, returned: str, said: str) -> None:
    body = f"super().__init__(); self.a = nn.Conv2d(1, 8, 3, padding=1); {made}"
    code = f"class Net(nn.Module):\n    def __init__(self): {body}\n    def forward(self, x): return {returned}\n"
    with pytest.raises(StepError) as caught:
        explain(network(code), (1, 28, 28))
    assert said in str(caught.value)
    assert " at net.py:4 " in caught.value.problem


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
