"""Files as people publish them, one for each habit: the right rows, or the right sentence."""

from pathlib import Path

import pytest

from model.commands.author_process import build
from model.errors import GlassError
from tests.model.commands.test_author_process import request
from tests.model.commands.test_definitions import notebook

HEAD = """import torch
import torch.nn as nn
import torch.nn.functional as F
"""
NET = """
class Net(nn.Module):
    def __init__({arguments}):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 10, 26)
        {more}
    def forward(self, x):
        x = F.relu(self.conv1(x))
        {step}
        return F.log_softmax(self.conv2(x).view(-1, 10))
"""
TRAINING = """
from torchvision_missing import datasets
use_cuda = torch.cuda.is_available()
device = torch.device("cuda" if use_cuda else "cpu")
train_loader = torch.utils.data.DataLoader(datasets.MNIST("../data", train=True, download=True), batch_size=64)
model = Net().to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(1, 20):
    train(model, device, train_loader, optimizer, epoch)
with open("trained.txt", "w") as file:
    file.write("no")
summary(model, input_size=(1, 28, 28))
print("training is over")
"""
CHOICE = "try:\n    from missing_package import swish\nexcept ImportError:\n    swish = F.silu\n"
SLOW = pytest.mark.slow(reason="exports a network")
LONG = pytest.mark.exhaustive


def code(arguments: str = "self", more: str = "pass", step: str = "pass", before: str = "", after: str = "") -> str:
    """Write a file with a network."""
    return HEAD + before + NET.format(arguments=arguments, more=more, step=step) + after


PLAIN = ["Conv2d-1", "Conv2d-2"]
PATTERNS = {  # the code, the arguments, the rows
    "trains when imported": (code(after=TRAINING), "", PLAIN),
    "two definitions": (
        code(more="self.pool = nn.MaxPool2d(1)")
        + NET.format(arguments="self", more="self.drop = nn.Dropout(0.1)", step="x = self.drop(x)"),
        "",
        ["Conv2d-1", "Dropout-2", "Conv2d-3"],
    ),
    "globals of the module": (
        code(before="p = 0.25\nsizes = [4, 8]\n", more="self.drop = nn.Dropout2d(p)", step="x = self.drop(x)"),
        "",
        ["Conv2d-1", "Dropout2d-2", "Conv2d-3"],
    ),
    "a global that is computed": (code(before="device = torch.device('cpu')\n", step="x = x.to(device)"), "", PLAIN),
    "arguments of the constructor": (
        code(
            "self, norm, width=4, *, p=0.0",
            "self.norm = nn.GroupNorm(2, width) if norm == 'g' else None",
            "x = self.norm(x)",
        ),
        "norm='g'",
        ["Conv2d-1", "GroupNorm-2", "Conv2d-3"],
    ),
    "forward depends on training": (code(step="if self.training:\n            x = F.dropout(x, 0.1)"), "", PLAIN),
    "one module called twice": (
        code(more="self.act = nn.ReLU()", step="x = self.act(self.act(x))"),
        "",
        ["Conv2d-1", "ReLU-2", "ReLU-3", "Conv2d-4"],
    ),
    "in place by a second argument": (code(step="x = F.relu(x, 2)"), "", PLAIN),
    "never called": (code(more="self.fc = nn.Linear(500, 10)"), "", PLAIN),
    "padding mode": (
        code(more="self.pad = nn.Conv2d(4, 4, 3, padding=1, padding_mode='reflect')", step="x = self.pad(x)"),
        "",
        ["Conv2d-1", "Conv2d-2", "Conv2d-3"],
    ),
    "ghost batch norm": (
        code(
            before="""
class GhostBatchNorm(nn.BatchNorm2d):
    def __init__(self, features, splits):
        super().__init__(features)
        self.splits = splits
        self.register_buffer("many", torch.zeros(features * splits))
    def forward(self, x):
        if self.training or not self.track_running_stats:
            n, c, h, w = x.shape
            x = x.view(-1, c * self.splits, h, w)
            return F.batch_norm(x, self.many, self.many + 1, None, None, True).view(n, c, h, w)
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.1, self.eps)
""",
            more="self.norm = GhostBatchNorm(4, 2)",
            step="x = self.norm(x)",
        ),
        "",
        ["Conv2d-1", "GhostBatchNorm-2", "Conv2d-3"],
    ),
    "a class made of functions": (
        code(
            before="def block(n):\n    return nn.Sequential(nn.BatchNorm2d(n), nn.ReLU())\n",
            more="self.block = block(4)",
            step="x = self.block(x)",
        ),
        "",
        ["Conv2d-1", "BatchNorm2d-2", "ReLU-3", "Conv2d-4"],
    ),
    "the future": ("from __future__ import annotations\n" + code("self, width: Undefined | None = None"), "", PLAIN),
    "a choice of imports": (code(before=CHOICE, step="x = swish(x)"), "", PLAIN),
    "a magic in a script": ("!pip install torch\n" + code(), "", PLAIN),
}
IN_EVERY_RUN = {"trains when imported", "arguments of the constructor", "two definitions"}


@SLOW
@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in IN_EVERY_RUN else LONG) for n in PATTERNS])
@pytest.mark.parametrize("form", ["script.py", pytest.param("notebook.ipynb", marks=LONG)])
def test_a_habit_gives_the_right_rows(tmp_path: Path, name: str, form: str) -> None:
    text, arguments, rows = PATTERNS[name]
    path = tmp_path / form
    if form.endswith("py"):
        path.write_text(text, encoding="utf-8")
    else:
        notebook(path, "%matplotlib inline", text, "1 / 0")
    built = build(request(path, name="Net", args=arguments))
    assert [node["name"] for node in built.captured.document["nodes"] if node["kind"]] == rows
    assert not (tmp_path / "trained.txt").exists()


REFUSED = {
    "another size mixes pictures": (code(), (1, 32, 32), r"view-2 at net.py:14 makes 50 rows of 2 pictures"),
    "several inputs": (code().replace("forward(self, x)", "forward(self, x, y)"), (1, 28, 28), "takes 2 inputs"),
    "a dict comes out": (
        code().replace("return F.log_softmax(self.conv2(x).view(-1, 10))", "return {'digit': self.conv2(x)}"),
        (1, 28, 28),
        "forward returns a dict",
    ),
    "an operation that is not in the list": (code(step="x = torch.sort(x)[0]"), (1, 28, 28), r"'sort' .*net.py:13"),
    "no super": (code().replace("super().__init__()", "pass"), (1, 28, 28), "begins with super"),
    "a missing package": (
        code(before="import no_such\n", more="no_such.x()"),
        (1, 28, 28),
        "'no_such', which net.py:4",
    ),
    "a file that is missing": (code(more="open('no.txt')"), (1, 28, 28), r"net.py:\d+ fails: FileNotFoundError"),
    "input": (code(more="input('?')"), (1, 28, 28), r"net.py:\d+ fails"),
    "it ends the program": (code(more="exit()"), (1, 28, 28), r"ends the program|not defined"),
    "a function that is no network": (code().replace("nn.Module", "dict"), (1, 28, 28), "gives a Net"),
    "decides by values": (code(step="x = x if x.sum() > 0 else -x"), (1, 28, 28), "decides by the values"),
}


@SLOW
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_a_sentence(tmp_path: Path, name: str) -> None:
    text, shape, said = REFUSED[name]
    path = tmp_path / "net.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GlassError, match=said):
        build(request(path, name="Net", input=shape))
