"""Dropout with its own generator: PyTorch's masks, or masks with the same distribution."""

import pytest
import torch
from torch import Tensor, nn

from model.training.masks import MASK_METHODS, BatchShare, SeededDropout

SHAPE = (64, 8, 26, 26)
ONES = torch.ones(SHAPE)


def dropout(way: str, p: float, seed: int = 3, share: BatchShare | None = None) -> SeededDropout:
    return SeededDropout(
        p, MASK_METHODS[way], torch.Generator().manual_seed(seed), share or BatchShare(total=64)
    ).train()


def test_bernoulli_masks_equal_pytorch_bit_for_bit() -> None:
    torch.manual_seed(3)
    expected = nn.Dropout(0.1).train()(ONES)
    assert torch.equal(dropout("bernoulli", 0.1)(ONES), expected)
    assert not torch.equal(dropout("bernoulli", 0.1, seed=4)(ONES), expected)


@pytest.mark.parametrize("way", MASK_METHODS)
@pytest.mark.parametrize("p", [0.03, 0.1, 0.5, 0.9])
def test_masks_drop_the_right_share_and_keep_the_mean(way: str, p: float) -> None:
    y = dropout(way, p)(ONES)
    error = (p * (1 - p) / y.numel()) ** 0.5
    assert (y == 0).double().mean().item() == pytest.approx(p, abs=4 * error)
    assert y.double().mean().item() == pytest.approx(1, abs=4 * error / (1 - p))
    assert len(y.unique()) == 2


@pytest.mark.parametrize("way", MASK_METHODS)
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_masks_drop_neighbours_independently(way: str, axis: int) -> None:
    dropped = (dropout(way, 0.5)(ONES) == 0).double() - 0.5
    pairs = dropped.narrow(axis, 0, SHAPE[axis] - 1) * dropped.narrow(axis, 1, SHAPE[axis] - 1)
    assert pairs.mean().item() == pytest.approx(0, abs=4 * 0.25 / pairs.numel() ** 0.5)


@pytest.mark.parametrize("way", MASK_METHODS)
def test_masks_of_batch_shares_equal_the_mask_of_the_batch(way: str) -> None:
    whole = dropout(way, 0.1)(ONES)
    rows = [slice(0, 21), slice(21, 64)]
    parts = [dropout(way, 0.1, share=BatchShare(64, each))(ONES[each]) for each in rows]
    assert torch.equal(torch.cat(parts), whole)


@pytest.mark.parametrize("way", MASK_METHODS)
def test_gradient_has_the_mask_of_the_value(way: str) -> None:
    x = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y = dropout(way, 0.1)(x)
    y.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad * x.detach(), y.detach())


@pytest.mark.parametrize("way", MASK_METHODS)
@pytest.mark.parametrize(("p", "training"), [(0.0, True), (0.1, False)])
def test_no_random_number_is_drawn_without_dropout(way: str, p: float, training: bool) -> None:
    module = dropout(way, p).train(training)
    before = module.generator.get_state()
    assert module(ONES) is ONES
    assert torch.equal(module.generator.get_state(), before)


def test_dropout_keeps_the_memory_format() -> None:
    x: Tensor = ONES.to(memory_format=torch.channels_last)
    assert dropout("gaps", 0.1)(x).is_contiguous(memory_format=torch.channels_last)
