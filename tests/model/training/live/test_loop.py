"""A small training compared with a plain PyTorch loop with the same random numbers."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model import networks, trace
from model.errors import DataError, InputError
from model.images import digits, mnist
from model.networks.assignment.network import AssignmentNetwork
from model.sanity_checks.randomization import randomize
from model.training.images import Images, split_training
from model.training.live import loop, pictures
from model.training.live.pictures import Pictures
from model.training.live.records import LiveChoices, LiveRun
from model.training.masks import draw_positions
from tests.model.training.few import live_pictures

LIVE = live_pictures()
ASSIGNMENT = networks.by_id("assignment")
SHORT = LiveChoices(steps=100, learning_rate=0.05, batch_size=16, dropout=0.1, seed=3, network="assignment")


def taken(choices: LiveChoices, steps: int) -> LiveRun:
    """Return a training after some steps."""
    return next(run for run in loop.train(ASSIGNMENT, choices, LIVE) if run.step == steps)


def inputs_of(pictures: Pictures) -> tuple[Tensor, Tensor]:
    """Return all pictures as the assignment's network takes them, and their labels."""
    return digits.normalise(pictures.pixels), torch.from_numpy(pictures.labels)


class PlainDropout(nn.Module):
    """Drop values at drawn positions in the order (N, H, W, C), in plain numpy."""

    def __init__(self, p: float, generator: torch.Generator) -> None:
        super().__init__()
        self.p, self.generator = p, generator

    def forward(self, x: Tensor) -> Tensor:
        """Drop values of ``x`` (N, C, H, W) in training mode."""
        if not self.training or self.p == 0:
            return x
        keep = np.ones(x.numel(), np.float32)
        keep[draw_positions(x.numel(), self.p, self.generator).numpy()] = 0
        count, channels, height, width = x.shape
        mask = keep.reshape(count, height, width, channels).transpose(0, 3, 1, 2)
        dropped = x * (1 / (1 - self.p)) * torch.from_numpy(mask)
        return dropped.contiguous(memory_format=torch.channels_last)  # this order gives the same rounding


def by_hand(
    choices: LiveChoices, steps: int, momentum: float = 0.9, shuffled_again: bool = True
) -> tuple[list[float], nn.Module]:
    """Train with plain PyTorch and the same random numbers."""
    generator = torch.Generator().manual_seed(choices.seed)
    network = AssignmentNetwork(choices.dropout or 0.0)
    for name, module in [*network.named_modules()]:
        randomize(module, generator)
        if isinstance(module, nn.Dropout):
            network.set_submodule(name, PlainDropout(module.p, generator))
    optimiser = torch.optim.SGD(network.parameters(), lr=choices.learning_rate, momentum=momentum)
    order = torch.randperm(len(LIVE.training), generator=generator)
    x, y = inputs_of(LIVE.training)

    def batches() -> Iterator[Tensor]:
        nonlocal order
        while True:
            yield from order.split(choices.batch_size)
            if shuffled_again:
                order = torch.randperm(len(LIVE.training), generator=generator)

    x, y = inputs_of(LIVE.training)

    losses = []
    network.train()
    for _, batch in zip(range(steps), batches(), strict=False):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(x[batch]), y[batch])
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses, network.eval()


@pytest.mark.slow(reason="trains for many steps")
@pytest.mark.parametrize(
    "choices", [SHORT, dataclasses.replace(SHORT, dropout=0.0, batch_size=32, seed=4)], ids=["dropping", "not dropping"]
)
def test_train_equals_a_plain_loop_bit_for_bit(choices: LiveChoices) -> None:
    run = taken(choices, 25)  # past the end of the first epoch, whose last batch is smaller
    losses, network = by_hand(choices, 25)
    assert run.losses.tolist() == losses
    state = network.state_dict()
    for key, values in loop.network_of(ASSIGNMENT, run.snapshots[-1]).author_state_dict().items():
        np.testing.assert_array_equal(values, state[key].numpy())
    for wrong in (by_hand(choices, 25, momentum=0.0), by_hand(choices, 25, shuffled_again=False)):
        assert wrong[0] != losses


@pytest.mark.slow(reason="trains for many steps")
def test_snapshots_are_evaluated_on_held_out_images() -> None:
    run = taken(SHORT, 25)
    assert [each.step for each in run.snapshots] == [0, 5, 10, 25]
    for steps in (0, 10, 25):
        network = by_hand(SHORT, steps)[1]
        with torch.no_grad():
            logits = network(inputs_of(LIVE.held_out)[0])
            wrong = network(inputs_of(LIVE.training)[0][:50])  # the wrong images
        right = sum(
            int(scores.argmax()) == int(label) for scores, label in zip(logits, LIVE.held_out.labels, strict=True)
        )
        assert run.at(steps).correct == right
    flattering = int((wrong.argmax(1).numpy() == LIVE.training.labels[:50]).sum())
    assert flattering != run.snapshots[-1].correct


