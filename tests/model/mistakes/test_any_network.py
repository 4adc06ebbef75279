"""Scores of any network that reads digits, in parts, and the mistakes that two networks share."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from model.errors import InputError
from model.graph.records import Op
from model.images import digits
from model.images.inputs import fit_all, normalise
from model.mistakes import confusion, scores
from model.mistakes.labelled import MnistPictures
from model.mistakes.records import Scores
from model.networks import load
from model.networks.records import ImageSpec, Network
from tests.model.graph.build import Builder

TEN = tuple(map(str, range(10)))
SMALL = ImageSpec(1, 14, 14, (0.5,), (0.25,))


def network(classes: tuple[str, ...] = TEN, image: ImageSpec = SMALL, *, by_batch: bool = False) -> Network:
    """Return a network that reads digits of 14 × 14 pixels; it may normalise by the statistics of its batch."""
    build = Builder(image.shape)
    build.conv(4, 3)
    if by_batch:
        build.add(Op.BATCH_NORM, eps=1e-5, momentum=0.1, batch_statistics=True)
    build.add(Op.FLATTEN, start=1, end=3)
    build.add(Op.LINEAR, weights={"weight": (10, 4 * 12 * 12), "bias": (10,)})
    module = build.module()
    return Network("small", "A small network", module.graph, module, image, classes)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> digits.MnistDigits:
    """Put 1,100 pictures of noise into the place of MNIST's test images."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, 1100)
    found = digits.MnistDigits("test", generator.integers(0, 256, (1100, 28, 28), dtype=np.uint8), labels)
    monkeypatch.setattr(digits, "mnist", lambda _: found)
    return found


def test_parts_together_are_all_images_in_order(few: digits.MnistDigits) -> None:
    """Pictures are halved here by the mean of each 2 × 2 pixels, which an antialiased filter comes close to."""
    shown = network()
    parts = scores.parts(len(few), 500)
    assert [(part.start, part.stop) for part in parts] == [(0, 500), (500, 1000), (1000, 1100)]
    found = scores.joined([scores.of_part(shown, MnistPictures(), part) for part in parts])
    np.testing.assert_array_equal(found.places, range(1100))
    np.testing.assert_array_equal(found.labels, few.labels)
    assert (found.weights, found.logits.shape) == ("small", (1100, 10))
    assert found.logits.dtype == np.float32
    planes = torch.from_numpy(few.images.astype(np.float32))[:, None]
    halved = functional.interpolate(planes, (14, 14), mode="bilinear", antialias=True, align_corners=False)
    with torch.no_grad():
        expected = shown.module((halved.round() / 255 - 0.5) / 0.25).numpy()
    np.testing.assert_allclose(found.logits, expected, rtol=1e-3, atol=1e-3)
    assert not shown.module.training


def test_a_network_that_normalises_by_its_batch_gets_a_part_at_once(few: digits.MnistDigits) -> None:
    shown, part = network(by_batch=True), range(scores._BATCH + 1)
    found = scores.of_part(shown, MnistPictures(), part)
    pixels = fit_all(few.images[part.start : part.stop], SMALL)
    with torch.no_grad():
        expected = shown.module(normalise(pixels, SMALL)).numpy()
    np.testing.assert_allclose(found.logits, expected, rtol=1e-4, atol=1e-4)


def test_parts_of_the_assignment_are_its_file(mnist_root: Path) -> None:
    part = range(1500, 1550)
    found, file = scores.of_part(load("assignment"), MnistPictures(), part), scores.read().at(np.array(part))
    np.testing.assert_array_equal(found.labels, file.labels)
    np.testing.assert_allclose(found.logits, file.logits, atol=1e-3)


def test_a_network_that_reads_no_digits_is_refused(few: digits.MnistDigits) -> None:
    for shown in (network((*TEN[:9], "ten")), network(TEN, ImageSpec(3, 14, 14, (0.5,) * 3, (0.5,) * 3))):
        with pytest.raises(InputError, match="cannot be tested on these pictures"):
            scores.of_part(shown, MnistPictures(), range(len(few)))


def test_parts_of_two_networks_are_not_put_together() -> None:
    one, other = (Scores(name, np.zeros((1, 10), np.float32), np.zeros(1, np.uint8)) for name in "ab")
    with pytest.raises(InputError, match="Scores of 2 networks"):
        scores.joined([one, other])
    with pytest.raises(InputError, match="Scores of 0 networks"):
        scores.joined([])


def answering(answers: list[int], labels: list[int]) -> Scores:
    return Scores("made", np.eye(3, dtype=np.float32)[answers], np.array(labels, np.uint8))


def test_shared_mistakes_by_hand() -> None:
    labels = [0, 0, 1, 1, 2, 2]
    found = confusion.shared_mistakes(answering([0, 1, 1, 0, 0, 1], labels), answering([0, 0, 2, 0, 1, 1], labels))
    assert found.both_right.tolist() == [0]
    assert found.only_first_wrong.tolist() == [1]
    assert found.only_second_wrong.tolist() == [2]
    assert found.both_wrong.tolist() == [3, 4, 5]
    assert found.same_mistake.tolist() == [3, 5]
    assert found.by_chance == pytest.approx(4 * 4 / 6)


def test_shared_mistakes_are_those_of_the_confusion_of_each() -> None:
    generator = np.random.default_rng(5)
    labels = generator.integers(0, 10, 400).astype(np.uint8)
    one, other = (Scores("", generator.normal(size=(400, 10)).astype(np.float32), labels) for _ in range(2))
    found = confusion.shared_mistakes(one, other)
    wrong = {int(each) for each in np.flatnonzero(~one.correct)}
    assert len(found.both_wrong) + len(found.only_first_wrong) == len(wrong) == confusion.confusion(one).mistakes.sum()
    parts = (found.both_right, found.only_first_wrong, found.only_second_wrong, found.both_wrong)
    assert sorted(np.concatenate(parts).tolist()) == list(range(400))
    assert {*found.both_wrong.tolist()} == wrong - {*np.flatnonzero(other.correct).tolist()}


def test_shared_mistakes_of_other_images_are_refused() -> None:
    with pytest.raises(InputError, match="the same labelled images"):
        confusion.shared_mistakes(answering([0, 1], [0, 1]), answering([0, 1], [1, 1]))
    with pytest.raises(InputError, match="at least one"):
        confusion.shared_mistakes(answering([], []), answering([], []))
