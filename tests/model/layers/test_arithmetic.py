"""The arithmetic of shapes, parameters and cost, held against what PyTorch made and counted."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from model import layers
from model.layers.records import Arithmetic, Calculation
from model.networks.assignment import weights
from model.networks.assignment.network import IMAGE_SHAPE, AssignmentNetwork
from model.trace import record
from model.trace.records import Step, Trace

# PyTorch warns that 'same' padding with an even kernel copies its input; the result is what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 3))
SHAPES = st.tuples(st.integers(3, 12), st.integers(3, 12))


@pytest.fixture(scope="module")
def trained() -> AssignmentNetwork:
    return weights.load()


@pytest.fixture(scope="module")
def trace(trained: AssignmentNetwork) -> Trace:
    return record(trained, torch.zeros(1, *IMAGE_SHAPE))


@pytest.fixture(scope="module")
def worked(trace: Trace) -> dict[str, Arithmetic]:
    return layers.arithmetic(trace)


def evaluated(numbers: str) -> int:
    """Work out a printed line of numbers as a reader would."""
    code = numbers.replace(",", "").replace("×", "*").replace("−", "-")
    for bracket, name in (("⌊", "floor("), ("⌈", "ceil(")):
        code = code.replace(bracket, name)
    for tail in ("⌋", "⌉"):
        code = code.replace(tail, ")")
    code = code.split(" that ")[0]
    result = eval(code, {"__builtins__": {}}, {"floor": math.floor, "ceil": math.ceil})  # noqa: S307
    assert isinstance(result, int)
    return result


def lines_of(arithmetic: Arithmetic) -> list[Calculation]:
    others = (arithmetic.multiply_accumulates, arithmetic.memory)
    return [*arithmetic.shape, *arithmetic.parameters, *arithmetic.buffers, *others]


def check(network: nn.Module, *shape: int) -> None:
    trace = record(network, torch.zeros(1, *shape))
    for name, arithmetic in layers.arithmetic(trace).items():
        assert tuple(line.result for line in arithmetic.shape) == trace[name].output.shape
        assert [evaluated(line.numbers) for line in lines_of(arithmetic)] == [
            line.result for line in lines_of(arithmetic)
        ]


@given(st.data())
@settings(max_examples=80)
def test_the_worked_out_shape_is_what_came_out(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["conv", "max", "average", "same"]))
    kernel, stride, shape = data.draw(SIZES), data.draw(SIZES), data.draw(SHAPES)
    dilation = (1, 1) if kind == "average" else data.draw(SIZES)
    y, x = (data.draw(st.integers(0, 4 if kind == "conv" else k // 2)) for k in kernel)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    assume(kind == "same" or all(n + 2 * p >= s for n, p, s in zip(shape, (y, x), spans, strict=True)))
    rounded = data.draw(st.booleans())
    modules: dict[str, Callable[[], nn.Module]] = {
        "conv": lambda: nn.Conv2d(2, 4, kernel, stride, (y, x), dilation, groups=2, bias=rounded),
        "same": lambda: nn.Conv2d(2, 3, kernel, padding="same", dilation=dilation),
        "max": lambda: nn.MaxPool2d(kernel, stride, (y, x), dilation, ceil_mode=rounded),
        "average": lambda: nn.AvgPool2d(kernel, stride, (y, x), ceil_mode=rounded),
    }
    check(nn.Sequential(modules[kind]()), 2, *shape)


@pytest.mark.parametrize(
    "modules",
    [
        (nn.AdaptiveAvgPool2d((2, 4)), nn.BatchNorm2d(2), nn.ReLU(), nn.Dropout()),
        (nn.Flatten(), nn.Linear(70, 5), nn.Linear(5, 3, bias=False), nn.Softmax(1)),
        (nn.BatchNorm2d(2, affine=False), nn.Flatten(), nn.LogSoftmax(1)),
    ],
    ids=str,
)
def test_every_other_kind_has_the_shape_that_came_out(modules: tuple[nn.Module, ...]) -> None:
    check(nn.Sequential(*modules), 2, 5, 7)


def test_a_last_window_that_would_begin_in_the_padding_is_left_out() -> None:
    network = nn.Sequential(nn.MaxPool2d(2, 3, 1, ceil_mode=True))
    line = layers.arithmetic(record(network, torch.zeros(1, 1, 5, 5)))["0"].shape[1]
    assert line.numbers == "⌈(5 + 2 − 1 × (2 − 1) − 1) / 3⌉ + 1 − 1"
    check(network, 1, 5, 5)


def without_dilation(step: Step) -> int:
    return int((step.input.shape[1] - step.settings["kernel_size"][0]) // step.settings["stride"][0] + 1)


def test_a_shape_without_the_dilation_is_not_what_came_out() -> None:
    trace = record(nn.Sequential(nn.Conv2d(1, 1, 3, 2, dilation=2)), torch.zeros(1, 1, 11, 11))
    assert layers.arithmetic(trace)["0"].shape[1].result == trace["0"].output.shape[1] == 4
    assert without_dilation(trace["0"]) == 5


def test_every_printed_line_of_the_network_gives_its_result(trained: AssignmentNetwork) -> None:
    check(trained, *IMAGE_SHAPE)


def test_the_parameters_of_the_lines_are_those_of_pytorch(
    trained: AssignmentNetwork, worked: dict[str, Arithmetic]
) -> None:
    for name, module in trained.named_children():
        assert worked[name].parameter_count == sum(p.numel() for p in module.parameters())
    assert sum(each.parameter_count for each in worked.values()) == sum(p.numel() for p in trained.parameters())
    assert worked["Conv2d-4"].parameter_line == "16 × 8 × 3 × 3 + 16 = 1,168"
    assert worked["Dropout-3"].parameter_line == "0"


def test_the_running_total_adds_up_to_10066(worked: dict[str, Arithmetic]) -> None:
    total = 0
    for arithmetic in worked.values():
        total += arithmetic.parameter_count
        assert arithmetic.running_total == total
    assert total == 10_066


def test_buffers_are_no_parameters(trained: AssignmentNetwork, worked: dict[str, Arithmetic]) -> None:
    for name, module in trained.named_children():
        assert [line.result for line in worked[name].buffers] == [b.numel() for b in module.buffers()]
    norm = worked["BatchNorm2d-5"]
    assert [line.name for line in norm.buffers] == ["running mean", "running var", "num batches tracked"]
    assert [line.name for line in norm.parameters] == ["scale", "shift"]
    assert norm.parameter_count == 32


def flops(network: nn.Module, shape: tuple[int, ...]) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, *shape))
    return int(counter.get_total_flops())


def test_multiply_accumulates_are_half_of_the_flops_that_pytorch_counts(
    trained: AssignmentNetwork, trace: Trace, worked: dict[str, Arithmetic]
) -> None:
    for name, module in trained.named_children():
        assert 2 * worked[name].multiply_accumulates.result == flops(module, trace[name].input.shape)
    total = sum(each.multiply_accumulates.result for each in worked.values())
    assert 2 * total == flops(trained, IMAGE_SHAPE)


@pytest.mark.parametrize(
    "module", [nn.Conv2d(4, 6, 3, 2, 1, groups=2), nn.Conv2d(4, 4, (1, 3), padding="same")], ids=str
)
def test_groups_and_padding_cost_what_pytorch_counts(module: nn.Conv2d) -> None:
    trace = record(nn.Sequential(module), torch.zeros(1, 4, 7, 8))
    assert 2 * layers.arithmetic(trace)["0"].multiply_accumulates.result == flops(module, (4, 7, 8))


def test_a_linear_layer_costs_what_pytorch_counts() -> None:
    network = nn.Sequential(nn.Linear(7, 5))
    line = layers.arithmetic(record(nn.Sequential(nn.Flatten(), *network), torch.zeros(1, 7, 1, 1)))["1"]
    assert 2 * line.multiply_accumulates.result == flops(network, (7,)) == 70


def test_one_convolution_does_half_of_the_work_with_a_quarter_of_the_parameters(worked: dict[str, Arithmetic]) -> None:
    conv, total = worked["Conv2d-7"], sum(each.multiply_accumulates.result for each in worked.values())
    assert round(100 * conv.parameter_count / 10_066) == 23
    assert round(100 * conv.multiply_accumulates.result / total) == 52


def test_memory_is_that_of_the_recorded_output(trace: Trace, worked: dict[str, Arithmetic]) -> None:
    assert {name: each.memory.result for name, each in worked.items()} == {s.name: s.output.nbytes for s in trace.steps}
