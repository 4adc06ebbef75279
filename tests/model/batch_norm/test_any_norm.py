"""Norms of any network: step by step against the trace, and batches in training mode against PyTorch's own layers."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from model.batch_norm import statistics
from model.batch_norm.normalisation import normalisation
from model.batch_norm.records import ImageSet
from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.images.inputs import to_inputs
from model.networks.records import ImageSpec
from model.trace import record
from model.trace.records import Trace
from tests.model.graph.build import Builder

BN: dict[str, Any] = {"eps": 1e-5, "momentum": 0.1}
SHAPE = (3, 5, 6)
COLOUR = ImageSpec(*SHAPE, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
X = torch.linspace(0, 40, 90).sin().view(1, *SHAPE)


def traced(op: Op, weights: dict[str, Any] | None = None, **settings: Any) -> tuple[Trace, str]:
    """Record one norm behind a convolution of four maps of 3 × 4."""
    build = Builder(SHAPE)
    build.conv(4, 3)
    name = build.add(op, weights=weights, eps=1e-3, **settings)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return record(build.module(), X), name


LEARNED = {"weight": (4,), "bias": (4,)}


@pytest.mark.parametrize(
    ("op", "weights", "given", "values"),
    [
        (Op.GROUP_NORM, LEARNED, {"groups": 2}, 24),
        (Op.GROUP_NORM, LEARNED, {"groups": 1}, 48),
        (Op.INSTANCE_NORM, LEARNED, {}, 12),
        (Op.LAYER_NORM, None, {"shape": (4, 3, 4)}, 48),
        (Op.BATCH_NORM, LEARNED, {"momentum": 0.1, "batch_statistics": True}, 12),
    ],
)
def test_a_norm_of_the_image_itself_is_worked_out_step_by_step(
    op: Op, weights: dict[str, Any] | None, given: dict[str, Any], values: int
) -> None:
    trace, name = traced(op, weights, **given)
    for channel in range(4):
        normal = normalisation(trace, name, channel)
        assert normal.values == values
        np.testing.assert_allclose(normal.steps[-1].values, trace[name].output[channel], atol=1e-5)
        unbiased = normal.variance * values / (values - 1)  # the wrong rule
        wrong = normal.steps[1].values / np.sqrt(unbiased + normal.eps)
        assert not np.allclose(wrong, normal.steps[2].values, atol=1e-4)


def test_a_layer_norm_without_one_number_for_a_map_is_refused() -> None:
    whole = {"weight": (4, 3, 4), "bias": (4, 3, 4)}
    for weights, shape, words in ((whole, (4, 3, 4), "for each unit"), (None, (4,), "for each place")):
        trace, name = traced(Op.LAYER_NORM, weights, shape=shape)
        with pytest.raises(InputError, match=words):
            normalisation(trace, name, 0)


def network() -> NetworkModule:
    """Return a network in colour with a batch norm on maps and one on a vector."""
    build = Builder(SHAPE)

    def norm(count: int) -> None:
        drawn = {"weight": torch.rand(count) + 0.5, "running_var": torch.rand(count) + 0.5}
        drawn |= {"bias": torch.rand(count), "running_mean": torch.rand(count)}
        build.add(Op.BATCH_NORM, weights=drawn, **BN, batch_statistics=False)

    build.conv(4, 3)
    norm(4)
    build.add(Op.RELU)
    build.add(Op.FLATTEN, start=1, end=3)
    build.add(Op.LINEAR, weights={"weight": (5, 48), "bias": (5,)})
    norm(5)
    build.add(Op.LINEAR, weights={"weight": (3, 5), "bias": (3,)})
    return build.module()


def pictures(count: int, size: tuple[int, int] = (5, 6)) -> ImageSet:
    drawn = np.random.default_rng(1).integers(0, 256, (count, *size, 3), dtype=np.uint8)
    return ImageSet("noise", "mixed", drawn, np.arange(count) % 3)


def author_of(module: NetworkModule) -> nn.Sequential:
    """Return the same network as its author has it."""
    conv, first, _, _, wide, second, last = module.steps
    author = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(48, 5),
        nn.BatchNorm1d(5),
        nn.Linear(5, 3),
    )
    own = {0: conv, 1: first, 4: wide, 5: second, 6: last}
    for place, step in own.items():
        author[place].load_state_dict(step.state_dict(), strict=False)
    return author


@pytest.mark.parametrize("size", [(5, 6), (11, 13)])
def test_training_mode_of_a_graph_is_that_of_the_author_s_layers(size: tuple[int, int]) -> None:
    """Batch norms on vectors are in training mode too; pictures of another size are fitted."""
    module, images = network(), pictures(8, size)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    found = statistics.run_in_training_mode(module, images.pixels[0], images, 6, COLOUR)
    author = author_of(module).train()
    with torch.no_grad():
        expected = author(to_inputs(images.pixels[:6], COLOUR))[0].numpy()
    np.testing.assert_allclose(found.logits, expected, rtol=1e-4, atol=1e-5)
    assert list(found.rows) == ["step-0.2", "step-0.6"]
    for place, row in zip((1, 5), found.rows.values(), strict=True):
        norm = author[place]
        assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
        assert norm.running_var is not None
        np.testing.assert_allclose(row.after_variance, norm.running_var.numpy(), rtol=1e-5)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_accuracy_and_running_averages_take_the_network_s_pictures() -> None:
    module, images = network(), pictures(12, (9, 9))
    found = statistics.accuracy(module, images, 4, COLOUR)
    author, x = author_of(module), to_inputs(images.pixels, COLOUR)
    with torch.no_grad():
        shown = author.eval()(x).argmax(1)
    assert found.evaluation_mode == int((shown == torch.from_numpy(images.labels)).sum())
    average = statistics.running_averages(module, images, 4, 3, COLOUR)["step-0.6"]
    assert average.means.shape == (4, 5)
    np.testing.assert_allclose(average.means[1], 0.1 * average.batch_means[0], rtol=1e-5)


def test_a_network_without_a_running_average_is_refused() -> None:
    build = Builder(SHAPE)
    build.conv(4, 3)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    with pytest.raises(InputError, match="The network has no batch norm"):
        statistics.running_averages(build.module(), pictures(4), 2, 1, COLOUR)
    trace, name = traced(Op.BATCH_NORM, LEARNED, momentum=0.1, batch_statistics=True)
    build.add(Op.BATCH_NORM, "conv2d-1", weights=LEARNED, **BN, batch_statistics=True)
    with pytest.raises(InputError, match="keep no running statistics"):
        statistics.accuracy(build.module(), pictures(4), 2, COLOUR)
    assert normalisation(trace, name, 1).values == 12
