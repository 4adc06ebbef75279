"""Max pools of any network: overlapping, padded, dilated and cut windows against PyTorch's own indices."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from model import receptive_field
from model.errors import InputError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.images.inputs import normalise
from model.networks.records import ImageSpec
from model.pooling import max_pool, pools, shifting
from model.receptive_field.records import Window
from model.trace import record
from tests.model.graph.build import Builder

PLAIN: dict[str, Any] = {"dilation": (1, 1), "ceil": False}


@settings(max_examples=60)
@given(st.data())
def test_winners_of_any_windows_are_those_of_pytorch(data: st.DataObject) -> None:
    """Few different values give many ties; a value in padding must never win, though all others are negative."""
    kernel, dilation = (data.draw(st.tuples(st.integers(1, 3), st.integers(1, n))) for n in (3, 2))
    stride = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    shape = 2, *(data.draw(st.integers(k * d, 7)) for k, d in zip(kernel, (2, dilation[1]), strict=True))
    pool = nn.MaxPool2d(kernel, stride, padding, dilation[1], ceil_mode=data.draw(st.booleans()))
    numbers = data.draw(st.lists(st.integers(-3, -1), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    values = torch.tensor(numbers, dtype=torch.float32).reshape(1, *shape)
    try:
        expected, flat = functional.max_pool2d(
            values, kernel, stride, padding, dilation[1], pool.ceil_mode, return_indices=True
        )
    except RuntimeError:  # no window fits
        return
    done = max_pool.pooled(record(nn.Sequential(pool), values), "0")
    np.testing.assert_array_equal(done.winners, np.stack(np.divmod(flat[0].numpy(), shape[2]), axis=-1))
    np.testing.assert_array_equal(done.wins, counted(flat, shape))
    np.testing.assert_array_equal(done.uncovered, uncovered(pool, values))
    channel = np.arange(2)[:, None, None]
    chosen = done.input[channel, done.winners[..., 0], done.winners[..., 1]]
    np.testing.assert_array_equal(chosen, expected[0].numpy())


def counted(flat: Tensor, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Count how many windows each value wins, by PyTorch's indices."""
    found = [np.bincount(each.flatten().numpy(), minlength=shape[1] * shape[2]) for each in flat[0]]
    return np.stack(found).reshape(shape)


def uncovered(pool: nn.MaxPool2d, values: Tensor) -> list[int]:
    """Count the rows and columns in which no value, however large, reaches the output."""
    found = []
    for axis in (2, 3):
        count = 0
        for place in range(values.shape[axis]):
            changed = values.clone()
            changed.select(axis, place).fill_(9)
            count += int(not (pool(changed) == 9).any())
        found.append(count)
    return found


def test_one_value_can_win_several_windows() -> None:
    """By hand: windows of 3 with stride 1 on 1 2 9 3 1 0: the 9 wins three windows, and the 3 one."""
    values = torch.tensor([[[[1.0, 2.0, 9.0, 3.0, 1.0, 0.0]]]])
    done = max_pool.pooled(record(nn.Sequential(nn.MaxPool2d((1, 3), 1)), values), "0")
    assert done.wins.tolist() == [[[0, 0, 3, 1, 0, 0]]]
    assert done.won.sum() == 2
    assert done.winners[0, 0, :, 1].tolist() == [2, 2, 2, 3]
    assert done.uncovered == (0, 0)


def test_a_dropped_border_is_said() -> None:
    done = max_pool.pooled(record(nn.Sequential(nn.MaxPool2d(3, 3)), torch.rand(1, 1, 7, 8)), "0")
    assert done.uncovered == (1, 2)


def test_an_adaptive_pool_is_one_of_equal_windows_or_refused() -> None:
    values = torch.rand(1, 2, 6, 6, generator=torch.Generator().manual_seed(0))
    done = max_pool.pooled(record(nn.Sequential(nn.AdaptiveMaxPool2d(3)), values), "0")
    assert done.window == Window((2, 2), (2, 2))
    np.testing.assert_array_equal(
        done.winners, max_pool.pooled(record(nn.Sequential(nn.MaxPool2d(2)), values), "0").winners
    )
    with pytest.raises(InputError, match="windows of different sizes"):
        max_pool.pooled(record(nn.Sequential(nn.AdaptiveMaxPool2d(4)), values), "0")


