"""Running with something in a step's place: nothing changes where it is the same, and only what depends on it runs."""

import pytest
import torch
from torch import Tensor, nn

from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.images.digits import samples, to_input
from model.networks.assignment import weights
from model.records import IMAGE
from model.trace import inputs_of, record, run
from model.trace.private import steps_of
from tests.model.conftest import Example
from tests.model.graph.authors import SHAPE

X = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(1))
EVERYTHING = pytest.param("everything", marks=pytest.mark.slow(reason="many steps"))


@pytest.fixture(params=["residual", "squeezing", EVERYTHING, "assignment"])
def network(request: pytest.FixtureRequest) -> nn.Module:
    if request.param == "assignment":
        return weights.load()
    example: Example = request.getfixturevalue(request.param)
    return example.module


def image_for(network: nn.Module) -> Tensor:
    return X if isinstance(network, NetworkModule) else to_input(samples()[0])


@torch.no_grad()
def test_a_step_replaced_by_itself_changes_nothing(network: nn.Module) -> None:
    x = image_for(network)
    expected, trace = network(x), record(network, x)
    assert torch.equal(run(network, x), expected)
    assert torch.equal(run(network, trace), expected)
    for name, module in steps_of(network).items():
        value = run(network, x, give=name)
        for place in (x, trace):
            assert torch.equal(run(network, place, {name: value}), expected), name
            assert torch.equal(run(network, place, {name: module}), expected), name


@torch.no_grad()
def test_another_value_changes_the_logits(network: nn.Module) -> None:
    x = image_for(network)
    trace, last = record(network, x), [*steps_of(network)][-1]
    changed = run(network, trace, {last: run(network, x, give=last) + 1})
    assert torch.equal(changed, network(x) + 1)


@torch.no_grad()
@pytest.mark.parametrize("op", [Op.BATCH_NORM, Op.IDENTITY], ids=["first", "second"])
def test_a_batch_of_values_is_that_of_each_value_alone(op: Op, residual: Example) -> None:
    """Of a step on either way of a block, so that recorded values of the other way meet the batch."""
    module, trace = residual.module, record(residual.module, X)
    name = module.graph.all(op)[1].name
    silenced = run(module, X, give=name) * (1 - torch.eye(4))[:, :, None, None]  # one map of each is 0
    together = run(module, trace, {name: silenced})
    for value, logits in zip(silenced, together, strict=True):
        torch.testing.assert_close(run(module, X, {name: value[None]})[0], logits)
    assert len(together.unique(dim=0)) == 4


class Counting(nn.Module):
    """Counts how often a step runs."""

    def __init__(self, step: nn.Module) -> None:
        super().__init__()
        self.step, self.count = step, 0

    def forward(self, *inputs: Tensor) -> Tensor:
        """Run the step."""
        self.count += 1
        found: Tensor = self.step(*inputs)
        return found


@torch.no_grad()
def test_only_what_depends_on_a_replaced_step_runs(residual: Example) -> None:
    module, trace = residual.module, record(residual.module, X)
    counts = {name: Counting(step) for name, step in steps_of(module).items()}
    nodes = module.graph.nodes
    middle = module.graph.all(Op.ADD)[0]
    value = run(module, X, give=middle.name)
    run(module, X, {**counts, middle.name: value})
    before = [node.name for node in nodes[: nodes.index(middle)]]
    assert [counts[name].count for name in before] == [0] * len(before)
    assert [counts[node.name].count for node in nodes[nodes.index(middle) + 1 :]] == [1] * (
        len(nodes) - len(before) - 1
    )
    branch = module.graph.all(Op.BATCH_NORM)[1]
    seen = Counting(module.step(branch.name))
    assert torch.equal(run(module, trace, {branch.name: seen}), module(X))
    assert seen.count == 1


def test_a_module_or_a_function_can_stand_in_the_place_of_a_step() -> None:
    network = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
    x = torch.tensor([[[[1.0, -2.0], [3.0, 6.0]]]])
    assert run(network, x, {"1": nn.AvgPool2d(2)}).item() == 2.5
    assert run(network, x, {"0": lambda image: image}).item() == 6
    assert run(network, x, {"0": torch.abs, "1": nn.AvgPool2d(2)}).item() == 3
    assert run(network, x, give=IMAGE) is x
    assert inputs_of(network, "1") == ("0",)


def test_gradients_pass_through(residual: Example) -> None:
    module = residual.module
    name = module.graph.all(Op.RELU)[0].name
    value = run(module, X, give=name).detach().requires_grad_()
    (found,) = torch.autograd.grad(run(module, X, {name: value})[0, 1], value)
    assert found.abs().sum() > 0
    assert all(parameter.grad is None for parameter in module.parameters())


def test_unknown_steps_and_other_modules_are_refused() -> None:
    with pytest.raises(InputError, match="'pool'"):
        run(nn.Sequential(nn.ReLU()), X, {"pool": X})
    with pytest.raises(InputError, match="A Conv2d cannot"):
        run(nn.Conv2d(2, 2, 1), X)
