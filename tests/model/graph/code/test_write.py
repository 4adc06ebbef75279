"""The code of a network: it runs without this project, and gives the same logits with the same weights."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from model import networks
from model.graph.capture import capture, to_bytes
from model.graph.code.places import Place, is_plain
from model.graph.code.write import code_of, weights_of
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.networks.authors import author_network
from model.networks.file import read
from model.networks.records import Network
from tests import any_network, odd_networks, own_networks
from tests.model.conftest import Example
from tests.model.graph import authors


def made_from(code: str) -> Any:
    """Run the code and return its network."""
    space: dict[str, Any] = {}
    exec(compile(code, "net.py", "exec"), space)  # noqa: S102 (it is what the test is about)
    return space["Net"]().eval()


def module_of(network: Network) -> NetworkModule:
    assert isinstance(network.module, NetworkModule)
    return network.module


def pictures(module: NetworkModule) -> Tensor:
    return torch.randn(3, *module.graph.input_shape, generator=torch.Generator().manual_seed(7))


def assert_same_logits(module: NetworkModule) -> None:
    """Compare bit for bit: the code calls what the network calls."""
    made, x = made_from(code_of(module)), pictures(module)
    made.load_state_dict(weights_of(module))  # every name fits
    with torch.no_grad():
        assert torch.equal(made(x), module(x))


@pytest.mark.parametrize("id", networks.BUILT_IN)
def test_code_of_a_network_that_comes_along_gives_its_logits(id: str) -> None:
    assert_same_logits(module_of(networks.load(id)))


@pytest.mark.parametrize("kind", odd_networks.KINDS)
def test_code_of_an_odd_network_gives_its_logits(kind: type[nn.Module]) -> None:
    assert_same_logits(module_of(read(odd_networks.of(kind))))


FILES = (own_networks.varied, own_networks.residual, own_networks.colours, any_network.deep, any_network.everything)


@pytest.mark.parametrize("file", FILES)
def test_code_of_a_captured_network_gives_its_logits(file: Any) -> None:
    assert_same_logits(module_of(read(file())))


@pytest.mark.parametrize("habit", ["residual", "squeezing", "everything", "guarded"])
def test_code_of_a_student_s_habits_gives_their_logits(habit: str, request: pytest.FixtureRequest) -> None:
    example: Example = request.getfixturevalue(habit)
    assert_same_logits(example.module)


@pytest.mark.parametrize("habit", ["residual", "everything"])
def test_what_is_no_module_is_written_as_a_function(habit: str, request: pytest.FixtureRequest) -> None:
    """Weights keep their names where a step is a function call."""
    example: Example = request.getfixturevalue(habit)
    graph, tensors = example.network.graph, example.module.author_state_dict()
    tensors |= {key: tensor for key, tensor in example.captured.tensors.items() if ":" in key}
    calls = replace(graph, nodes=tuple(replace(node, kind="") for node in graph.nodes))
    module = NetworkModule(calls, tensors).eval()
    assert " = self." not in code_of(module).partition("def forward")[2]
    assert_same_logits(module)
    assert weights_of(module).keys() == weights_of(example.module).keys()


def test_every_operation_of_a_graph_is_written_by_some_test(
    residual: Example, everything: Example, squeezing: Example
) -> None:
    graphs = [each.network.graph for each in (residual, everything, squeezing)]
    graphs += [read(file()).graph for file in FILES] + [networks.load(id).graph for id in networks.BUILT_IN]
    assert {*Op} - {node.op for graph in graphs for node in graph.nodes} == {Op.SOFTMAX, Op.LOG_SOFTMAX}


@pytest.mark.parametrize("id", [id for id in networks.BUILT_IN if id != "assignment"])
def test_weights_have_the_authors_names(id: str) -> None:
    module = module_of(networks.load(id))
    assert weights_of(module).keys() == author_network(id).state_dict().keys()


def test_modules_are_as_the_author_makes_them() -> None:
    code = code_of(module_of(networks.load("residual")), "Residual network")
    assert "        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)\n" in code
    assert "        y = self.block2.shortcut[0](y)\n" in code
    assert code.startswith("# Residual network\n")


def test_code_runs_alone(tmp_path: Path) -> None:
    """In a process that knows nothing of this project, from two files."""
    module = module_of(networks.load("lenet"))
    (tmp_path / "net.py").write_text(code_of(module), encoding="utf-8")
    x = pictures(module)
    with torch.no_grad():
        save_file({"x": x, "logits": module(x)}, tmp_path / "check.safetensors")
    save_file(weights_of(module), tmp_path / "weights.safetensors")
    (tmp_path / "run.py").write_text(
        "import torch\nfrom net import Net\nfrom safetensors.torch import load_file\ntorch.set_num_threads(1)\n"
        "net = Net().eval()\nnet.load_state_dict(load_file('weights.safetensors'))\n"
        "check = load_file('check.safetensors')\nassert torch.equal(net(check['x']), check['logits'])\n",
        encoding="utf-8",
    )
    command = [sys.executable, "run.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)  # noqa: S603
    assert done.returncode == 0, done.stderr


HOSTILE = "x'); print('ran'); ('"


def test_names_of_a_strangers_file_never_become_code(capsys: pytest.CaptureFixture[str]) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module("first", nn.Conv2d(2, 4, 3))
            self.last = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            first: nn.Module = self._modules["first"]  # type: ignore[assignment]
            scores: Tensor = self.last(first(x).mean((2, 3)))
            return scores

    network = read(to_bytes(capture(authors.seeded(Net), authors.SHAPE)))
    graph, module = network.graph, module_of(network)
    renamed = {"first": HOSTILE, "first.weight": f"{HOSTILE}.weight", "first.bias": f"{HOSTILE}.bias"}
    nodes = [
        replace(
            node,
            path=renamed.get(node.path, node.path),
            tensors={role: renamed.get(key, key) for role, key in node.tensors.items()},
        )
        for node in graph.nodes
    ]
    tensors = {renamed.get(key, key): tensor for key, tensor in module.author_state_dict().items()}
    assert_same_logits(NetworkModule(replace(graph, nodes=tuple(nodes)), tensors).eval())
    assert capsys.readouterr().out == ""


def test_only_identifiers_follow_a_dot() -> None:
    assert [is_plain(name) for name in ("conv1", "conv-1", "if", "1", "ﬁ", "")] == [True] + [False] * 5


def test_a_list_has_few_gaps() -> None:
    near, far = Place(), Place()
    near.at("0"), near.at("3")
    far.at("0"), far.at("999")
    assert near.is_list
    assert not far.is_list
    assert near.expression() == "nn.ModuleList([nn.Module(), nn.Identity(), nn.Identity(), nn.Module()])"
