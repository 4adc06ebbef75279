"""A graph as a module: one module for each node, and it trains as its author's does."""

import copy

import pytest
import torch
from captum.attr import GuidedBackprop, Saliency
from torch import Tensor, nn

from model.errors import InputError
from model.graph.capture import capture, to_bytes
from model.graph.records import Op
from model.networks.file import read
from tests.model.conftest import Example
from tests.model.graph.authors import SHAPE, Residual, seeded


class Trained(nn.Module):
    """Batch norms of three kinds, one of them called twice, and tied weights, without dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.again = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm, self.mean = nn.BatchNorm2d(4, momentum=0.3), nn.BatchNorm2d(4, momentum=None)
        self.one, self.other = nn.Linear(4, 3), nn.Linear(4, 3, bias=False)
        self.other.weight = self.one.weight
        self.frozen = nn.Linear(3, 3)
        self.frozen.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        x = torch.relu(self.norm(self.conv(x)))
        x = torch.relu(self.norm(self.again(x)) + x)
        x = self.mean(x).mean((2, 3))
        return torch.log_softmax(self.frozen(self.one(x)) + self.other(x), 1)


def train(network: nn.Module, log_softmax: bool) -> None:
    """Take 50 steps on random pictures, the same for every network."""
    source = torch.Generator().manual_seed(5)
    optimiser = torch.optim.SGD([each for each in network.parameters() if each.requires_grad], lr=0.05, momentum=0.9)
    network.train()
    for _ in range(50):
        x, y = torch.randn(8, *SHAPE, generator=source), torch.randint(3, (8,), generator=source)
        found = network(x) if log_softmax else torch.log_softmax(network(x), 1)
        optimiser.zero_grad()
        nn.functional.nll_loss(found, y).backward()
        optimiser.step()


@pytest.fixture(scope="module")
def trained() -> Example:
    return Example(Trained)


def test_it_trains_as_the_author_s_does(trained: Example) -> None:
    author, mine = copy.deepcopy(trained.author), copy.deepcopy(trained.module)
    before = mine.author_state_dict()["norm.running_mean"].clone()
    train(author, log_softmax=True)
    train(mine, log_softmax=False)
    theirs, ours = author.state_dict(), mine.author_state_dict()
    assert ours.keys() == theirs.keys()
    assert max(float((ours[key] - theirs[key]).abs().max()) for key in theirs) <= 1e-5
    assert int(ours["norm.num_batches_tracked"]) == int(trained.author.norm.num_batches_tracked) + 100
    assert not torch.equal(ours["norm.running_mean"], before)


@pytest.mark.slow
def test_another_momentum_does_not_train_as_the_author_s_does(trained: Example) -> None:
    author, mine = copy.deepcopy(trained.author), copy.deepcopy(trained.module)
    norm = mine.step(mine.graph.all(Op.BATCH_NORM)[-1].name)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.momentum is None
    norm.momentum = 0.1
    train(author, log_softmax=True)
    train(mine, log_softmax=False)
    difference = author.state_dict()["mean.running_mean"] - mine.author_state_dict()["mean.running_mean"]
    assert difference.abs().max() > 1e-3


def test_the_author_s_class_takes_the_weights_back(residual: Example) -> None:
    fresh = Residual()
    result = fresh.load_state_dict(residual.module.author_state_dict(), strict=False)
    assert (sorted(result.missing_keys), result.unexpected_keys) == (["never.bias", "never.weight", "spare"], [])
    x = torch.randn(3, *SHAPE)
    with torch.no_grad():
        assert torch.equal(fresh.eval()(x), residual.module(x))


@pytest.mark.slow
def test_each_node_has_a_module_of_its_own_that_runs_once(everything: Example) -> None:
    module = copy.deepcopy(everything.module)
    ran: list[str] = []
    inputs: dict[str, list[Tensor]] = {}
    for node in module.graph.nodes:
        step = module.step(node.name)

        def note(_: nn.Module, given: tuple[Tensor, ...], output: Tensor, name: str = node.name) -> None:
            ran.append(name)
            inputs[name] = [each.clone() for each in (*given, output)] + [*given, output]

        step.register_forward_hook(note)
    module(torch.randn(2, *SHAPE))
    assert ran == [node.name for node in module.graph.nodes]
    for kept in inputs.values():
        clones, same = kept[: len(kept) // 2], kept[len(kept) // 2 :]
        assert all(torch.equal(one, other) for one, other in zip(clones, same, strict=True)), "nothing is in place"


def test_any_dtype_keeps_what_is_shared(residual: Example) -> None:
    x = torch.randn(3, *SHAPE)
    double = copy.deepcopy(residual.module).double()
    with torch.no_grad():
        expected = copy.deepcopy(residual.author).double()(x.double())
        assert (double(x.double()) - expected).abs().max() < 1e-12
    one, other = (double.step(name) for name in ("BatchNorm2d-4", "BatchNorm2d-9"))
    assert one.running_mean is other.running_mean
    assert one.weight is other.weight
    assert double.step("Linear-13").weight is double.step("Linear-14").weight
    assert sum(each.numel() for each in double.parameters()) == residual.network.graph.used
    assert double.graph is residual.network.graph


@pytest.mark.slow
def test_names_are_no_attributes(everything: Example) -> None:
    module = everything.module
    assert [name for name, _ in module.named_children()] == ["steps"]
    assert all(name.split(".")[1].isdigit() for name in module.state_dict())


def test_pictures_of_another_shape_are_refused(residual: Example) -> None:
    with pytest.raises(InputError, match=r"\(N, 2, 8, 8\)"):
        residual.module(torch.zeros(1, 2, 9, 9))


class Functional(nn.Module):
    """Two ReLUs as function calls, on which guided backpropagation goes silently wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.then, self.fc = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(64, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores."""
        x = torch.relu(self.then(torch.relu(self.conv(x))))
        scores: Tensor = self.fc(x.flatten(1))
        return scores


def test_captum_is_right_where_the_author_uses_function_calls() -> None:
    author = seeded(Functional)
    mine = read(to_bytes(capture(author, SHAPE))).module
    steps = author.conv, nn.ReLU(), author.then, nn.ReLU(), nn.Flatten(), author.fc
    right = nn.Sequential(*steps)
    x = torch.randn(1, *SHAPE, requires_grad=True)
    guided, plain = GuidedBackprop(mine).attribute(x, 1), Saliency(mine).attribute(x, 1, abs=False)
    assert torch.equal(guided, GuidedBackprop(right).attribute(x, 1))
    assert torch.equal(plain, Saliency(author).attribute(x, 1, abs=False))
    assert torch.equal(GuidedBackprop(author).attribute(x, 1), plain), "this is what goes wrong"
    assert not torch.equal(guided, plain)
