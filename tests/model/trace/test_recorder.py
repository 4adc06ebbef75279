"""The recorder: witnesses get the same numbers, the network does not change, and threads do not interfere."""

import copy
import gc
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pytest
import torch
import torchlens
from torch import Tensor, nn
from torchlens.options import CaptureOptions
from torchvision.models.feature_extraction import create_feature_extractor

from model import layers
from model.errors import InputError, TraceError
from model.images.digits import find, samples, to_input
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.trace import record
from model.trace.records import LayerKind, Row, Trace

# fmt: off
ROWS = [
    "Conv2d-1", "BatchNorm2d-2", "Dropout-3",
    "Conv2d-4", "BatchNorm2d-5", "Dropout-6",
    "Conv2d-7", "BatchNorm2d-8", "Dropout-9",
    "MaxPool2d-10", "BatchNorm2d-11", "Dropout-12",
    "Conv2d-13", "BatchNorm2d-14", "Dropout-15",
    "Conv2d-16", "BatchNorm2d-17", "Dropout-18",
    "Conv2d-19", "BatchNorm2d-20", "Dropout-21",
    "AvgPool2d-22", "Conv2d-23",
]
# fmt: on
HIDDEN = ["ReLU-1", "ReLU-4", "ReLU-7", "ReLU-13", "ReLU-16", "ReLU-19", "flatten", "log-softmax"]
ONE_IMAGE = torch.linspace(-1, 1, 64).reshape(1, 1, 8, 8)


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    """Return the trained network, whose batch norms have running statistics; no test may change it."""
    return weights.load()


@pytest.fixture(scope="module")
def x() -> Tensor:
    return to_input(find("project-3a"))


@pytest.fixture(scope="module")
def trace(network: AssignmentNetwork, x: Tensor) -> Trace:
    return record(network, x)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread, as the app does: many callers share few cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


Use = Callable[[nn.Module, Tensor], Tensor]


def once(relu: nn.Module, x: Tensor) -> Tensor:
    return torch.as_tensor(relu(x))


class Small(nn.Module):
    """A network that is no ``nn.Sequential``, (1, 1, 8, 8) -> (1, 2), and may use its ReLU in a strange way."""

    def __init__(self, relu: nn.Module | None = None, use: Use = once) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, 3, 3)
        self.relu = relu or nn.ReLU()
        self.use = use
        self.head = nn.ModuleDict({"pool": nn.AvgPool2d(6), "scores": nn.Conv2d(3, 2, 1)})

    def forward(self, x: Tensor) -> Tensor:
        """Return two scores."""
        pooled = self.head["pool"](self.use(self.relu, self.conv(x)))
        return torch.flatten(self.head["scores"](pooled), 1)


SKIPPING = Small(use=lambda _relu, x: x)
REPEATING = Small(use=lambda relu, x: once(relu, once(relu, x)))
CHANGING = Small(use=lambda relu, x: once(relu, x.add_(1)))  # outside any module
IN_PLACE = Small(nn.ReLU(inplace=True))


class Failing(nn.ReLU):
    """A step that breaks off."""

    def forward(self, x: Tensor) -> Tensor:
        """Raise."""
        raise ArithmeticError


# The steps and their names


def test_rows_are_those_of_the_printed_table(trace: Trace) -> None:
    assert [row.name for row in trace.rows] == ROWS
    assert [row.number for row in trace.rows] == list(range(1, 24))


def test_hidden_steps_are_steps_but_not_rows(trace: Trace) -> None:
    assert len(trace.steps) == 31
    assert [step.name for step in trace.steps if not isinstance(step, Row)] == HIDDEN


def test_relu_follows_the_convolution_of_its_name(trace: Trace) -> None:
    for before, step in pairwise(trace.steps):
        if step.kind is LayerKind.RELU:
            assert before.name == step.name.replace("ReLU", "Conv2d")


def test_input_of_each_step_is_the_output_before(trace: Trace, x: Tensor) -> None:
    assert trace.steps[0].input.tobytes() == trace.image.tobytes() == x.numpy().tobytes()
    for before, step in pairwise(trace.steps[:-1]):
        np.testing.assert_array_equal(step.input, before.output)


def test_steps_have_the_parameters_and_buffers_of_their_module(network: AssignmentNetwork, trace: Trace) -> None:
    for step in trace.steps[:-2]:
        held = {**step.parameters, **step.buffers}
        state = network.get_submodule(step.name).state_dict()
        assert held.keys() == state.keys()
        for key, values in held.items():
            np.testing.assert_array_equal(values, state[key].numpy())


