"""Every kind of step of a graph: every unit worked out term by term, and a wrong twin of each rule that fails."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from model import layers
from model.graph.capture import capture, to_bytes
from model.graph.records import Graph, Op
from model.layers.registry import of_op
from model.networks.file import read
from model.records import Unit
from model.trace import record
from model.trace.records import LayerKind, Step, Trace
from tests.model.conftest import Example
from tests.model.graph.authors import SHAPE
from tests.model.graph.build import Builder
from tests.model.graph.facts import fact_files, needs_facts, read_facts, rebuilt

CLOSE, APART = 1e-5, 1e-3
Rule = Callable[[Step, Unit], float]


def units_of(step: Step, most: int | None = None) -> Iterator[Unit]:
    """Yield all units, or some that are drawn."""
    channels, height, width = step.maps.shape
    if most is None or step.maps.size <= most:
        yield from product(range(channels), range(height), range(width))
    else:
        for c, y, x in np.random.default_rng(0).integers(0, step.maps.shape, size=(most, 3)):
            yield int(c), int(y), int(x)


def assert_explained(trace: Trace, step: Step, most: int | None = None) -> bool:
    """Compare units of a step with their arithmetic; return whether there is a rule."""
    scale = max(1.0, float(np.abs(step.output).max()))
    for unit in units_of(step, most):
        found = layers.explain(trace, step.name, unit)
        if not found.is_worked_out:
            assert (found.terms, found.formula) == ((), "not worked out")
            return False
        assert abs(found.value - found.recorded) <= CLOSE * scale, (step.name, step.kind, unit)
        total = sum(term.product for term in found.terms) + found.bias
        size = max(1.0, sum(abs(term.product) for term in found.terms))
        softmax = step.kind in {LayerKind.SOFTMAX, LayerKind.LOG_SOFTMAX}
        assert softmax or abs(total - found.value) <= 1e-9 * size, (step.name, step.kind, unit)
        for term in found.terms:
            assert term.value == trace.maps_of(term.source or found.source)[term.unit], (step.name, step.kind, unit)
            assert term.weight is None or abs(term.value * term.weight - term.product) <= 1e-9 * size
    return True


def assert_counted(trace: Trace, graph: Graph) -> None:
    """Compare shape, cost and parameters of every node with those of the graph."""
    arithmetic = layers.arithmetic(trace)
    for node in graph.nodes:
        found, step = arithmetic[node.name], trace[node.name]
        assert tuple(line.result for line in found.shape) == step.output.shape, node
        assert found.multiply_accumulates.result == node.multiply_accumulates, node
        assert found.parameter_count == sum(values.size for values in step.parameters.values())


# ---- whole networks ----

UNWORKED = {Op.POW, Op.EXP, Op.LOG, Op.SQRT, Op.RSQRT, Op.ABS, Op.NEG, Op.RECIPROCAL}


@pytest.mark.slow(reason="works out every unit of a network with every operation")
@pytest.mark.parametrize("name", ["residual", "squeezing", "everything"])
def test_every_unit_of_a_network_is_explained(name: str, request: pytest.FixtureRequest) -> None:
    example: Example = request.getfixturevalue(name)
    graph = example.network.graph
    trace = record(example.module, torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(2)))
    assert_counted(trace, graph)
    for node in graph.nodes:
        worked = assert_explained(trace, trace[node.name], 60)
        assert worked == (node.op not in UNWORKED), node
    assert layers.arithmetic(trace)["log-softmax"].running_total == graph.used  # what steps share counts once


SAMPLE = 14
PATHS = [
    pytest.param(path, id=path.stem, marks=pytest.mark.exhaustive if number % SAMPLE else ())
    for number, path in enumerate(fact_files())
]


@needs_facts()
@pytest.mark.slow(reason="exports a network")
@pytest.mark.parametrize("path", PATHS)
def test_drawn_units_of_a_real_network_are_explained(path: Path) -> None:
    facts = read_facts(path)
    network = read(to_bytes(capture(rebuilt(facts, "functions"), facts["input_shape"])))
    x = torch.randn(1, *facts["input_shape"], generator=torch.Generator().manual_seed(3))
    trace = record(network.module, x)
    assert_counted(trace, network.graph)
    for node in network.graph.nodes:
        assert assert_explained(trace, trace[node.name], 6) == (node.op not in UNWORKED), node


def test_an_operation_without_a_rule_is_shown_and_says_so() -> None:
    build = Builder((1, 2, 2))
    name = build.add(Op.SQRT)
    trace = record(build.module(), torch.full((1, 1, 2, 2), 9.0))
    found = layers.explain(trace, name, (0, 1, 1))
    assert (found.is_worked_out, found.terms, found.symbols, found.recorded) == (False, (), "not worked out", 3.0)
    assert "not worked out" in layers.describe(trace[name])
    assert [line.result for line in layers.arithmetic(trace)[name].shape] == [1, 2, 2]


def test_the_operations_without_a_rule_are_known() -> None:
    assert {op for op in Op if of_op(op) is None} == UNWORKED


# ---- each rule, and a wrong twin of it ----


def whole(formula: Callable[..., Tensor]) -> Rule:
    """Return a rule for units from a formula of the inputs, each (1, ...), and of the step."""

    def rule(step: Step, unit: Unit) -> float:
        batches = step.batches or (1,) * len(step.operands)
        given = [torch.tensor(each if n != 1 else each[None]) for each, n in zip(step.operands, batches, strict=False)]
        result = formula(step, *given)
        return float(result.numpy().reshape(step.maps.shape)[unit])

    return rule


def with_half(op: Op, **settings: Any) -> Callable[[Builder], None]:
    """Return what builds a step of two inputs: the image, and its double."""

    def build(builder: Builder) -> None:
        double = builder.add(Op.MUL, value=2.0)
        shifted = builder.add(Op.ADD, double, value=0.3, alpha=1.0)
        builder.add(op, "image", shifted, **settings)

    return build


def alone(op: Op, weights: Any = None, **settings: Any) -> Callable[[Builder], None]:
    return lambda builder: void(builder.add(op, "image", weights=weights, **settings))


def void(_: object) -> None:
    return None


def gate(builder: Builder) -> None:
    builder.add(Op.MEAN, "image", dims=(2, 3), keepdim=True)
    builder.add(Op.MUL, "image", builder.add(Op.SIGMOID))


def three(builder: Builder) -> None:
    builder.add(Op.CAT, "image", builder.add(Op.RELU), "image", dim=1)


def stored(builder: Builder) -> None:
    builder.add(Op.MUL, "image", builder.add(Op.PARAMETER, weights={"value": (4, 1, 1)}))


def w(step: Step, key: str) -> Tensor:
    return torch.tensor(step.parameters[key])


def norm(step: Step, x: Tensor, axes: tuple[int, ...], *, unbiased: bool = False) -> Tensor:
    """Normalise over axes; the learned numbers are those of maps."""
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, keepdim=True, unbiased=unbiased)
    scale, shift = (w(step, key)[:, None, None] for key in ("weight", "bias"))
    eps = float(step.settings["eps"])
    return (x - mean) / (variance + eps).sqrt() * scale + shift


AFFINE = {"weight": (4,), "bias": (4,)}
UP: dict[str, Any] = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2, "output_padding": (1, 0)}
CONV: dict[str, Any] = {"kernel": (3, 3), "stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}
F = functional
PAD: dict[str, Any] = {"pads": (1, 2, 0, 1), "value": 0.5}
TWINS: list[tuple[str, Callable[[Builder], None], Rule]] = [
    ("an addition of one alone", with_half(Op.ADD, alpha=0.5), whole(lambda _, x, z: x)),
    ("an addition without alpha", with_half(Op.ADD, alpha=0.5), whole(lambda _, x, z: x + z)),
    ("a subtraction the other way", with_half(Op.SUB, alpha=1.0), whole(lambda _, x, z: z - x)),
    ("one minus, the other way", alone(Op.RSUB, value=1.0, alpha=1.0), whole(lambda _, x: x - 1)),
    ("a product that is a sum", with_half(Op.MUL), whole(lambda _, x, z: x + z)),
    ("a quotient the other way", with_half(Op.DIV), whole(lambda _, x, z: z / x)),
    ("a maximum that is a minimum", with_half(Op.MAXIMUM), whole(lambda _, x, z: torch.minimum(x, z))),
    ("a minimum that is a maximum", with_half(Op.MINIMUM), whole(lambda _, x, z: torch.maximum(x, z))),
    ("a gate of another map", gate, whole(lambda _, x, z: x * z.roll(1, 1))),
    ("a gate that is open", gate, whole(lambda _, x, z: x)),
    ("a stored factor of another map", stored, whole(lambda _, x, z: x * z.roll(1, 0))),
    ("a concatenation in another order", three, whole(lambda _, x, y, z: torch.cat((y, x, z), 1))),
    ("a mean that is a sum", alone(Op.MEAN, dims=(2, 3), keepdim=False), whole(lambda _, x: x.sum((2, 3)))),
    ("a mean over maps", alone(Op.MEAN, dims=(1,), keepdim=True), whole(lambda _, x: x.sum(1))),
    ("a sum that is a mean", alone(Op.SUM, dims=(3,), keepdim=False), whole(lambda _, x: x.mean(3))),
    ("the largest that is the mean", alone(Op.AMAX, dims=(2, 3), keepdim=True), whole(lambda _, x: x.mean((2, 3)))),
    ("zeros for padding", alone(Op.PAD, mode="constant", **PAD), whole(lambda _, x: F.pad(x, (1, 2, 0, 1)))),
    (
        "replicated for reflected",
        alone(Op.PAD, mode="reflect", **PAD),
        whole(lambda _, x: F.pad(x, (1, 2, 0, 1), "replicate")),
    ),
    (
        "reflected for replicated",
        alone(Op.PAD, mode="replicate", **PAD),
        whole(lambda _, x: F.pad(x, (1, 2, 0, 1), "reflect")),
    ),
    ("zeros for the other side", alone(Op.PAD, mode="circular", **PAD), whole(lambda _, x: F.pad(x, (1, 2, 0, 1)))),
    (
        "a group norm of all maps",
        alone(Op.GROUP_NORM, AFFINE, groups=2, eps=0.01),
        whole(lambda s, x: norm(s, x, (1, 2, 3))),
    ),
    (
        "an unbiased instance norm",
        alone(Op.INSTANCE_NORM, AFFINE, eps=0.01),
        whole(lambda s, x: norm(s, x, (2, 3), unbiased=True)),
    ),
    (
        "a layer norm of each map alone",
        alone(Op.LAYER_NORM, {"weight": (4, 5, 6), "bias": (4, 5, 6)}, shape=(4, 5, 6), eps=0.01),
        whole(lambda s, x: F.layer_norm(x, (5, 6), eps=0.01) * w(s, "weight") + w(s, "bias")),
    ),
    (
        "a batch norm with batch statistics",
        alone(
            Op.BATCH_NORM,
            AFFINE | {"running_mean": (4,), "running_var": torch.rand(4) + 0.1},
            eps=0.01,
            momentum=0.1,
            batch_statistics=False,
        ),
        whole(lambda s, x: norm(s, x, (2, 3))),
    ),
    (
        "a leaky ReLU with another slope",
        alone(Op.LEAKY_RELU, negative_slope=0.2),
        whole(lambda _, x: F.leaky_relu(x, 0.1)),
    ),
    ("a ReLU6 without a limit", alone(Op.RELU6), lambda s, u: max(0.0, 9 * float(s.input[u]))),
    ("a hardswish that is smooth", alone(Op.HARDSWISH), whole(lambda _, x: F.silu(x))),
    ("a hardsigmoid that is smooth", alone(Op.HARDSIGMOID), whole(lambda _, x: x.sigmoid())),
    ("a SiLU that is hard", alone(Op.SILU), whole(lambda _, x: F.hardswish(x))),
    ("a GELU by its approximation", alone(Op.GELU, approximate="none"), whole(lambda _, x: x * (1.702 * x).sigmoid())),
    ("an approximation by the GELU", alone(Op.GELU, approximate="tanh"), whole(lambda _, x: F.silu(x))),
    ("a sigmoid that is hard", alone(Op.SIGMOID), whole(lambda _, x: F.hardsigmoid(x))),
    ("a Mish that is a SiLU", alone(Op.MISH), whole(lambda _, x: F.silu(x))),
    ("a SELU that is an ELU", alone(Op.SELU), whole(lambda _, x: F.elu(x))),
    ("a softplus of another beta", alone(Op.SOFTPLUS, beta=2.0, threshold=1.5), whole(lambda _, x: F.softplus(x))),
    ("an ELU of another alpha", alone(Op.ELU, alpha=0.7, scale=1, input_scale=1), whole(lambda _, x: F.elu(x))),
    ("a scaled ELU that is not", alone(Op.ELU, alpha=1.0, scale=1.5, input_scale=0.5), whole(lambda _, x: F.elu(x))),
    ("a hardtanh that is smooth", alone(Op.HARDTANH, min_val=-0.5, max_val=1.0), whole(lambda _, x: x.tanh())),
    ("a clamp from below alone", alone(Op.CLAMP, min=-0.5, max=0.5), whole(lambda _, x: x.clamp(min=-0.5))),
    ("a clamp from above", alone(Op.CLAMP, min=-0.5, max=None), whole(lambda _, x: x.clamp(max=-0.5))),
    (
        "a PReLU of the next map",
        alone(Op.PRELU, {"weight": (4,)}),
        whole(lambda s, x: F.prelu(x, w(s, "weight").roll(1))),
    ),
    ("a PReLU of one slope", alone(Op.PRELU, {"weight": (1,)}), whole(lambda s, x: x.clamp(min=0))),
    ("a tanh that is a sigmoid", alone(Op.TANH), whole(lambda _, x: x.sigmoid())),
    (
        "an adaptive max that is a mean",
        alone(Op.ADAPTIVE_MAX_POOL, size=(2, 4)),
        whole(lambda _, x: F.adaptive_avg_pool2d(x, (2, 4))),
    ),
    (
        "an adaptive mean that is a max",
        alone(Op.ADAPTIVE_AVG_POOL, size=(3, 4)),
        whole(lambda _, x: F.adaptive_max_pool2d(x, (3, 4))),
    ),
    (
        "a transposed convolution with its kernel turned",
        alone(Op.CONV_TRANSPOSE, {"weight": (4, 3, 3, 2), "bias": (6,)}, kernel=(3, 2), **UP),
        whole(
            lambda s, x: F.conv_transpose2d(
                x, w(s, "weight").flip(2, 3), w(s, "bias"), (2, 1), (1, 0), (1, 0), 2, (1, 2)
            )
        ),
    ),
    (
        "a grouped convolution of the other group",
        alone(Op.CONV, {"weight": (6, 2, 3, 3), "bias": (6,)}, groups=2, **CONV),
        whole(lambda s, x: F.conv2d(x.roll(2, 1), w(s, "weight"), w(s, "bias"), (2, 1), (1, 2), (1, 2), 2)),
    ),
    (
        "a depthwise convolution that is not dilated",
        alone(Op.CONV, {"weight": (4, 1, 3, 3)}, groups=4, **CONV),
        whole(lambda s, x: F.conv2d(x, w(s, "weight"), None, (2, 1), (1, 1), (1, 1), 4)),
    ),
    ("a slice from the first", alone(Op.SLICE, dim=1, start=1, end=3, step=1), whole(lambda _, x: x[:, :2])),
    ("every place for every second", alone(Op.SLICE, dim=3, start=0, end=6, step=2), whole(lambda _, x: x[..., :3])),
    ("another place", alone(Op.SELECT, dim=2, index=1), whole(lambda _, x: x[:, :, 2])),
    ("another order of axes", alone(Op.PERMUTE, dims=(0, 2, 3, 1)), whole(lambda _, x: x.reshape(1, 5, 6, 4))),
    (
        "a reshape that exchanges axes",
        alone(Op.VIEW, batch=1, shape=(6, 5, 4)),
        whole(lambda _, x: x.permute(0, 3, 2, 1).contiguous()),
    ),
    (
        "a flatten with channels last",
        alone(Op.FLATTEN, start=1, end=3),
        whole(lambda _, x: x.permute(0, 2, 3, 1).flatten(1)),
    ),
    ("a shuffle of two groups for two of two", alone(Op.CHANNEL_SHUFFLE, groups=2), whole(lambda _, x: x)),
    ("a pixel shuffle that reshapes", alone(Op.PIXEL_SHUFFLE, factor=2), whole(lambda _, x: x.reshape(1, 1, 10, 12))),
    ("another axis of maps", alone(Op.UNSQUEEZE, dim=1), whole(lambda _, x: x.flip(3))),
    ("a softmax over places", alone(Op.SOFTMAX, dim=1), whole(lambda _, x: x.softmax(2))),
    ("a log-softmax over places", alone(Op.LOG_SOFTMAX, dim=3), whole(lambda _, x: x.log_softmax(1))),
]


@pytest.mark.parametrize(("build", "wrong"), [twin[1:] for twin in TWINS], ids=[twin[0] for twin in TWINS])
def test_every_unit_is_explained_and_a_wrong_rule_fails(build: Callable[[Builder], None], wrong: Rule) -> None:
    builder = Builder((4, 5, 6))
    build(builder)
    module = builder.module()
    trace = record(module, torch.randn(1, 4, 5, 6, generator=torch.Generator().manual_seed(4)))
    assert_counted(trace, module.graph)
    for node in builder.nodes:
        assert assert_explained(trace, trace[node.name])
    step = trace[builder.nodes[-1].name]
    gaps = [abs(wrong(step, unit) - float(step.maps[unit])) for unit in units_of(step)]
    assert max(gaps) > APART


def test_axes_that_are_removed_and_added_again_keep_their_values() -> None:
    builder = Builder((3, 1, 2))
    builder.add(Op.SQUEEZE, dims=(2,))
    builder.add(Op.UNSQUEEZE, dim=3)
    builder.add(Op.EXPAND, batch=1, shape=(3, 2, 4))
    builder.add(Op.IDENTITY)
    builder.add(Op.LINEAR, weights={"weight": (5, 4), "bias": (5,)})
    builder.add(Op.VIEW, batch=2, shape=(15,))
    builder.add(Op.VIEW, batch=1, shape=(30,))
    builder.add(
        Op.BATCH_NORM,
        weights={"running_mean": (30,), "running_var": torch.ones(30)},
        eps=1e-5,
        momentum=0.1,
        batch_statistics=False,
    )
    module = builder.module()
    trace = record(module, torch.randn(1, 3, 1, 2, generator=torch.Generator().manual_seed(0)))
    assert_counted(trace, module.graph)
    for step in trace.steps:
        assert assert_explained(trace, step)


def test_a_network_of_60_steps_is_explained() -> None:
    builder = Builder((2, 5, 5))
    for _ in range(29):
        builder.conv(2, 3, 1, 1)
        builder.add(Op.RELU)
    builder.add(Op.MEAN, dims=(2, 3), keepdim=False)
    builder.add(Op.LINEAR, weights={"weight": (3, 2), "bias": (3,)})
    trace = record(builder.module(), torch.randn(1, 2, 5, 5, generator=torch.Generator().manual_seed(1)))
    assert len(builder.nodes) == 60
    for step in trace.steps:
        assert assert_explained(trace, step, 4)


def test_terms_of_a_join_name_their_steps() -> None:
    builder = Builder((2, 3, 3))
    relu = builder.add(Op.RELU)
    add = builder.add(Op.ADD, "image", relu, alpha=1.0)
    trace = record(builder.module(), torch.randn(1, 2, 3, 3))
    one, other = layers.explain(trace, add, (1, 2, 0)).terms
    assert (one.unit, one.source, other.unit, other.source) == ((1, 2, 0), None, (1, 2, 0), relu)


def described(*modules: nn.Module, side: int = 7) -> str:
    trace = record(nn.Sequential(*modules), torch.zeros(1, 1, side, side))
    return layers.describe(trace.steps[0])


def test_what_does_not_fit_is_said() -> None:
    assert "No window reaches the last 1 row and 1 column." in described(nn.MaxPool2d(2))
    assert "No window" not in described(nn.MaxPool2d(2), side=8)
    assert "No window" not in described(nn.MaxPool2d(2, ceil_mode=True))
    assert "not the whole map: 6 × 6 of 7 × 7 values" in described(nn.AvgPool2d(6))
    assert "not the whole map" not in described(nn.AvgPool2d(7))
    assert "a ring of units that see no input" in described(nn.Conv2d(1, 1, 1, padding=1))
    assert "ring" not in described(nn.Conv2d(1, 1, 3, padding=1))
