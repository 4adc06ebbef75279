"""A small training, held against a plain loop of PyTorch's own with the same draws."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model import trace
from model.errors import DataError, InputError
from model.images import digits, mnist
from model.networks.assignment.network import AssignmentNetwork
from model.sanity_checks.randomization import forget
from model.training.images import Images, split_training
from model.training.live import lesson
from model.training.live.lesson import Lesson
from model.training.live.records import LiveChoices, LiveRun
from model.training.masks import draw_positions
from tests.model.training.few import small_mnist

FEW = small_mnist()
LESSON = Lesson(FEW.at(torch.arange(130)), FEW.at(torch.arange(130, 180)))
SHORT = LiveChoices(steps=100, learning_rate=0.05, batch_size=16, dropout=0.1, seed=3)


def taken(choices: LiveChoices, steps: int) -> LiveRun:
    """Return a training after a few of its steps."""
    return next(run for run in lesson.train(choices, LESSON) if run.step == steps)


class PlainDropout(nn.Module):
    """Drop values at the places that are drawn in the order (N, H, W, C), in plain numpy."""

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
        return dropped.contiguous(memory_format=torch.channels_last)  # in this order sums are rounded alike


def by_hand(
    choices: LiveChoices, steps: int, momentum: float = 0.9, shuffled_again: bool = True
) -> tuple[list[float], nn.Module]:
    """Train as plainly as PyTorch allows, with the same draws."""
    generator = torch.Generator().manual_seed(choices.seed)
    network = AssignmentNetwork(choices.dropout)
    for name, module in [*network.named_modules()]:
        forget(module, generator)
        if isinstance(module, nn.Dropout):
            network.set_submodule(name, PlainDropout(module.p, generator))
    optimiser = torch.optim.SGD(network.parameters(), lr=choices.learning_rate, momentum=momentum)
    order = torch.randperm(len(LESSON.training), generator=generator)

    def batches() -> Iterator[Tensor]:
        nonlocal order
        while True:
            yield from order.split(choices.batch_size)
            if shuffled_again:
                order = torch.randperm(len(LESSON.training), generator=generator)

    losses = []
    network.train()
    for _, batch in zip(range(steps), batches(), strict=False):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(LESSON.training.x[batch]), LESSON.training.y[batch])
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses, network.eval()


@pytest.mark.parametrize(
    "choices", [SHORT, dataclasses.replace(SHORT, dropout=0.0, batch_size=32, seed=4)], ids=["dropping", "not dropping"]
)
def test_it_is_the_plain_loop_bit_for_bit(choices: LiveChoices) -> None:
    run = taken(choices, 25)  # over the end of the first round through the images, whose last batch is smaller
    losses, network = by_hand(choices, 25)
    assert run.losses.tolist() == losses
    state = network.state_dict()
    assert run.snapshots[-1].weights.keys() == state.keys()
    for key, values in run.snapshots[-1].weights.items():
        np.testing.assert_array_equal(values, state[key].numpy())
    for wrong in (by_hand(choices, 25, momentum=0.0), by_hand(choices, 25, shuffled_again=False)):
        assert wrong[0] != losses


def test_snapshots_are_judged_on_what_it_never_learned_from() -> None:
    run = taken(SHORT, 25)
    assert [each.step for each in run.snapshots] == [0, 5, 10, 25]
    for steps in (0, 10, 25):
        network = by_hand(SHORT, steps)[1]
        with torch.no_grad():
            logits = network(LESSON.held_out.x)
            wrong = network(LESSON.training.x[:50])  # the wrong images
        right = sum(int(scores.argmax()) == int(label) for scores, label in zip(logits, LESSON.held_out.y, strict=True))
        assert run.at(steps).correct == right
    flattering = int((wrong.argmax(1) == LESSON.training.y[:50]).sum())
    assert flattering != run.snapshots[-1].correct


def test_it_learns() -> None:
    *_, run = lesson.train(SHORT, LESSON)
    assert run.finished
    assert not run.diverged
    assert run.losses[-10:].mean() < run.losses[:10].mean() / 2
    assert run.accuracy(run.snapshots[-1]) > 2 * run.accuracy(run.snapshots[0])
    assert [each.step for each in run.snapshots] == list(lesson.marks(100))


def test_others_who_train_meanwhile_change_nothing() -> None:
    every = [dataclasses.replace(SHORT, seed=seed) for seed in range(4)]
    alone = [taken(choices, 30) for choices in every]
    with ThreadPoolExecutor(4) as pool:
        together = [*pool.map(lambda choices: taken(choices, 30), every)]
    for one, other in zip(alone, together, strict=True):
        assert one.losses.tolist() == other.losses.tolist()
        for snapshot, same in zip(one.snapshots, other.snapshots, strict=True):
            assert all(np.array_equal(values, same.weights[key]) for key, values in snapshot.weights.items())
    assert len({run.losses.tobytes() for run in alone}) == len(every), "each seed gives another curve"


def test_nothing_global_is_touched() -> None:
    before = torch.get_rng_state(), torch.is_grad_enabled(), torch.get_num_threads()
    state = str(np.random.get_state())
    run = taken(SHORT, 6)
    lesson.network_of(run.snapshots[-1])
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.is_grad_enabled(), torch.get_num_threads()) == before[1:]
    assert str(np.random.get_state()) == state


def test_what_was_yielded_stays_as_it_was() -> None:
    runs = [run for run, _ in zip(lesson.train(SHORT, LESSON), range(12), strict=False)]
    assert [run.step for run in runs] == [*range(12)]
    assert [len(run.snapshots) for run in runs] == [1] * 5 + [2] * 5 + [3] * 2
    first = runs[0].snapshots[0].weights["Conv2d-1.weight"]
    assert not np.array_equal(first, runs[-1].snapshots[-1].weights["Conv2d-1.weight"])
    with pytest.raises(ValueError, match="read-only"):
        first[:] = 0
    assert runs[11].at(9) is runs[11].snapshots[1]


def test_a_snapshot_becomes_the_network_that_it_was() -> None:
    network = lesson.network_of(taken(SHORT, 10).snapshots[-1])
    expected = by_hand(SHORT, 10)[1]
    x = digits.to_input(digits.samples()[5])
    with torch.no_grad():
        np.testing.assert_array_equal(trace.record(network, x).logits, expected(x).numpy().ravel())
    other = lesson.network_of(taken(SHORT, 10).snapshots[-2])
    assert not np.array_equal(trace.record(other, x).logits, trace.record(network, x).logits)


def test_it_ends_where_the_loss_is_no_number_any_more() -> None:
    spoilt = Images(LESSON.training.x.clone(), LESSON.training.y)
    spoilt.x[:] = float("inf")
    *_, run = lesson.train(SHORT, Lesson(spoilt, LESSON.held_out))
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
def test_what_would_train_too_long_or_not_at_all_is_refused(choice: str, value: Any) -> None:
    with pytest.raises(InputError) as refused:
        next(lesson.train(dataclasses.replace(SHORT, **{choice: value}), LESSON))
    assert str(value) in refused.value.problem
    lesson.check(SHORT)


def test_it_learns_from_what_the_recipes_learn_from_and_not_from_what_is_held_out(mnist_root: Path) -> None:
    assert mnist_root.is_dir()
    given = lesson.lesson()
    assert (len(given.training), len(given.held_out)) == (4_000, 500)
    pixels, labels = mnist.read("train")
    numbers = torch.arange(len(labels))
    training, held_out = split_training(Images(numbers, numbers))
    for images, positions in ((given.training, training.x), (given.held_out, held_out.x)):
        for place in (0, 17, len(images) - 1):
            position = int(positions[place])
            np.testing.assert_array_equal(images.x[place], digits.normalise(pixels[position])[0])
            assert int(images.y[place]) == labels[position]
    assert not {*training.x.tolist()} & {*held_out.x.tolist()}
    assert lesson.lesson() is given, "it is read once"


def test_without_mnist_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    with pytest.raises(DataError, match="MNIST is not complete"):
        lesson.lesson()