def test_trace_logits_and_probabilities_are_pytorchs(network: AssignmentNetwork, trace: Trace, x: Tensor) -> None:
    with torch.no_grad():
        logits = network(x)[0]
    assert torch.equal(torch.tensor(trace.logits), logits)
    assert torch.equal(torch.tensor(trace.log_probabilities), logits.log_softmax(0))
    assert trace.probabilities.sum() == pytest.approx(1)
    assert trace.prediction == logits.argmax()


def test_blocks_start_at_each_convolution_and_pool(trace: Trace) -> None:
    assert tuple(chain.from_iterable(trace.blocks)) == trace.steps
    leading = re.compile("Conv|MaxPool|AvgPool")
    assert [[bool(leading.match(step.name)) for step in block] for block in trace.blocks] == [
        [True] + [False] * (len(block) - 1) for block in trace.blocks
    ]


def test_unknown_step_raises_with_the_known_names(trace: Trace) -> None:
    with pytest.raises(KeyError, match=r"'Conv2d-2'; there are Conv2d-1, ReLU-1, .*, log-softmax"):
        trace["Conv2d-2"]


def test_trace_arrays_are_read_only(trace: Trace) -> None:
    arrays = [trace.image, trace.logits, trace.log_probabilities]
    for step in trace.steps:
        arrays += [step.input, step.output, *step.parameters.values(), *step.buffers.values()]
    assert not any(array.flags.writeable for array in arrays)


def test_record_works_without_nn_sequential() -> None:
    network = Small()
    trace = record(network, ONE_IMAGE)
    assert [step.name for step in trace.steps] == [
        *("conv", "relu", "head.pool", "head.scores"),
        *("flatten", "log-softmax"),
    ]
    assert torch.equal(torch.tensor(trace["conv"].output), network.conv(ONE_IMAGE)[0])
    assert torch.equal(torch.tensor(trace.logits), network(ONE_IMAGE)[0])


def test_record_keeps_an_activation_that_is_changed_later() -> None:
    trace = record(CHANGING, ONE_IMAGE)
    np.testing.assert_array_equal(trace["relu"].input, trace["conv"].output + 1)


# The same numbers from independent witnesses

Activations = Mapping[str, Tensor]


def by_hand(network: nn.Sequential, x: Tensor) -> Activations:
    """Run the modules one after another."""
    found = {}
    for name, module in network.named_children():
        found[name] = x = module(x)
    return found


def by_torchvision(network: nn.Sequential, x: Tensor) -> Activations:
    names = [name for name, _ in network.named_children()]
    found: Activations = create_feature_extractor(network, names)(x)
    return found


def by_torchlens(network: nn.Sequential, x: Tensor) -> Activations:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchlens warns about itself
        seen = torchlens.trace(network, x, capture=CaptureOptions(unwrap_when_done=True))
    return {name: seen.modules[name].out for name, _ in network.named_children()}


def assert_agrees(trace: Trace, witness: Activations) -> None:
    assert [step.name for step in trace.steps[:-2]] == list(witness)
    for name, activation in witness.items():
        assert torch.equal(torch.tensor(trace[name].output), activation[0]), name


TORCHLENS = pytest.param(by_torchlens, marks=pytest.mark.slow)  # it wraps every function of PyTorch


@pytest.mark.parametrize("witness", [by_hand, by_torchvision, TORCHLENS])
@torch.no_grad()
def test_record_agrees_with_an_independent_witness(
    witness: Callable[[nn.Sequential, Tensor], Activations], network: AssignmentNetwork, trace: Trace, x: Tensor
) -> None:
    assert_agrees(trace, witness(network, x))


@torch.no_grad()
def with_plain_dropout(network: nn.Sequential, x: Tensor, seed: int, training: type[nn.Module]) -> Activations:
    """Run PyTorch's own dropout from the global seed, with all modules of one type in training mode."""
    private = copy.deepcopy(network).eval()
    for module in private.modules():
        if isinstance(module, training):
            module.train()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return by_hand(private, x)


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_record_with_dropout_agrees_with_pytorch(seed: int, network: AssignmentNetwork, x: Tensor) -> None:
    trace = record(network, x, dropout=True, seed=seed)
    assert_agrees(trace, with_plain_dropout(network, x, seed, training=nn.Dropout))


@pytest.mark.parametrize("wrong", [nn.Module, nn.BatchNorm2d], ids=["everything", "batch norms"])
def test_record_check_fails_for_another_training_mode(
    wrong: type[nn.Module], network: AssignmentNetwork, x: Tensor
) -> None:
    with pytest.raises(AssertionError):
        assert_agrees(record(network, x, dropout=True), with_plain_dropout(network, x, 0, training=wrong))