def network(shape: tuple[int, int, int] = (3, 12, 12)) -> NetworkModule:
    """Return a network with a pool of overlapping, padded windows behind a ReLU and a batch norm, and a second pool."""
    build = Builder(shape)
    build.conv(4, 3)
    build.add(Op.RELU)
    statistics = {"running_mean": torch.zeros(4), "running_var": torch.ones(4)}
    build.add(Op.BATCH_NORM, weights=statistics | {"bias": (4,)}, eps=1e-5, momentum=0.1, batch_statistics=False)
    build.add(Op.MAX_POOL, kernel=(3, 3), stride=(2, 2), padding=(1, 1), **PLAIN)
    build.conv(4, 3, 1, 1)
    build.add(Op.ADD, "conv2d-5", "step-0.4", alpha=1.0)
    build.add(Op.MAX_POOL, kernel=(2, 2), stride=(2, 2), padding=(0, 0), **PLAIN)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    return build.module()


X = torch.linspace(0, 60, 3 * 144).sin().view(1, 3, 12, 12)


def test_pools_are_found_and_a_zero_of_the_relu_is_followed_on_the_way_back() -> None:
    module = network()
    assert [node.name for node in pools.max_pools(module.graph)] == ["step-0.4", "step-0.7"]
    trace = record(module, X)
    first, second = (max_pool.pooled(trace, name) for name in ("step-0.4", "step-0.7"))
    channel = np.arange(4)[:, None, None]
    zeros = trace["step-0.2"].output == 0
    np.testing.assert_array_equal(first.at_relu_zero, zeros[channel, first.winners[..., 0], first.winners[..., 1]])
    assert first.at_relu_zero.any()
    assert not second.at_relu_zero.any(), "a sum lies between"


def test_gradient_of_overlapping_windows_adds_up() -> None:
    module, trace = network(), record(network(), X)
    found = max_pool.gradient(module, trace, 1, "step-0.4")
    pooled = max_pool.pooled(trace, "step-0.4")
    expected = np.zeros_like(found.max_pool)
    for unit in np.ndindex(pooled.output.shape):
        y, x = pooled.winners[unit]
        expected[unit[0], y, x] += found.output[unit]
    np.testing.assert_allclose(found.max_pool, expected, atol=1e-7)
    assert (pooled.wins > 1).any()


def test_an_average_pool_with_the_same_windows_leaves_padding_out() -> None:
    pool = nn.MaxPool2d(3, 2, 1)
    ones = torch.ones(1, 1, 7, 7)
    assert (max_pool.average_pool_like(pool)(ones) == 1).all()
    assert (nn.AvgPool2d(3, 2, 1)(ones) < 1).any(), "the wrong rule: padding counts as zeros"
    adaptive = max_pool.average_pool_like(nn.AdaptiveMaxPool2d(2))
    assert adaptive(torch.arange(16.0).view(1, 1, 4, 4)).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_a_colour_picture_is_shifted_and_normalised_as_its_network_takes_it() -> None:
    module = network()
    image = ImageSpec(3, 12, 12, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    fields = receptive_field.of_network(module)
    move = shifting.shift(
        module, record(module, normalise(pixels[None], image)), pixels, (0, 2), fields, "step-0.4", image
    )
    alone = record(module, normalise(np.pad(pixels, ((0, 0), (2, 0), (0, 0)))[None, :, :12], image))
    np.testing.assert_allclose(move.maps[0].after, alone["step-0.4"].input, atol=1e-5)
    np.testing.assert_allclose(move.maps[1].after, alone["step-0.4"].output, atol=1e-5)
    assert move.maps[0].equivariant
    assert (move.prediction, move.cut_off) == (alone.prediction, 24)
    with pytest.raises(InputError, match="Choose a smaller shift"):
        shifting.shift(module, record(module, X), pixels, (0, 12), fields, "step-0.4", image)


def test_a_shift_where_ways_of_unlike_jumps_meet_is_refused() -> None:
    build = Builder((1, 8, 8))
    one = build.conv(2, 3, 1, 1)
    two = build.conv(2, 3, 2, 1, "image")
    flat = build.add(Op.ADAPTIVE_AVG_POOL, one, size=(4, 4))
    wide = build.add(Op.ADD, two, flat, alpha=1.0)
    flipped = build.add(Op.ADD, build.add(Op.PERMUTE, wide, dims=(0, 1, 3, 2)), wide, alpha=1.0)
    build.add(Op.MAX_POOL, flipped, kernel=(2, 2), stride=(2, 2), padding=(0, 0), **PLAIN)
    build.add(Op.MEAN, dims=(2, 3), keepdim=False)
    module, image = build.module(), ImageSpec(1, 8, 8, (0.0,), (1.0,))
    pixels = np.zeros((8, 8), np.uint8)
    trace, fields = record(module, normalise(pixels[None], image)), receptive_field.of_network(module)
    with pytest.raises(InputError, match="How many units of"):
        shifting.shift(module, trace, pixels, (0, 2), fields, "step-0.7", image)
