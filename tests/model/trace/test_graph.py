"""The recorder on graphs: every step with its inputs' names, the numbers of an independent interpreter, no copies."""

import cProfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from model.graph.capture import interpret
from model.graph.module import NetworkModule
from model.graph.records import IMAGE, Graph, Node, Op
from model.images.digits import samples, to_input
from model.networks import load
from model.networks.assignment import weights
from model.trace import record
from model.trace.private import copy_for_many, private_copy
from model.trace.records import LayerKind, Row, Trace
from tests.model.conftest import Example
from tests.model.graph.authors import SHAPE

X = torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(0))


@pytest.fixture(
    params=["residual", "squeezing", pytest.param("everything", marks=pytest.mark.slow(reason="many steps"))]
)
def example(request: pytest.FixtureRequest) -> Example:
    found: Example = request.getfixturevalue(request.param)
    return found


def assert_same_numbers(trace: Trace, example: Example, x: Tensor) -> None:
    document, graph = example.captured.document, example.network.graph
    with torch.no_grad():
        expected = interpret(document["nodes"], example.captured.tensors, x)
    assert [step.name for step in trace.steps[:-1]] == [node.name for node in graph.nodes]
    for node in graph.nodes:
        value = expected[node.name].numpy()
        np.testing.assert_array_equal(trace[node.name].output, value[0] if node.batch == 1 else value)


def test_every_step_has_the_numbers_of_the_interpreter(example: Example) -> None:
    trace = record(example.module, X)
    assert_same_numbers(trace, example, X)
    with torch.no_grad():
        np.testing.assert_array_equal(trace.logits, example.module(X)[0])
    with pytest.raises(AssertionError):
        assert_same_numbers(trace, example, X + 0.1)


def test_every_step_knows_its_inputs_by_name(example: Example) -> None:
    trace = record(example.module, X)
    for node in example.network.graph.nodes:
        step = trace[node.name]
        assert step.inputs == node.inputs
        for name, operand in zip(step.inputs, step.operands, strict=True):
            assert operand is (trace.image if name == IMAGE else trace[name].output) or name == IMAGE
        assert step.input is step.operands[0] if node.inputs else not step.input.size
        assert (step.number if isinstance(step, Row) else None) == node.row
    assert trace.steps[-1].inputs == (example.network.graph.logits,)


def test_adds_and_concatenations_have_several_inputs(residual: Example, squeezing: Example) -> None:
    first = next(node for node in residual.network.graph.nodes if node.op == Op.ADD)
    step = record(residual.module, X)[first.name]
    assert len(step.inputs) == 2
    np.testing.assert_array_equal(step.operands[0] + step.operands[1], step.output)
    joined = squeezing.network.all(Op.CAT)[0]
    assert len(record(squeezing.module, X)[joined.name].inputs) == 3


def arrays(trace: Trace) -> list[Any]:
    found = [trace.image, trace.logits, trace.log_probabilities]
    for step in trace.steps:
        found += [step.output, *step.operands, *step.parameters.values(), *step.buffers.values()]
    return found


def test_arrays_are_read_only_and_the_image_may_change_later(example: Example) -> None:
    x = X.clone()
    trace = record(example.module, x)
    before = [array.copy() for array in arrays(trace)]
    x.zero_()
    for array, copied in zip(arrays(trace), before, strict=True):
        assert not array.flags.writeable
        np.testing.assert_array_equal(array, copied)


def test_weights_are_shared_and_nothing_is_left_behind(residual: Example) -> None:
    module = residual.module
    modes = [(each.training, len(each._forward_hooks)) for each in module.modules()]
    step = next(step for step in record(module, X).steps if step.kind == LayerKind.CONVOLUTION)
    assert np.shares_memory(step.parameters["weight"], module.step(step.name).get_parameter("weight").detach())
    assert [(each.training, len(each._forward_hooks)) for each in module.modules()] == modes
    private = private_copy(module)
    pairs = [*zip(private.state_dict().values(), module.state_dict().values(), strict=True)]
    assert pairs
    assert all(one.data_ptr() == other.data_ptr() for one, other in pairs)
    private.train()
    assert not any(each.training for each in module.modules())
    assert {*map(id, private.modules())}.isdisjoint(map(id, module.modules()))