def test_record_masks_depend_on_the_seed_only(network: AssignmentNetwork, x: Tensor) -> None:
    one, same, other = (record(network, x, dropout=True, seed=seed)["Dropout-3"].output for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert ((one == 0) != (other == 0)).any()


# What does not change


def condition(network: nn.Module) -> list[object]:
    """List all that could be changed: modes, hooks, values to the bit, gradients."""
    modules = [
        (name, module.training, len(module._forward_hooks), len(module._forward_pre_hooks), len(module._backward_hooks))
        for name, module in network.named_modules()
    ]
    tensors = [
        (name, id(tensor), tensor.requires_grad, tensor.grad, tensor.detach().numpy().tobytes())
        for name, tensor in chain(network.named_parameters(), network.named_buffers())
    ]
    return [*modules, *tensors]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dropout", [False, True])
def test_record_does_not_change_the_network(
    dropout: bool, training: bool, network: AssignmentNetwork, x: Tensor
) -> None:
    own = copy.deepcopy(network).train(training)
    before = condition(own)
    record(own, x, dropout=dropout)
    assert condition(own) == before


@pytest.mark.parametrize(
    ("network", "x", "error"),
    [
        (Small(Failing()), ONE_IMAGE, ArithmeticError),
        (Small(), torch.zeros(1, 3, 8, 8), RuntimeError),
        (SKIPPING, ONE_IMAGE, TraceError),
    ],
    ids=["a step raises", "the shape is wrong", "a step never runs"],
)
def test_failed_record_does_not_change_the_network(network: nn.Module, x: Tensor, error: type[Exception]) -> None:
    before = condition(network)
    with pytest.raises(error):
        record(network, x)
    assert condition(network) == before


def test_record_does_not_use_the_global_generator(network: AssignmentNetwork, x: Tensor) -> None:
    before = torch.get_rng_state()
    record(network, x, dropout=True, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


LEAK_CALLS = [100, pytest.param(1_000, marks=pytest.mark.exhaustive)]


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("calls", LEAK_CALLS)
def test_record_leaks_no_memory(calls: int, network: AssignmentNetwork, x: Tensor) -> None:
    def after_calls(number: int) -> int:
        for seed in range(number):
            record(network, x, dropout=True, seed=seed)
        gc.collect()
        return sys.getallocatedblocks()

    before = after_calls(20)
    assert after_calls(calls) - before < calls, "a call leaves no Python object behind, such as an array or a tensor"


# Several threads


@pytest.mark.usefixtures("one_thread")
def test_record_in_eight_threads_equals_record_alone(network: AssignmentNetwork) -> None:
    choices: list[dict[str, Any]] = [
        {"x": to_input(digit), "dropout": number % 4 != 0, "seed": number}
        for number, digit in enumerate(samples()[::6][:8])
    ]
    alone = [contents(record(network, **choice)) for choice in choices]
    together = threading.Barrier(len(choices))

    def ten_times(choice: dict[str, Any]) -> list[bytes]:
        together.wait(timeout=30)
        return [contents(record(network, **choice)) for _ in range(10)]

    with ThreadPoolExecutor(len(choices)) as pool:
        for expected, found in zip(alone, pool.map(ten_times, choices), strict=True):
            assert found == [expected] * 10


def contents(trace: Trace) -> bytes:
    return b"".join(step.input.tobytes() + step.output.tobytes() for step in trace.steps)


# Errors


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (SKIPPING, r"never ran: relu\."),
        (nn.Identity(), "the network has none"),
        (REPEATING, r"relu ran twice\."),
        (IN_PLACE, r"relu works in place\."),
    ],
)
def test_record_refuses_a_network_that_it_cannot_record(network: nn.Module, sentence: str) -> None:
    with pytest.raises(TraceError, match=sentence):
        record(network, ONE_IMAGE)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        pytest.param(ONE_IMAGE.repeat(2, 1, 1, 1), r"\(2, 1, 8, 8\)", id="a batch of two"),
        pytest.param(ONE_IMAGE[0], r"\(1, 8, 8\)", id="no batch"),
        pytest.param(ONE_IMAGE / 0, "finite", id="infinite"),
        pytest.param(ONE_IMAGE * torch.nan, "finite", id="not a number"),
    ],
)
def test_record_refuses_anything_but_one_finite_image(x: Tensor, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        record(Small(), x)


def test_every_module_of_the_network_is_a_known_layer(network: AssignmentNetwork) -> None:
    assert all(layers.of_module(module) for module in network.children())
