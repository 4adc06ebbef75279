"""Training: it learns, can be done again to the bit, never peeks at the test images, and survives an interrupt."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model import mnist, train, weights
from model.digits import normalise, samples
from model.errors import InputError
from model.network import AssignmentNetwork
from model.train import Epoch, Images, Recipe, Run

EPOCHS = 3


def small_mnist() -> Images:
    """Return 414 images: the project's clear digits, each in nine places."""
    clear = [digit for digit in samples() if digit.label is not None]
    places = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    pixels = [np.roll(digit.pixels, place, axis=(0, 1)) for place in places for digit in clear]
    labels = [digit.label for _ in places for digit in clear]
    return Images(normalise(np.stack(pixels)), torch.tensor(labels))


SMALL = small_mnist()
RECIPE = Recipe(epochs=EPOCHS, batch_size=32, learning_rate=0.05)


def assert_equal(run: Run, other: Run) -> None:
    assert [epoch.training_loss for epoch in run.epochs] == [epoch.training_loss for epoch in other.epochs]
    for state, same in zip(run.states, other.states, strict=True):
        assert all(torch.equal(state[key], same[key]) for key in state)


# Learning


def test_the_loss_falls_and_more_are_right_than_by_chance() -> None:
    run = train.train(RECIPE, SMALL, SMALL, seed=0)
    losses = [epoch.training_loss for epoch in run.epochs]
    assert losses == sorted(losses, reverse=True)
    assert run.best.validation_correct > len(SMALL) / 2
    assert not run.interrupted


def test_the_same_seed_gives_the_same_weights_to_the_bit() -> None:
    recipe = Recipe(epochs=1)
    one, same, other = (train.train(recipe, SMALL, SMALL, seed) for seed in (1, 1, 2))
    assert_equal(one, same)
    with pytest.raises(AssertionError):
        assert_equal(one, other)


def test_the_earliest_of_the_best_epochs_is_kept() -> None:
    epochs = [Epoch(number, 0.0, correct, 0.0) for number, correct in enumerate([3, 9, 9, 5], start=1)]
    assert Run(epochs, [], interrupted=False).best.number == 2


@pytest.mark.parametrize("training", [True, False])
def test_counting_is_done_in_evaluation_mode_and_puts_the_mode_back(training: bool) -> None:
    network = weights.load().train(training)
    with torch.no_grad():
        right = (weights.load()(SMALL.x).argmax(1) == SMALL.y).sum()
    assert train.count_correct(network, SMALL) == right
    assert network.training is training


def test_the_mode_is_put_back_even_if_counting_fails() -> None:
    network = AssignmentNetwork().train()
    with pytest.raises(RuntimeError):
        train.count_correct(network, Images(torch.zeros(1, 3, 28, 28), torch.zeros(1)))
    assert network.training


# What is learned from, what chosen by


def test_the_same_5000_images_are_held_out_every_time_and_never_trained_on() -> None:
    everything = Images(torch.arange(60_000.0)[:, None], torch.arange(60_000))
    training, validation = train.split_training(everything)
    torch.manual_seed(3)
    again = train.split_training(everything)[1]
    assert len(validation) == 5_000
    assert sorted([*training.y.tolist(), *validation.y.tolist()]) == list(range(60_000))
    assert torch.equal(validation.y, again.y)
    assert torch.equal(validation.x[:, 0].long(), validation.y)


@pytest.mark.usefixtures("mnist_root")
def test_images_are_read_normalised_with_their_labels() -> None:
    pixels, labels = mnist.read("test")
    images = train.read_images("test", "cpu")
    assert torch.equal(images.x, normalise(pixels))
    assert images.y.tolist() == labels.tolist()


