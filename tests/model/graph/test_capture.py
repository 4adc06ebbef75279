"""Capture: what a graph says of an author's module, and that it computes the same."""

import contextlib
import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (the name that PyTorch's documentation uses)
import torchsummary
from torch import Tensor, nn

from model.graph import capture as capturing
from model.graph.capture import CaptureError, capture, to_bytes
from model.graph.records import Op
from model.networks.assignment import weights
from model.networks.file import read
from model.trace import record
from tests.model.conftest import Example
from tests.model.graph import authors
from tests.model.graph.authors import SHAPE, FunctionalAssignment, seeded

HERE = Path(__file__).name


class Net(nn.Module):
    """A module whose forward is a function of it and a picture."""

    def __init__(self, forward: Callable[[Any, Tensor], Any], **parts: Any) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(2, 3, 3), nn.Linear(3 * 36, 3)
        for name, part in parts.items():
            setattr(self, name, part)
        self.run = forward

    def forward(self, x: Tensor) -> Any:
        """Return what the function returns."""
        return self.run(self, x)


def net(forward: Callable[[Any, Tensor], Any], **parts: Any) -> Net:
    network: Net = seeded(lambda: Net(forward, **parts))
    return network


def flat(x: Tensor) -> Tensor:
    return x.view(x.size(0), -1)


def assert_same_logits(example: Example, author: Callable[[Tensor], Tensor], largest: float = 0.0) -> None:
    torch.manual_seed(7)
    for batch in (1, 3, 8):
        x = torch.randn(batch, *SHAPE)
        with torch.no_grad():
            assert (example.module(x) - author(x)).abs().max() <= largest


# The same outputs, names and counts


def test_a_residual_network_is_captured(residual: Example) -> None:
    assert_same_logits(residual, residual.author)
    assert residual.names == [
        *("pad-0", "Conv2d-1", "ReLU-2"),
        *("Conv2d-3", "BatchNorm2d-4", "Identity-5", "add-5", "ReLU-6", "Dropout2d-7"),
        *("Conv2d-8", "BatchNorm2d-9", "Identity-10", "add-10", "ReLU-11", "Dropout2d-12"),
        *("adaptive_avg_pool2d-12", "view-12", "Linear-13", "Linear-14", "mul-14", "add-14"),
    ]
    graph = residual.network.graph
    assert graph["add-5"].inputs == ("BatchNorm2d-4", "Identity-5")
    assert graph["Conv2d-1"].path == graph["pad-0"].path == "stem"
    assert [graph[name].row for name in ("Conv2d-1", "pad-0", "add-14")] == [1, None, None]
    assert residual.captured.warnings == []
    assert graph["add-5"].line == f"authors.py:{authors.Residual.forward.__code__.co_firstlineno + 5}"


def test_what_is_owned_used_and_tied(residual: Example) -> None:
    graph = residual.network.graph
    owned = sum(each.numel() for each in residual.author.parameters())
    assert (graph.used, graph.owned) == (owned - 5 - 57, owned)
    assert [(each.path, each.kind, each.parameters) for each in graph.unused] == [
        ("", "Residual", 5),
        ("never", "Conv2d", 57),
    ]
    assert graph.aliases == {"twin.weight": "head.weight"}
    assert sum(each.numel() for each in residual.network.module.parameters()) == graph.used


def test_gates_slices_and_shuffles_are_captured(squeezing: Example) -> None:
    def logits(x: Tensor) -> Tensor:
        return torch.log(squeezing.author(x)).reshape(len(x), -1)  # up to a number for each picture

    torch.manual_seed(7)
    for batch in (3, 8):
        x = torch.randn(batch, *SHAPE)
        with torch.no_grad():
            found = torch.softmax(squeezing.network.module(x), 1)
            assert torch.equal(found, squeezing.author(x))
    graph = squeezing.network.graph
    assert [node.op for node in graph.hidden] == [Op.SOFTMAX]
    assert graph.logits == "rsub-5"
    assert graph["squeeze-5"].settings == {"dims": (2, 3)}, "the batch is never removed"
    assert graph["view-4"].settings == {"batch": 1, "shape": (2, 4, 8, 8)}
    assert graph["parameter-4"].tensors == {"value": "scale"}
    assert graph["Conv2d-1"].settings["padding"] == "same"


@pytest.mark.slow
def test_every_operation_is_captured(everything: Example, squeezing: Example, residual: Example) -> None:
    assert_same_logits(everything, everything.author)
    examples = (everything, squeezing, residual)
    found = {node.op for each in examples for node in (*each.network.graph.nodes, *each.network.graph.hidden)}
    assert {*Op} - found == {Op.LOG_SOFTMAX}
    assert {*capturing.FUNCTIONS} == {*Op}


@pytest.mark.slow
def test_the_shapes_are_those_that_pytorch_gives(everything: Example) -> None:
    module, found = everything.module, {}
    for node in everything.network.graph.nodes:
        step = module.step(node.name)
        step.register_forward_hook(lambda _, __, output, name=node.name: found.update({name: tuple(output.shape)}))
    module(torch.randn(5, *SHAPE))
    assert {
        node.name: (5 * node.batch, *node.shape) if node.batch else node.shape for node in module.graph.nodes
    } == found


def test_the_assignment_written_with_functions_has_its_23_rows() -> None:
    trained = weights.load()
    author = FunctionalAssignment().take(trained)
    network = read(to_bytes(capture(author, (1, 28, 28))))
    x = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    trace = record(trained, x[:1])
    rows = network.graph.rows
    assert [node.name for node in rows] == [row.name for row in trace.rows]
    assert [node.shape for node in rows] == [row.output.shape for row in trace.rows]
    assert len(rows) == 23
    assert network.graph.used == 10_066
    assert [node.name for node in network.graph.all(Op.RELU)] == [f"relu-{row}" for row in (1, 4, 7, 13, 16, 19)]
    with torch.no_grad():
        assert torch.equal(network.module(x), trained(x))


def test_rows_are_numbered_as_torchsummary_does(residual: Example) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        torchsummary.summary(residual.author, SHAPE, device="cpu")
    theirs = [line.split()[0] for line in printed.getvalue().splitlines() if "-" in line.split(" [")[0].strip("-=")]
    mine = [node.name for node in residual.network.graph.rows]
    assert mine == [name for name in theirs if name.rpartition("-")[2].isdigit()]


@pytest.mark.slow
def test_same_network_same_bytes(residual: Example) -> None:
    assert to_bytes(capture(residual.author, SHAPE)) == residual.data


def test_the_author_s_module_is_left_as_it_is(residual: Example) -> None:
    author = net(lambda m, x: m.fc(flat(F.dropout(m.conv(x), 0.5, m.training)))).train()
    before = {key: value.clone() for key, value in author.state_dict().items()}
    state = torch.get_rng_state()
    capture(author, SHAPE)
    assert author.training
    assert all("forward" not in vars(each) and not each._forward_hooks for each in author.modules())
    assert all(torch.equal(value, before[key]) for key, value in author.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


# Where the logits are


def test_a_softmax_at_the_end_is_hidden_and_a_relu_there_is_said() -> None:
    def forward(m: Net, x: Tensor) -> Tensor:
        return F.log_softmax(F.relu(m.fc(flat(m.conv(x)))), dim=1).clamp(min=-50).view(-1, 3)

    document = capture(net(forward), SHAPE).document
    assert document["logits"] == "relu-2"
    assert [node["name"] for node in document["hidden"]] == ["log_softmax-2", "clamp-2", "view-2"]
    assert document["warnings"] == [f"A ReLU acts on the class scores ({HERE}:{forward.__code__.co_firstlineno + 1})."]


def test_maps_of_one_unit_become_a_row_of_scores() -> None:
    document = capture(net(lambda m, x: F.log_softmax(m.last(x), 1), last=nn.Conv2d(2, 3, 8)), SHAPE).document
    assert document["logits"] == document["nodes"][-1]["name"] == "flatten-1"


def test_logits_and_their_softmax_are_one_output() -> None:
    def forward(m: Net, x: Tensor) -> tuple[Tensor, Tensor]:
        scores = m.fc(flat(m.conv(x)))
        return scores, torch.softmax(scores, 1)

    document = capture(net(forward), SHAPE).document
    assert (document["logits"], [node["op"] for node in document["hidden"]]) == ("Linear-2", ["softmax"])


def test_more_scores_than_classes_are_accepted_and_said() -> None:
    captured = capture(net(lambda m, x: m.fc(flat(m.conv(x)))), SHAPE, classes=("cat", "dog"))
    assert captured.document["classes"] == ["cat", "dog", "output 2"]
    assert captured.warnings == ["The network gives 3 scores for 2 classes."]


def test_a_forward_without_return_is_told_to_return() -> None:
    with pytest.raises(CaptureError, match=r"forward returns nothing\. .* Write 'return' before the scores"):
        capture(net(lambda m, x: None), SHAPE)


# What training does


def test_a_dropout_behind_if_training_is_found(guarded: Example) -> None:
    dropout = guarded.network.graph["dropout-1"]
    assert (dropout.settings["when"], dropout.settings["p"]) == ("guarded", 0.4)
    x = torch.randn(4, *SHAPE)
    with torch.no_grad():
        assert torch.equal(torch.log_softmax(guarded.network.module(x), 1), guarded.author(x))
    assert "in training only" in guarded.captured.warnings[0]


def test_a_dropout_that_never_turns_off_is_off_here_and_said() -> None:
    captured = capture(net(lambda m, x: m.fc(flat(F.dropout(m.conv(x))))), SHAPE)
    assert captured.document["nodes"][1]["settings"] == {"p": 0.5, "when": "always"}
    assert "on in evaluation too" in captured.warnings[0]


@pytest.mark.slow
def test_other_operations_in_training_are_said() -> None:
    captured = capture(net(lambda m, x: m.fc(flat(m.conv(x) * (2 if m.training else 1)))), SHAPE)
    assert captured.warnings[0].startswith("In training the network works otherwise than here")
    noisy = net(lambda m, x: m.fc(flat(m.conv(x + torch.randn_like(x) if m.training else x))))
    assert "cannot be shown" in capture(noisy, SHAPE).warnings[0]


def test_ghost_batch_norm_is_found_and_named() -> None:
    ghost = net(lambda m, x: m.fc(flat(m.norm(m.conv(x)))), norm=authors.GhostBatchNorm(3))
    captured = capture(ghost, SHAPE)
    assert captured.warnings[0].startswith(
        "In training the network works otherwise than here, in norm (GhostBatchNorm)"
    )
    assert [node["op"] for node in captured.document["nodes"]] == ["conv2d", "batch_norm", "view", "linear"]


def test_a_batch_norm_without_running_statistics_is_said() -> None:
    author = net(lambda m, x: m.fc(flat(m.norm(m.conv(x)))), norm=nn.BatchNorm2d(3, track_running_stats=False))
    captured = capture(author, SHAPE)
    assert "depend on the other pictures" in captured.warnings[0]
    x = torch.randn(3, *SHAPE)
    with torch.no_grad():
        assert torch.equal(read(to_bytes(captured)).module(x), author(x))


def test_a_mask_of_booleans_is_kept() -> None:
    author = net(lambda m, x: m.fc(flat(m.conv(x) * m.mask)))
    author.register_buffer("mask", torch.rand(3, 6, 6) > 0.5)
    x = torch.randn(3, *SHAPE)
    with torch.no_grad():
        assert torch.equal(read(to_bytes(capture(author, SHAPE))).module(x), author(x))


# In place


def test_an_operation_in_place_becomes_a_pure_one() -> None:
    def forward(m: Net, x: Tensor) -> Tensor:
        x = m.conv(x)
        F.relu_(x)  # the result is not taken, and x has changed all the same
        x += 1
        return flat(x)

    author = net(forward)
    x = torch.randn(3, *SHAPE)
    with torch.no_grad():
        assert torch.equal(read(to_bytes(capture(author, SHAPE))).module(x), author(x))


def changes_a_view(m: Net, x: Tensor) -> Tensor:
    x = m.conv(x)
    x[:, 0].mul_(3)
    return m.fc(flat(x))  # type: ignore[no-any-return]


def changes_behind_a_view(m: Net, x: Tensor) -> Tensor:
    x = m.conv(x)
    row = flat(x)
    x.relu_()
    return m.fc(row)  # type: ignore[no-any-return]


# What is refused, and where


def decides(m: Net, x: Tensor) -> Any:
    if x.sum() > 0:
        x = -x
    return m.fc(flat(m.conv(x)))


IN_FORWARD = Net.forward.__code__.co_firstlineno + 2  # the export knows the lines of forward alone
REFUSED: dict[str, tuple[Callable[[Any, Tensor], Any], str, int | None]] = {
    "an operation that is not in the list": (
        lambda m, x: m.fc(flat(torch.sin(m.conv(x)))),
        "The operation 'sin'",
        IN_FORWARD,
    ),
    "a view changed in place": (changes_a_view, "'mul_' changes a tensor in place", IN_FORWARD),
    "a tensor changed in place behind its view": (
        changes_behind_a_view,
        "'relu_' changes a tensor in place",
        IN_FORWARD,
    ),
    "the values of the picture": (decides, "decides by the values of the picture", 1),
    "softmax over the batch": (
        lambda m, x: F.log_softmax(m.fc(flat(m.conv(x))), dim=0),
        "dim=0 of 'log_softmax'",
        IN_FORWARD,
    ),
    "softmax over one number": (
        lambda m, x: F.softmax(m.one(x), 3),
        "an axis of size 1, not over the 3 classes",
        IN_FORWARD,
    ),
    "a mean over the batch": (
        lambda m, x: m.fc(flat(m.conv(x - x.mean(0)))),
        "puts the pictures of a batch",
        IN_FORWARD,
    ),
    "half of the batch": (lambda m, x: m.fc(flat(m.conv(x[:1]))), "puts the pictures of a batch together", IN_FORWARD),
    "the size of the batch": (lambda m, x: m.fc(flat(m.conv(x))) / x.size(0), "the size of the batch", None),
    "a moved batch": (lambda m, x: m.fc(flat(m.conv(x))).t().t(), "The operation 't'", IN_FORWARD),
    "a fixed batch": (lambda m, x: m.fc(flat(m.conv(x)).view(2, -1)), "batches of 2 only", None),
    "one size of batch": (lambda m, x: m.fc(flat(m.conv(x))) * (1 if x.size(0) == 2 else 2), "batches of 2 only", None),
    "rows that mix pictures": (
        lambda m, x: m.conv(x).view(-1, 3),
        "gives 36 rows of scores for one picture",
        IN_FORWARD,
    ),
    "maps and no scores": (lambda m, x: m.conv(x), "gives 3 x 6 x 6 numbers for a picture", IN_FORWARD),
    "one score": (lambda m, x: m.fc(flat(m.conv(x)))[:, :1], "gives 1 numbers for a picture", IN_FORWARD),
    "chance": (lambda m, x: m.fc(flat(m.conv(x))) + torch.rand(3), "draws random numbers", IN_FORWARD),
    "a weight that is computed": (
        lambda m, x: m.fc(flat(F.conv2d(x, m.conv.weight * 2))),
        "weight of 'conv2d' is",
        IN_FORWARD,
    ),
    "a buffer that changes": (lambda m, x: m.fc(flat(m.conv(x))) + m.count.add_(1), "changes a buffer", IN_FORWARD),
    "double": (lambda m, x: m.fc(flat(m.conv(x)).double().float()), "computes in float64", IN_FORWARD),
    "a dict": (lambda m, x: {"logits": m.fc(flat(m.conv(x)))}, "returns a dict with the keys 'logits'", None),
    "two outputs": (lambda m, x: (m.fc(flat(m.conv(x))), flat(x)), "returns 2 different tensors", None),
    "the picture itself": (lambda m, x: x, "returns the picture as it is", None),
    "a constant": (lambda m, x: torch.ones(2, 3), "no axis for the batch", None),
    "its own error": (lambda m, x: m.fc(m.conv(x)), "RuntimeError: mat1 and mat2 shapes cannot be multiplied", 0),
    "a number that is not finite": (lambda m, x: m.fc(flat(m.conv(x))).log(), "not finite", None),
    "the same number for all": (lambda m, x: m.fc(flat(m.conv(x))) * 0, "the same number for every class", None),
}


QUICK = ("an operation that is not in the list", "a view changed in place", "its own error")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in REFUSED]
)
def test_what_cannot_be_captured_is_refused_with_the_author_s_line(name: str) -> None:
    forward, said, line = REFUSED[name]
    author = net(forward, one=nn.Conv2d(2, 3, 8))
    author.register_buffer("count", torch.zeros(3))
    with pytest.raises(CaptureError) as caught:
        capture(author, SHAPE)
    assert said in caught.value.problem
    assert caught.value.allowed
    assert caught.value.remedy
    if line is not None:
        place = line if line == IN_FORWARD else forward.__code__.co_firstlineno + line
        assert f"({HERE}:{place})" in caught.value.problem


