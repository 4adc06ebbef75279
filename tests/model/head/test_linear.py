"""Linear heads and tails of any network, against sums that are written out with the author's own weights."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from model import trace
from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.head import linear, logits
from model.head.records import Head
from model.images import digits
from model.networks import load
from model.trace.records import Trace
from tests.heads import of_trace
from tests.model.conftest import Example
from tests.model.graph.build import Builder

SHAPE = (2, 6, 6)
X = torch.linspace(-1, 2, 72).sin().view(1, *SHAPE)
POOL: dict[str, Any] = {"padding": (0, 0), "ceil": False, "count_include_pad": True, "divisor": None}


def start() -> Builder:
    """Return a network that so far gives three maps of 4 × 4, behind a ReLU."""
    build = Builder(SHAPE)
    build.conv(3, 3)
    build.add(Op.RELU)
    return build


def linear_layer(build: Builder, features: int, out: int = 4) -> str:
    return build.add(Op.LINEAR, weights={"weight": (out, features), "bias": (out,)})


def flattened(build: Builder) -> str:
    return build.add(Op.FLATTEN, start=1, end=3)


def recorded(build: Builder) -> tuple[NetworkModule, Trace]:
    module = build.module()
    return module, trace.record(module, X)


def weight_of(run: Trace, name: str, role: str = "weight") -> np.ndarray[Any, np.dtype[np.float64]]:
    return run[name].parameters[role].astype(np.float64)


def assert_exact(found: Head, run: Trace) -> None:
    """Compare the sum, or the mean, of each class map with what the network computed."""
    np.testing.assert_allclose(found.totals + found.biases, run.logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.exact_logits, found.totals + found.biases, rtol=1e-10, atol=1e-12)
    assert not np.allclose(found.totals, run.logits, atol=1e-3), "without the bias it must not agree"


def test_head_of_a_mean_and_a_linear_layer() -> None:
    build = start()
    build.add(Op.ADAPTIVE_AVG_POOL, size=(1, 1))
    flattened(build)
    last = linear_layer(build, 3)
    module, run = recorded(build)
    found = linear.of_network(module, run)
    assert (found.source, found.pool, found.convolution, found.averages) == ("step-0.2", "step-0.3", last, True)
    np.testing.assert_allclose(found.weights, weight_of(run, last), rtol=1e-12)
    np.testing.assert_allclose(found.biases, weight_of(run, last, "bias"), rtol=1e-12)
    np.testing.assert_allclose(found.contributions, weight_of(run, last) * run["step-0.2"].output.mean((1, 2)), 1e-5)
    assert_exact(found, run)


def test_head_of_flattened_maps_has_a_weight_for_each_unit() -> None:
    build = start()
    flattened(build)
    build.add(Op.DROPOUT, p=0.5, when="training")
    last = linear_layer(build, 48)
    module, run = recorded(build)
    found = linear.of_network(module, run)
    assert (found.pool, found.steps, found.averages) == ("", ("step-0.3", "step-0.4", last), False)
    weights = weight_of(run, last).reshape(4, 3, 4, 4)
    np.testing.assert_allclose(found.weights, weights, rtol=1e-12)
    np.testing.assert_allclose(found.class_maps, (weights * run["step-0.2"].output).sum(axis=1), rtol=1e-5, atol=1e-6)
    assert_exact(found, run)
    wrong = weight_of(run, last).reshape(4, 4, 4, 3).transpose(0, 3, 1, 2)  # channels last
    assert not np.allclose((wrong * found.maps).sum((1, 2, 3)) + found.biases, run.logits, atol=1e-2)


def test_head_of_two_linear_layers_is_their_product() -> None:
    build = start()
    flattened(build)
    first = linear_layer(build, 48, 5)
    last = linear_layer(build, 5)
    module, run = recorded(build)
    found = linear.of_network(module, run)
    product = weight_of(run, last) @ weight_of(run, first)
    np.testing.assert_allclose(found.weights.reshape(4, 48), product, rtol=1e-9)
    biases = weight_of(run, last) @ weight_of(run, first, "bias") + weight_of(run, last, "bias")
    np.testing.assert_allclose(found.biases, biases, rtol=1e-9)
    assert_exact(found, run)


def test_head_of_averages_alone_takes_each_map_for_its_class() -> None:
    build = start()
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    module, run = recorded(build)
    found = linear.of_network(module, run)
    np.testing.assert_allclose(found.weights, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(found.class_maps, run["step-0.2"].output, atol=1e-6)
    assert (found.convolution, found.biases.tolist()) == ("", [0, 0, 0])


def test_a_pool_that_drops_a_border_gives_it_no_weight() -> None:
    build = start()
    build.add(Op.AVG_POOL, kernel=(3, 3), stride=(3, 3), **POOL)
    last = build.conv(4, 1)
    flattened(build)
    module, run = recorded(build)
    found = linear.of_network(module, run)
    assert not found.averages
    assert not found.weights[..., 3, :].any()
    assert not found.weights[..., 3].any()
    inner = weight_of(run, last)[:, :, 0, 0, None, None] / 9
    np.testing.assert_allclose(found.weights[..., :3, :3], np.broadcast_to(inner, (4, 3, 3, 3)), rtol=1e-9)
    assert_exact(found, run)


def test_head_of_the_assignment_s_graph_is_that_of_its_trace() -> None:
    network = load("assignment")
    assert isinstance(network.module, NetworkModule)
    run = trace.record(network.module, digits.to_input(digits.find("project-3a")))
    found, expected = linear.of_network(network.module, run), of_trace(run)
    assert (found.source, found.pool, found.convolution) == ("Dropout-21", "AvgPool2d-22", "Conv2d-23")
    for each in ("weights", "biases", "class_maps", "exact_logits"):
        np.testing.assert_allclose(getattr(found, each), getattr(expected, each), rtol=1e-9)
    assert linear.obstacle(network.graph) == ""
    assert [node.name for node in logits.mixing_convolutions(network.graph)] == ["Conv2d-13"]


def test_head_of_a_residual_network_with_tied_layers(residual: Example) -> None:
    x = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(1))
    run = trace.record(residual.module, x)
    found = linear.of_network(residual.module, run)
    own = residual.author.head.weight.detach().double().numpy() * 1.5  # head(x) + 0.5 * twin(x), with one weight
    np.testing.assert_allclose(found.weights, own, rtol=1e-6)
    assert_exact(found, run)


def test_many_classes_are_worked_out_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    build = start()
    flattened(build)
    linear_layer(build, 48)
    module, run = recorded(build)
    whole = linear.of_network(module, run)
    monkeypatch.setattr(linear, "_NUMBERS", 100)
    parts = linear.of_network(module, run)
    np.testing.assert_array_equal(parts.weights, whole.weights)
    np.testing.assert_array_equal(parts.biases, whole.biases)


def bent() -> Builder:
    build = start()
    flattened(build)
    linear_layer(build, 48, 5)
    build.add(Op.RELU)
    build.add(Op.DROPOUT, p=0.5, when="training")
    linear_layer(build, 5)
    return build


def test_a_head_that_is_not_linear_is_refused_by_the_name_of_the_step() -> None:
    module, run = recorded(bent())
    said = "Between the last maps (step-0.2) and the logits stands step-0.5 (ReLU): not linear."
    assert linear.obstacle(module.graph) == said
    with pytest.raises(InputError, match=r"stands step-0\.5"):
        linear.of_network(module, run)


def test_tail_is_the_input_of_the_last_linear_layer() -> None:
    module, run = recorded(bent())
    found = linear.tail(module, run)
    assert (found.source, found.steps) == ("step-0.5", ("step-0.6", "linear-7"))
    np.testing.assert_allclose(found.weights, weight_of(run, "linear-7"), rtol=1e-12)
    np.testing.assert_allclose(found.contributions, weight_of(run, "linear-7") * run["step-0.5"].output, rtol=1e-6)
    np.testing.assert_allclose(found.exact_logits, run.logits, rtol=1e-4)
    assert found.ranking[0] == run.prediction
    before = run["linear-4"].output  # the wrong rule: before the ReLU
    assert not np.allclose(found.weights @ before + found.biases, run.logits, atol=1e-2)


def test_tail_of_a_linear_head_begins_where_maps_are_flattened() -> None:
    build = start()
    flattened(build)
    linear_layer(build, 48)
    module, run = recorded(build)
    assert linear.tail(module, run).source == "step-0.3"


def test_tail_of_averages_and_a_convolution_begins_at_the_averages() -> None:
    network = load("assignment")
    assert isinstance(network.module, NetworkModule)
    run = trace.record(network.module, digits.to_input(digits.find("project-3a")))
    found = linear.tail(network.module, run)
    assert (found.source, found.steps) == ("AvgPool2d-22", ("Conv2d-23", "flatten"))
    np.testing.assert_allclose(found.contributions, of_trace(run).contributions, rtol=1e-4, atol=1e-5)


def test_no_head_and_no_tail_is_a_sentence() -> None:
    build = bent()
    build.add(Op.RELU)
    module, run = recorded(build)
    with pytest.raises(InputError, match=r"The logits come from step-0.8 \(ReLU\)"):
        linear.tail(module, run)
    flat = Builder((1, 1, 1))
    flattened(flat)
    assert linear.obstacle(flat.module().graph).startswith("No step gives feature maps")
    around = start()
    flattened(around)
    pooled = around.add(Op.MEAN, "image", dims=(2, 3), keepdim=False)
    wide = around.add(Op.LINEAR, pooled, weights={"weight": (48, 2), "bias": (48,)})
    around.add(Op.ADD, wide, "step-0.3", alpha=1.0)
    said = "Between the last maps (step-0.2) and the logits stands step-0.6 (add), which also gets linear-5."
    assert linear.obstacle(around.module().graph) == said


def test_a_head_whose_dropout_was_on_is_refused() -> None:
    module = bent().module()
    with pytest.raises(InputError, match=r"step-0\.6 dropped values"):
        linear.tail(module, trace.record(module, X, dropout=True))


def mixing() -> NetworkModule:
    """Return a network with a grouped, a 3x3, a 1x1 convolution and a gate."""
    build = Builder(SHAPE)
    build.conv(4, 3, 1, 1, groups=2)
    build.conv(4, 3, 1, 1)
    maps = build.conv(4, 1)
    build.add(Op.ADAPTIVE_AVG_POOL, size=(1, 1))
    gate = build.add(Op.SIGMOID, build.conv(4, 1))
    build.add(Op.MUL, maps, gate)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return build.module()


def test_mixing_convolutions_combine_maps() -> None:
    module = mixing()
    assert [node.name for node in logits.mixing_convolutions(module.graph)] == ["conv2d-3"]
    build = start()
    build.conv(3, 3, 1, 1, groups=3)
    build.conv(2, 3)
    flattened(build)
    assert [node.name for node in logits.mixing_convolutions(build.module().graph)] == ["conv2d-1", "conv2d-4"]


def test_maps_of_a_graph_are_scaled_by_the_node_s_name() -> None:
    module = mixing()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    run = trace.record(module, X)
    changed = logits.scale_maps(module, X, "conv2d-3", {1: -2.0})
    factors = torch.tensor([1.0, -2.0, 1.0, 1.0]).view(4, 1, 1)
    step = module.step("conv2d-3")
    assert isinstance(step, torch.nn.Conv2d)

    def scaled(x: Tensor) -> Tensor:
        return functional.conv2d(x * factors, step.weight, step.bias)

    with torch.no_grad():
        expected = trace.run(module, X, {"conv2d-3": scaled})[0].numpy()
    np.testing.assert_allclose(changed.logits, expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(changed.logits, run.logits, atol=1e-3)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    with pytest.raises(InputError, match="Choose conv2d-3"):
        logits.scale_maps(module, X, "conv2d-1", {0: 0.0})
    without = logits.logits_without_each_map(module, run, "conv2d-3")
    alone = logits.scale_maps(module, X, "conv2d-3", {2: 0.0}).logits
    np.testing.assert_allclose(without[2], alone, rtol=1e-4, atol=1e-5)
    changes = logits.row_changes(run, changed, "conv2d-3")
    assert [change.name for change in changes] == ["conv2d-3"], "these nodes are no rows of a printed table"
