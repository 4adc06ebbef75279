"""The logits of the test images: they come back as written, are these weights', and no damage goes unnoticed."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from model.errors import WeightsError
from model.images import digits, mnist
from model.mistakes import scores
from model.mistakes.records import Scores
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.training.images import Images

CARD = weights.read_card()
PATH = scores.NAME


def made(digest: str, seed: int = 0) -> Scores:
    """Return logits and labels as if a network had given them."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(10_000, 10)).astype(np.float32)
    return Scores(digest, logits, generator.integers(10, size=10_000).astype(np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with weights and the logits of the test images."""
    weights.write(tmp_path, {weights.FINAL: weights.load().state_dict()}, {"test_accuracy": 0.5})
    scores.write(tmp_path, made(weights.read_card(tmp_path)["sha256"]["final"]))
    return tmp_path


def test_they_come_back_as_they_were_written(folder: Path) -> None:
    digest = weights.read_card(folder)["sha256"]["final"]
    found = scores.read(folder)
    np.testing.assert_array_equal(found.logits, made(digest).logits)
    np.testing.assert_array_equal(found.labels, made(digest).labels)
    assert found.weights == digest
    assert {path.name for path in folder.iterdir()} == {"card.json", "final.safetensors", PATH}


def test_reading_many_images_is_reading_each_alone_and_leaves_the_mode(folder: Path) -> None:
    chosen = digits.samples()[:45]
    pixels = np.stack([digit.pixels for digit in chosen])
    images = Images(digits.normalise(pixels), torch.tensor([digit.label or 0 for digit in chosen]))
    network = weights.load(folder).train()
    found = scores.of_network(network, images, "none")
    assert network.training
    network.eval()
    with torch.no_grad():
        alone = [network(digits.to_input(digit))[0].numpy() for digit in chosen]
    np.testing.assert_allclose(found.logits, alone, atol=1e-4)
    np.testing.assert_array_equal(found.labels, [digit.label or 0 for digit in chosen])
    with torch.no_grad():
        wrong = network.train()(images.x).numpy()  # the wrong rule: batch norm by this batch, dropout on
    assert not np.allclose(found.logits, wrong, atol=1e-2)


# Damage: each of these is done to a good folder, and the message names what is wrong and what to do


def change(**tensors: Any) -> Callable[[Path], None]:
    """Write other tensors with a digest that is right, so that only their form can be wrong."""
    return lambda folder: scores.write(folder, replace(scores.read(folder), **tensors))


def remove(folder: Path) -> None:
    (folder / PATH).unlink()


def make_a_folder(folder: Path) -> None:
    remove(folder)
    (folder / PATH).mkdir()


def replace_by(content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / PATH).write_bytes(content)

    return damage


def truncate(folder: Path) -> None:
    (folder / PATH).write_bytes((folder / PATH).read_bytes()[:-100])


def flip_one_bit(folder: Path) -> None:
    data = bytearray((folder / PATH).read_bytes())
    data[-1] ^= 1
    (folder / PATH).write_bytes(data)


def say_nothing_of_itself(folder: Path) -> None:
    good = scores.read(folder)
    (folder / PATH).write_bytes(safetensors.numpy.save({"logits": good.logits, "labels": good.labels}))


def hold_something_else(folder: Path) -> None:
    metadata = {"weights": "a", "content": "b"}
    (folder / PATH).write_bytes(safetensors.numpy.save({"logit": np.zeros(3)}, metadata))


def train_anew(folder: Path) -> None:
    """Put other weights beside the logits."""
    weights.write(folder, {weights.FINAL: AssignmentNetwork().state_dict()}, {})


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (remove, "cannot be read (No such file or directory)"),
    "a folder": (make_a_folder, "cannot be read (Is a directory)"),
    "truncated": (truncate, "cannot be read ("),
    "empty": (replace_by(b""), "cannot be read ("),
    "no safetensors": (replace_by(b"{}" * 99), "cannot be read ("),
    "one bit": (flip_one_bit, "are damaged"),
    "no metadata": (say_nothing_of_itself, "cannot be read ('__metadata__')"),
    "other tensors": (hold_something_else, "cannot be read ('logits')"),
    "too few": (change(labels=np.zeros(9_999, np.uint8)), "are damaged"),
    "nine classes": (change(logits=np.zeros((10_000, 9), np.float32)), "are damaged"),
    "other type": (change(logits=np.zeros((10_000, 10))), "are damaged"),
    "not a number": (change(logits=np.full((10_000, 10), np.nan, np.float32)), "are damaged"),
    "label 10": (change(labels=np.full(10_000, 10, np.uint8)), "are damaged"),
    "other weights": (train_anew, "belong to other weights"),
}


@pytest.mark.parametrize(("damage", "named"), DAMAGE.values(), ids=DAMAGE)
def test_what_cannot_be_trusted_is_refused_by_name(damage: Callable[[Path], None], named: str, folder: Path) -> None:
    damage(folder)
    with pytest.raises(WeightsError) as caught:
        scores.read(folder)
    assert named in caught.value.problem
    assert f"'{folder / PATH}'" in caught.value.problem
    assert f"python -m model.mistakes.scores {folder}" in caught.value.remedy


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot be written .* Make room, or give another folder"):
        scores.write(tmp_path / "nowhere", made("a"))


def test_without_weights_the_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"error: .*card\.json' cannot be read"):
        scores.main([str(tmp_path)])


def test_without_mnist_the_command_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(folder))
    with pytest.raises(SystemExit, match="error: MNIST is not complete"):
        scores.main([str(folder)])


# The file in the repository: these tests are about it


@pytest.mark.usefixtures("mnist_root")
def test_the_committed_logits_are_what_the_committed_weights_give() -> None:
    """In batches of another size, so sums are taken in another order; and the labels are MNIST's own."""
    found, (pixels, labels) = scores.read(), mnist.read("test")
    network = weights.load()
    with torch.no_grad():
        parts = [network(part) for part in digits.normalise(pixels).split(250)]
    np.testing.assert_allclose(found.logits, torch.cat(parts).numpy(), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(found.labels, labels)
    other = weights.load(name=weights.epoch_name(1))  # the wrong weights
    with torch.no_grad():
        assert not np.allclose(found.logits[:250], other(digits.normalise(pixels[:250])).numpy(), atol=0.1)


def test_the_card_has_exactly_the_accuracy_that_the_logits_give() -> None:
    found = scores.read()
    right = sum(int(np.argmax(line)) == label for line, label in zip(found.logits, found.labels, strict=True))
    assert CARD["test_accuracy"] == right / 10_000
    assert found.weights == CARD["sha256"]["final"]


@pytest.mark.usefixtures("mnist_root")
def test_one_command_writes_them_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores.main([str(folder)])
    found = scores.read(folder)
    np.testing.assert_allclose(found.logits, scores.read().logits, rtol=1e-4, atol=1e-4)
    said = capsys.readouterr().out
    assert f"{int(found.right.sum()):,} of 10,000 test images right" in said
    assert "The card says 0.5." in said


def test_the_file_is_small_and_says_which_weights_it_is_of() -> None:
    data = (weights.SHIPPED / PATH).read_bytes()
    assert len(data) < 420_000
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header["__metadata__"]["weights"] == CARD["sha256"]["final"]
