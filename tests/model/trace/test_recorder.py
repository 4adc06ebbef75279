"""The trace: independent witnesses see the same numbers, nothing it looks at changes, and nobody disturbs another."""

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


@pytest.fixture
def network() -> AssignmentNetwork:
    """Return the trained network: its batch norms have running statistics worth checking."""
    return weights.load()


@pytest.fixture
def x() -> Tensor:
    return to_input(find("project-3a"))


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


FORGETFUL = Small(use=lambda _relu, x: x)
REPEATING = Small(use=lambda relu, x: once(relu, once(relu, x)))
MEDDLING = Small(use=lambda relu, x: once(relu, x.add_(1)))  # behind the modules' back
IN_PLACE = Small(nn.ReLU(inplace=True))


class Failing(nn.ReLU):
    """A step that breaks off."""

    def forward(self, x: Tensor) -> Tensor:
        """Raise."""
        raise ArithmeticError


# The steps and their names


def test_its_rows_are_those_of_the_printed_table(network: AssignmentNetwork, x: Tensor) -> None:
    rows = record(network, x).rows
    assert [row.name for row in rows] == ROWS
    assert [row.number for row in rows] == list(range(1, 24))


def test_what_the_table_hides_is_a_step_but_no_row(network: AssignmentNetwork, x: Tensor) -> None:
    trace = record(network, x)
    assert len(trace.steps) == 31
    assert [step.name for step in trace.steps if not isinstance(step, Row)] == HIDDEN


def test_a_relu_follows_the_convolution_that_it_is_named_after(network: AssignmentNetwork, x: Tensor) -> None:
    for before, step in pairwise(record(network, x).steps):
        if step.kind is LayerKind.RELU:
            assert before.name == step.name.replace("ReLU", "Conv2d")


def test_each_step_takes_in_what_the_one_before_put_out(network: AssignmentNetwork, x: Tensor) -> None:
    trace = record(network, x)
    assert trace.steps[0].input.tobytes() == trace.image.tobytes() == x.numpy().tobytes()
    for before, step in pairwise(trace.steps[:-1]):
        np.testing.assert_array_equal(step.input, before.output)


def test_each_step_holds_what_its_module_learned_and_keeps(network: AssignmentNetwork, x: Tensor) -> None:
    for step in record(network, x).steps[:-2]:
        held = {**step.parameters, **step.buffers}
        state = network.get_submodule(step.name).state_dict()
        assert held.keys() == state.keys()
        for key, values in held.items():
            np.testing.assert_array_equal(values, state[key].numpy())


def test_it_ends_in_what_pytorch_says_of_the_image(network: AssignmentNetwork, x: Tensor) -> None:
    trace = record(network, x)
    with torch.no_grad():
        logits = network(x)[0]
    assert torch.equal(torch.tensor(trace.logits), logits)
    assert torch.equal(torch.tensor(trace.log_probabilities), logits.log_softmax(0))
    assert trace.probabilities.sum() == pytest.approx(1)
    assert trace.prediction == logits.argmax()


def test_its_blocks_cut_the_steps_before_each_convolution_and_pool(network: AssignmentNetwork, x: Tensor) -> None:
    trace = record(network, x)
    assert tuple(chain.from_iterable(trace.blocks)) == trace.steps
    leading = re.compile("Conv|MaxPool|AvgPool")
    assert [[bool(leading.match(step.name)) for step in block] for block in trace.blocks] == [
        [True] + [False] * (len(block) - 1) for block in trace.blocks
    ]


def test_asking_for_an_unknown_step_names_what_there_is(network: AssignmentNetwork, x: Tensor) -> None:
    with pytest.raises(KeyError, match=r"'Conv2d-2'; there are Conv2d-1, ReLU-1, .*, log-softmax"):
        record(network, x)["Conv2d-2"]


def test_nothing_in_it_can_be_written_to(network: AssignmentNetwork, x: Tensor) -> None:
    trace = record(network, x)
    arrays = [trace.image, trace.logits, trace.log_probabilities]
    for step in trace.steps:
        arrays += [step.input, step.output, *step.parameters.values(), *step.buffers.values()]
    assert not any(array.flags.writeable for array in arrays)


def test_it_reads_a_network_that_is_no_sequence() -> None:
    network = Small()
    trace = record(network, ONE_IMAGE)
    assert [step.name for step in trace.steps] == [
        *("conv", "relu", "head.pool", "head.scores"),
        *("flatten", "log-softmax"),
    ]
    assert torch.equal(torch.tensor(trace["conv"].output), network.conv(ONE_IMAGE)[0])
    assert torch.equal(torch.tensor(trace.logits), network(ONE_IMAGE)[0])


def test_an_activation_changed_behind_its_back_is_recorded_as_each_step_saw_it() -> None:
    trace = record(MEDDLING, ONE_IMAGE)
    np.testing.assert_array_equal(trace["relu"].input, trace["conv"].output + 1)