CHANGES: list[Any] = [
    pytest.param(lambda each: each.double(), id="double"),
    pytest.param(lambda each: each.half(), id="half"),
    pytest.param(lambda each: each.to(torch.bfloat16), id="to"),
    pytest.param(lambda each: each.to("meta"), id="to a device"),
    pytest.param(lambda each: each.requires_grad_(False), id="requires_grad_"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_private_copy_can_be_converted(residual: Example, change: Callable[[nn.Module], nn.Module]) -> None:
    """PyTorch converts the data of a parameter in place: that of the copy, and never that of the network."""
    module = residual.module.requires_grad_(True)
    before = record(module, X).logits
    kinds = [(id(each), each.dtype, each.device, each.requires_grad) for each in module.parameters()]
    private = private_copy(module)
    change(private)
    assert any(
        (one.dtype, one.device, one.requires_grad) != kind[1:]
        for one, kind in zip(private.parameters(), kinds, strict=True)
    )
    assert [(id(each), each.dtype, each.device, each.requires_grad) for each in module.parameters()] == kinds
    np.testing.assert_array_equal(record(module, X).logits, before)


def test_a_weight_in_two_places_of_a_private_copy_is_one() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    network[1].weight = network[0].weight
    for private in (private_copy(network), private_copy(network).double()):
        assert private[0].weight is private[1].weight
        assert private[0].weight is not network[0].weight


def test_a_copy_for_many_images_gives_what_the_network_gives_and_leaves_it_as_it_is(residual: Example) -> None:
    many = torch.randn(50, *X.shape[1:], generator=torch.Generator().manual_seed(0))
    layout = [each.stride() for each in residual.module.parameters()]
    with torch.no_grad():
        found, expected = copy_for_many(residual.module)(many), private_copy(residual.module)(many)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    assert [each.stride() for each in residual.module.parameters()] == layout


def test_recording_takes_few_calls() -> None:
    """As many as a pass of 1.5 ms may have; the time itself is in ``bench/trace.py``."""
    network, x = load("assignment").module, torch.zeros(1, 1, 28, 28)
    record(network, x)
    with cProfile.Profile() as profile:
        record(network, x)
    assert sum(entry.callcount for entry in profile.getstats()) < 2300


def test_a_failed_pass_leaves_no_hook_behind(residual: Example) -> None:
    with pytest.raises(Exception, match="shape"):
        record(residual.module, torch.zeros(1, 2, 9, 9))
    assert not any(each._forward_hooks for each in residual.module.modules())


def test_the_network_that_comes_along_is_the_class_step_by_step() -> None:
    x = to_input(samples()[0])
    for dropout in (False, True):
        one, other = (record(each, x, dropout=dropout, seed=3) for each in (load("assignment").module, weights.load()))
        assert [step.name for step in one.steps] == [step.name for step in other.steps]
        assert [(row.name, row.number) for row in one.rows] == [(row.name, row.number) for row in other.rows]
        for step, same in zip(one.steps, other.steps, strict=True):
            np.testing.assert_array_equal(step.output, same.output)
            assert step.kind == same.kind


def test_dropout_of_whole_maps_is_pytorchs(residual: Example) -> None:
    """The masks of PyTorch's own ``Dropout2d`` after the same seed."""
    trace = record(residual.module, X, dropout=True, seed=5)
    drops = [step for step in trace.steps if step.kind == LayerKind.DROPOUT]
    assert len(drops) == 2
    with torch.random.fork_rng():
        torch.manual_seed(5)
        for step in drops:
            expected = functional.dropout2d(torch.tensor(step.input)[None], 0.2)
            np.testing.assert_array_equal(step.output, expected[0])
    assert not all((step.output == step.input).all() for step in drops)


@pytest.mark.parametrize("plain", [False, True])
def test_eight_threads_get_what_each_gets_alone(plain: bool, residual: Example) -> None:
    module: nn.Module = weights.load() if plain else residual.module
    shape = (1, 28, 28) if plain else SHAPE
    jobs = [torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed)) for seed in range(8)]

    def contents(number: int) -> bytes:
        trace = record(module, jobs[number], dropout=number % 2 == 0, seed=number)
        return b"".join(step.output.tobytes() for step in trace.steps)

    alone = [contents(number) for number in range(8)]
    together = threading.Barrier(8)

    def ten_times(number: int) -> list[bytes]:
        together.wait(timeout=30)
        return [contents(number) for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ten_times, range(8))) == [[one] * 10 for one in alone]


# Without a graph: the identity of tensors


class Branched(nn.Module):
    """Two paths from one step, whose values are equal; in between may be something that is not recorded."""

    def __init__(self, between: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.left, self.right = nn.ReLU(), nn.ReLU(), nn.ReLU()
        self.last, self.between = nn.MaxPool2d(2), between

    def forward(self, x: Tensor) -> Tensor:
        """Return four numbers."""
        x = self.first(x)
        left, _ = self.left(x), self.right(x)
        return torch.flatten(self.last(self.between(left)), 1)


def test_equal_values_do_not_confuse_inputs() -> None:
    trace = record(Branched(lambda left: left), torch.ones(1, 1, 4, 4))
    assert [step.inputs for step in trace.steps] == [
        *((IMAGE,), ("first",), ("first",), ("left",), ("last",), ("flatten",)),
    ]


@pytest.mark.parametrize("between", [lambda x: x + 1, lambda x: x.add_(1)], ids=["a new tensor", "in place"])
def test_an_input_after_something_unrecorded_is_not_known(between: Callable[[Tensor], Tensor]) -> None:
    trace = record(Branched(between), torch.ones(1, 1, 4, 4))
    assert trace["last"].inputs == ()
    assert (trace["left"].output == 1).all()
    assert (trace["last"].input == 2).all()
    with pytest.raises(LookupError, match="input of last"):
        trace.source("last")


def test_sixty_steps_and_a_batch_that_is_split_are_recorded() -> None:
    nodes, last = [], IMAGE
    for number in range(60):
        nodes.append(Node(f"relu-0.{number + 1}", Op.RELU, (last,), shape=SHAPE))
        last = nodes[-1].name
    split = Node("view-0", Op.VIEW, (last,), {"batch": 2, "shape": (64,)}, batch=2, shape=(64,))
    back = Node("view-0.2", Op.VIEW, ("view-0",), {"batch": 1, "shape": (128,)}, shape=(128,))
    trace = record(NetworkModule(Graph((*nodes, split, back), SHAPE), {}), X)
    assert len(trace.steps) == 63
    np.testing.assert_array_equal(trace["view-0"].output, X.relu().reshape(2, 64))
    assert trace["view-0.2"].batches == (2, 1)