@pytest.mark.slow(reason="trains for many steps")
def test_loss_falls_and_accuracy_rises() -> None:
    *_, run = loop.train(ASSIGNMENT, SHORT, LIVE)
    assert run.finished
    assert not run.diverged
    assert run.losses[-10:].mean() < run.losses[:10].mean() / 2
    assert run.accuracy(run.snapshots[-1]) > 2 * run.accuracy(run.snapshots[0])
    assert [each.step for each in run.snapshots] == list(loop.snapshot_steps(100))


@pytest.mark.slow(reason="trains for many steps")
def test_parallel_trainings_do_not_affect_each_other() -> None:
    every = [dataclasses.replace(SHORT, seed=seed) for seed in range(4)]
    alone = [taken(choices, 30) for choices in every]
    with ThreadPoolExecutor(4) as pool:
        together = [*pool.map(lambda choices: taken(choices, 30), every)]
    for one, other in zip(alone, together, strict=True):
        assert one.losses.tolist() == other.losses.tolist()
        for snapshot, same in zip(one.snapshots, other.snapshots, strict=True):
            assert all(np.array_equal(values, same.weights[key]) for key, values in snapshot.weights.items())
    assert len({run.losses.tobytes() for run in alone}) == len(every), "each seed gives another curve"


def test_train_changes_no_global_state() -> None:
    before = torch.get_rng_state(), torch.is_grad_enabled(), torch.get_num_threads()
    state = str(np.random.get_state())
    run = taken(SHORT, 6)
    loop.network_of(ASSIGNMENT, run.snapshots[-1])
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.is_grad_enabled(), torch.get_num_threads()) == before[1:]
    assert str(np.random.get_state()) == state


def test_yielded_runs_do_not_change() -> None:
    runs = [run for run, _ in zip(loop.train(ASSIGNMENT, SHORT, LIVE), range(12), strict=False)]
    assert [run.step for run in runs] == [*range(12)]
    assert [len(run.snapshots) for run in runs] == [1] * 5 + [2] * 5 + [3] * 2
    first, last = (run.snapshots[place].kernels for run, place in ((runs[0], 0), (runs[-1], -1)))
    assert first is not None
    assert last is not None
    assert not np.array_equal(first, last)
    with pytest.raises(ValueError, match="read-only"):
        first[:] = 0
    assert runs[11].at(9) is runs[11].snapshots[1]


def test_network_of_equals_the_network_at_the_snapshot() -> None:
    network = loop.network_of(ASSIGNMENT, taken(SHORT, 10).snapshots[-1])
    expected = by_hand(SHORT, 10)[1]
    x = digits.to_input(digits.samples()[5])
    with torch.no_grad():
        np.testing.assert_array_equal(trace.record(network, x).logits, expected(x).numpy().ravel())
    other = loop.network_of(ASSIGNMENT, taken(SHORT, 10).snapshots[-2])
    assert not np.array_equal(trace.record(other, x).logits, trace.record(network, x).logits)


def test_train_ends_if_the_loss_is_not_finite() -> None:
    spoilt = replace(ASSIGNMENT, input=replace(ASSIGNMENT.input, std=(1e-45,)))
    *_, run = loop.train(spoilt, SHORT, LIVE)
    assert run.diverged
    assert run.finished
    assert run.step == 1
    assert np.isnan(run.losses[-1])


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        ("steps", 0),
        ("steps", 10_000),
        ("batch_size", 4_000),
        ("learning_rate", 0.0),
        ("learning_rate", 1.5),
        ("learning_rate", float("nan")),
        ("dropout", -0.1),
        ("dropout", 0.9),
        ("seed", -1),
        ("seed", 100),
    ],
)
def test_check_refuses_choices_that_are_not_offered(choice: str, value: Any) -> None:
    with pytest.raises(InputError) as refused:
        next(loop.train(ASSIGNMENT, dataclasses.replace(SHORT, **{choice: value}), LIVE))
    assert str(value) in refused.value.problem
    loop.check(SHORT)


def test_read_uses_the_split_of_the_recipes(mnist_root: Path) -> None:
    assert mnist_root.is_dir()
    given = pictures.read("mnist")
    assert (len(given.training), len(given.held_out)) == (4_000, 500)
    pixels, labels = mnist.read("train")
    numbers = torch.arange(len(labels))
    training, held_out = split_training(Images(numbers, numbers))
    for images, positions in ((given.training, training.x), (given.held_out, held_out.x)):
        for place in (0, 17, len(images) - 1):
            position = int(positions[place])
            np.testing.assert_array_equal(images.pixels[place], pixels[position])
            assert int(images.labels[place]) == labels[position]
    assert not {*training.x.tolist()} & {*held_out.x.tolist()}
    assert pictures.read("mnist") is given, "it is read once"


def test_read_without_mnist_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    with pytest.raises(DataError, match="MNIST is not complete"):
        pictures.read("mnist")