# The same numbers, said by others

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
        warnings.simplefilter("ignore")  # what torchlens says of itself is not our subject
        seen = torchlens.trace(network, x, capture=CaptureOptions(unwrap_when_done=True))
    return {name: seen.modules[name].out for name, _ in network.named_children()}


def assert_agrees(trace: Trace, witness: Activations) -> None:
    assert [step.name for step in trace.steps[:-2]] == list(witness)
    for name, activation in witness.items():
        assert torch.equal(torch.tensor(trace[name].output), activation[0]), name


@pytest.mark.parametrize("witness", [by_hand, by_torchvision, by_torchlens])
@torch.no_grad()
def test_every_step_is_what_an_independent_witness_sees(
    witness: Callable[[nn.Sequential, Tensor], Activations], network: AssignmentNetwork, x: Tensor
) -> None:
    assert_agrees(record(network, x), witness(network, x))


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
def test_dropout_is_what_plain_pytorch_drops(seed: int, network: AssignmentNetwork, x: Tensor) -> None:
    trace = record(network, x, dropout=True, seed=seed)
    assert_agrees(trace, with_plain_dropout(network, x, seed, training=nn.Dropout))


@pytest.mark.parametrize("wrong", [nn.Module, nn.BatchNorm2d], ids=["everything", "batch norms"])
def test_another_training_mode_does_not_agree(wrong: type[nn.Module], network: AssignmentNetwork, x: Tensor) -> None:
    with pytest.raises(AssertionError):
        assert_agrees(record(network, x, dropout=True), with_plain_dropout(network, x, 0, training=wrong))


def test_the_seed_decides_the_masks(network: AssignmentNetwork, x: Tensor) -> None:
    one, same, other = (record(network, x, dropout=True, seed=seed)["Dropout-3"].output for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert ((one == 0) != (other == 0)).any()


# What it leaves alone


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
def test_the_network_stays_as_it_was(dropout: bool, training: bool, network: AssignmentNetwork, x: Tensor) -> None:
    network.train(training)
    before = condition(network)
    record(network, x, dropout=dropout)
    assert condition(network) == before


@pytest.mark.parametrize(
    ("network", "x", "error"),
    [
        (Small(Failing()), ONE_IMAGE, ArithmeticError),
        (Small(), torch.zeros(1, 3, 8, 8), RuntimeError),
        (FORGETFUL, ONE_IMAGE, TraceError),
    ],
    ids=["a step raises", "the shape is wrong", "a step never runs"],
)
def test_the_network_stays_as_it_was_when_recording_fails(
    network: nn.Module, x: Tensor, error: type[Exception]
) -> None:
    before = condition(network)
    with pytest.raises(error):
        record(network, x)
    assert condition(network) == before


def test_the_global_generator_stays_as_it_was(network: AssignmentNetwork, x: Tensor) -> None:
    before = torch.get_rng_state()
    record(network, x, dropout=True, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.usefixtures("one_thread")
def test_a_thousand_traces_leave_no_memory_behind(network: AssignmentNetwork, x: Tensor) -> None:
    def after_calls(number: int) -> int:
        for seed in range(number):
            record(network, x, dropout=True, seed=seed)
        gc.collect()
        return sys.getallocatedblocks()

    before = after_calls(20)
    assert after_calls(1_000) - before < 1_000, "not one Python object a call may stay, and an array or tensor is one"


# Many people, one network


@pytest.mark.usefixtures("one_thread")
def test_eight_people_at_once_each_get_what_they_get_alone(network: AssignmentNetwork) -> None:
    choices: list[dict[str, Any]] = [
        {"x": to_input(digit), "dropout": number % 4 != 0, "seed": number}
        for number, digit in enumerate(samples()[::6][:8])
    ]
    alone = [contents(record(network, **choice)) for choice in choices]
    together = threading.Barrier(len(choices))

    def ten_times(choice: dict[str, Any]) -> list[bytes]:
        together.wait(timeout=30)
        return [contents(record(network, **choice)) for _ in range(10)]

    with ThreadPoolExecutor(len(choices)) as people:
        for expected, found in zip(alone, people.map(ten_times, choices), strict=True):
            assert found == [expected] * 10


def contents(trace: Trace) -> bytes:
    return b"".join(step.input.tobytes() + step.output.tobytes() for step in trace.steps)


# What it refuses


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (FORGETFUL, r"never ran: relu\."),
        (nn.Identity(), "the network has none"),
        (REPEATING, r"relu ran twice\."),
        (IN_PLACE, r"relu works in place\."),
    ],
)
def test_a_network_that_cannot_be_shown_truthfully_is_refused(network: nn.Module, sentence: str) -> None:
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
def test_what_is_not_one_image_of_finite_values_is_refused(x: Tensor, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        record(Small(), x)


def test_every_kind_of_module_in_the_network_is_known_to_the_trace(network: AssignmentNetwork) -> None:
    assert all(layers.of_module(module) for module in network.children())