# The command


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the command work on few images, and list what it does."""
    events: list[str] = []

    def read(split: mnist.Split, device: str) -> Images:
        events.append(f"read {split}")
        return SMALL

    def note(*arguments: Any) -> float:
        events.append("epoch")
        return train_epoch(*arguments)

    train_epoch = train._train_epoch
    monkeypatch.setattr(train, "read_images", read)
    monkeypatch.setattr(mnist, "is_present", lambda: True)
    monkeypatch.setattr(train, "_train_epoch", note)
    monkeypatch.setattr(train, "HELD_OUT", 100)
    monkeypatch.setitem(train.RECIPES, "assignment", RECIPE)
    return events


def test_test_images_are_read_once_and_only_at_the_end(events: list[str], tmp_path: Path) -> None:
    train.main(["--out", str(tmp_path)])
    assert events == ["read train", *["epoch"] * EPOCHS, "read test"]


@pytest.mark.usefixtures("events")
def test_it_writes_the_best_weights_every_epoch_and_how_they_came_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train.main(["--out", str(tmp_path), "--epochs", "2", "--seed", "5"])
    card = weights.read_card(tmp_path)
    network = weights.load(tmp_path)
    assert card["sha256"].keys() == {"final", "epoch-01", "epoch-02"}
    assert card["sha256"]["final"] == card["sha256"][weights.epoch_name(card["kept_epoch"])]
    assert card["test_accuracy"] == train.count_correct(network, SMALL) / 10_000
    assert (card["seed"], card["recipe"]["epochs"], card["interrupted"]) == (5, 2, False)
    assert f"test accuracy {card['test_accuracy']:.2%}, in '{tmp_path}'." in capsys.readouterr().out


def interrupted_at(call: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same, until Ctrl-C is pressed as it is called for the nth time."""
    calls = iter(range(1, call + 1))

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted


@pytest.mark.parametrize("within", ["_train_epoch", "count_correct", "Epoch"])
def test_an_interrupt_keeps_the_best_so_far_and_says_so(
    within: str,
    events: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(train, within, interrupted_at(3, getattr(train, within)))
    train.main(["--out", str(tmp_path)])
    card = weights.read_card(tmp_path)
    assert card["interrupted"] is True
    assert card["test_accuracy"] is None
    assert card["sha256"].keys() == {"final", "epoch-01", "epoch-02"}
    assert not weights.load(tmp_path).training
    assert "read test" not in events
    assert f"Interrupted. Kept epoch {card['kept_epoch']} of 2, the best so far" in capsys.readouterr().out


@pytest.mark.usefixtures("events")
def test_an_interrupt_before_the_first_epoch_is_done_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "_train_epoch", interrupted_at(1, train._train_epoch))
    with pytest.raises(SystemExit, match="nothing was written"):
        train.main(["--out", str(tmp_path / "run")])
    assert not list((tmp_path / "run").iterdir())


def test_a_trained_network_is_kept_even_if_testing_it_fails(
    events: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "count_correct", interrupted_at(EPOCHS + 1, train.count_correct))
    with pytest.raises(KeyboardInterrupt):
        train.main(["--out", str(tmp_path)])
    assert events[-1] == "read test"
    assert weights.read_card(tmp_path)["test_accuracy"] is None
    assert not weights.load(tmp_path).training


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--epochs", "0"], "error: --epochs is 0. It must be at least 1."),
        (["--epochs", "-3"], "error: --epochs is -3. It must be at least 1."),
        (["--device", "abacus"], "error: --device abacus cannot be used here"),
    ],
)
def test_an_option_that_makes_no_sense_gets_a_sentence(
    arguments: list[str], sentence: str, events: list[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=re.escape(sentence)) as caught:
        train.main([*arguments, "--out", str(tmp_path / "run")])
    assert isinstance(caught.value.code, str)  # which Python prints, and exits with 1
    assert isinstance(caught.value.__context__, InputError)
    assert not events


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_trained(
    events: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"error: --out .* cannot be written"):
        train.main(["--out", str(tmp_path / "file" / "run")])
    assert not events


def test_without_mnist_it_is_downloaded_or_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import MNIST  # noqa: PLC0415 (as model.mnist does it)

    monkeypatch.setenv("MNIST_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nothing answers there
    with pytest.raises(SystemExit, match=r"error: MNIST's file .* could not be downloaded"):
        train.main(["--out", str(tmp_path / "run")])