def test_the_positive_control_of_the_refusals_is_captured() -> None:
    author = net(lambda m, x: m.fc(flat(m.conv(x))), one=nn.Conv2d(2, 3, 8))
    author.register_buffer("count", torch.zeros(3))
    assert capture(author, SHAPE).document["logits"] == "Linear-2"


class TwoInputs(nn.Module):
    """A picture and a number."""

    def forward(self, image: Tensor, number: Tensor) -> Tensor:
        """Return their sum."""
        return image.flatten(1) + number


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: capture(TwoInputs(), SHAPE), "takes 2 inputs (image, number)"),
        (lambda: capture(cast(nn.Module, Net), SHAPE), "must be an nn.Module"),
        (lambda: capture(net(lambda m, x: x), (8, 8)), "is not (channels, height, width)"),
        (lambda: capture(net(lambda m, x: x), (2, 8, 1_000)), "is not (channels, height, width)"),
        (lambda: capture(net(lambda m, x: x), SHAPE, title="<b>mine</b>"), "holds '<'"),
        (lambda: capture(net(lambda m, x: x), SHAPE, mean=[0.1]), "does not fit 2 channels"),
        (lambda: capture(net(lambda m, x: x), SHAPE, std=[0.0, 1.0]), "all above 0"),
        (lambda: capture(net(lambda m, x: x), SHAPE, history=[{"loss": "low"}]), "cannot be kept"),
        (lambda: capture(net(lambda m, x: m.fc(flat(m.conv(x)))), SHAPE, classes=list("abcd")), "4 names"),
        (lambda: capture(net(lambda m, x: m.fc(flat(m.conv(x)))), SHAPE, classes=list("aab")), "2 different ones"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(CaptureError) as caught:
        call()
    assert said in str(caught.value)


# The witness


def test_a_wrong_rule_does_not_pass_the_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    author = net(lambda m, x: m.fc(flat(F.leaky_relu(m.conv(x), 0.1))))
    capture(author, SHAPE)
    monkeypatch.setitem(capturing.FUNCTIONS, "leaky_relu", lambda i, s, t: F.leaky_relu(i[0], 0.11))
    with pytest.raises(CaptureError, match=r"other logits than your code: they differ by up to 0\.0"):
        capture(author, SHAPE)


def test_a_module_that_remembers_does_not_pass_the_witness() -> None:
    calls = []

    def forward(m: Net, x: Tensor) -> Tensor:
        calls.append(1)
        return m.fc(flat(m.conv(x))) * len(calls)  # type: ignore[no-any-return]

    with pytest.raises(CaptureError, match="earlier calls"):
        capture(net(forward), SHAPE)


# One file by itself

NOTEBOOK = """
import model  # the author's own file, which happens to have this name
from capture import GlassError, save
save(model.net, "mine.glass", (1, 9, 9), title="Mine", classes=["yes", "no"])
try:
    save(model.net, "mine.glass", (3, 9, 9))
except GlassError as error:
    print(type(error).__mro__[1].__module__, error)
"""
AUTHORS_FILE = """
from torch import nn
net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(98, 2))
"""


@pytest.mark.slow
def test_the_file_works_by_itself_beside_a_notebook(tmp_path: Path) -> None:
    shutil.copy(capturing.__file__, tmp_path / "capture.py")
    (tmp_path / "model.py").write_text(AUTHORS_FILE, encoding="utf-8")
    done = subprocess.run(  # noqa: S603 (our own)
        [sys.executable, "-W", "error", "-c", NOTEBOOK], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("capture forward fails on a batch of 2 pictures of (3, 9, 9)")
    network = read((tmp_path / "mine.glass").read_bytes())
    assert (network.title, network.classes) == ("Mine", ("yes", "no"))
