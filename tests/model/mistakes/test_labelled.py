"""Sets of labelled pictures, and what a network says about them, counted again by a loop of plain PyTorch."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.transforms import Normalize, ToTensor

from model import networks
from model.errors import InputError
from model.images import folder, pictures, shapes
from model.images.records import SHAPES
from model.mistakes import confusion, labelled, scores
from model.mistakes.labelled import FolderPictures, LabelledPictures, ShapePictures
from model.mistakes.records import Scores
from model.networks.records import Network


@pytest.fixture(scope="module")
def network() -> Network:
    return networks.by_id("shapes")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with four drawn pictures of each of three shapes, two other pictures, and a damaged file."""
    for name in ("star", "circle", "heart"):
        (tmp_path / name).mkdir()
        for number in range(4):
            Image.fromarray(shapes.draw(SHAPES.index(name), 70 + number)).save(tmp_path / name / f"{number}.png")
    (tmp_path / "cat").mkdir()
    for number in range(2):
        Image.fromarray(shapes.draw(0, number)).save(tmp_path / "cat" / f"{number}.png")
    Image.fromarray(shapes.draw(0, 5)).save(tmp_path / "loose.png")
    return tmp_path


def in_folder(network: Network, root: Path) -> FolderPictures:
    folder.listed.cache_clear()
    _shapes, found = labelled.of_network(network, folder.listed(root))
    assert isinstance(found, FolderPictures)
    return found


def whole(network: Network, given: LabelledPictures) -> Scores:
    parts = scores.parts(len(given), 5)
    return scores.joined([scores.of_part(network, given, part) for part in parts])


def counted(network: Network, root: Path) -> Counter[tuple[str, str]]:
    """Return how often each label is taken for each class, picture by picture, as torchvision reads the folder."""
    normalise, found = Normalize(network.input.mean, network.input.std), Counter[tuple[str, str]]()
    every = ImageFolder(str(root), allow_empty=True)
    for path, label in every.samples:
        name = every.classes[label]
        if name in network.classes:
            x = normalise(ToTensor()(Image.open(path).convert("RGB")))
            with torch.no_grad():
                found[name, network.classes[int(network.module(x[None]).argmax())]] += 1
    return found


def test_a_folder_is_counted_as_by_torchvision_and_a_loop(network: Network, root: Path) -> None:
    given = in_folder(network, root)
    assert (len(given), given.fitting, given.without) == (12, 12, {"": 1, "cat": 2})
    found = confusion.confusion(whole(network, given))
    expected = counted(network, root)
    assert sum(expected.values()) == 12
    for row, label in enumerate(network.classes):
        for column, name in enumerate(network.classes):
            assert found.counts[row, column] == expected[label, name]
    assert found.classes == network.classes
    for each in confusion.predictions(whole(network, given), range(12)):
        assert given.key(each.index).startswith(f"folder-{each.label_name}-")


def test_what_cannot_be_read_is_left_out_and_the_others_keep_their_places(network: Network, root: Path) -> None:
    given, before = in_folder(network, root), whole(network, in_folder(network, root))
    (root / "circle" / "1.png").write_bytes(b"no picture")
    found = whole(network, given)
    assert (len(found), found.places.tolist()) == (11, [0, *range(2, 12)])
    np.testing.assert_allclose(found.logits, before.logits[[0, *range(2, 12)]], atol=1e-5)
    assert given.folder.unreadable == {"circle/1.png"}
    assert confusion.prediction(found, 1) is None
    other = confusion.prediction(found, 2)
    assert other is not None
    assert (other.index, other.label_name) == (2, "circle")
    assert given.small([0, 1, 2]).keys() == {0, 2}


def test_a_changed_file_has_another_digest_and_is_read_again(network: Network, root: Path) -> None:
    given = in_folder(network, root)
    path = root / "star" / "0.png"
    place = next(place for place in range(len(given)) if given.key(place) == "folder-star-0")
    before = given.small([place])[place]
    Image.new("RGB", (40, 40), (255, 255, 255)).save(path)
    os.utime(path, ns=(1, 1))
    labelled._of_folder.cache_clear()
    changed = in_folder(network, root)
    assert changed.digest != given.digest
    labelled._of_folder.cache_clear()
    assert in_folder(network, root).digest == changed.digest
    assert not np.array_equal(changed.small([place])[place], before)


def test_of_a_large_folder_pictures_are_taken_evenly(
    network: Network, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelled, "MOST", 6)
    labelled._of_folder.cache_clear()
    given = in_folder(network, root)
    assert (len(given), given.fitting) == (6, 12)
    assert Counter(key.split("-")[1] for key in given.keys) == {"circle": 2, "heart": 2, "star": 2}
    monkeypatch.setattr(labelled, "MOST_VALUES", 4 * len(network.classes))
    labelled._of_folder.cache_clear()
    assert len(in_folder(network, root)) == 4, "of many classes fewer pictures fit into the memory"


def test_the_drawn_test_pictures_are_those_of_the_training(network: Network) -> None:
    drawn, labels = shapes.pictures("test", 30)
    given = ShapePictures()
    for each in given.read(range(30)):
        np.testing.assert_array_equal(each.pixels, drawn[each.place])
        assert each.class_name == SHAPES[labels[each.place]]
        opened = pictures.find(given.key(each.place), network.input)
        np.testing.assert_array_equal(opened.pixels, each.pixels)
        assert opened.class_name == each.class_name
    assert len(given) == 5_000


@pytest.mark.slow(reason="classifies 5,000 pictures")
def test_the_accuracy_on_the_drawn_pictures_is_that_of_the_card(network: Network) -> None:
    found = scores.joined([scores.of_part(network, ShapePictures(), part) for part in scores.parts(5_000, 250)])
    accuracy = confusion.accuracy(found)
    assert accuracy.images == network.card["test_images"] == 5_000
    assert accuracy.share == pytest.approx(network.card["test_accuracy"], abs=2e-4)


@pytest.mark.parametrize("key", ["shape-test-5000", "shape-test-01", "shape-test--1", "shape-test-", "shape-test-1x"])
def test_a_test_picture_that_is_not_there_is_refused(key: str, network: Network) -> None:
    with pytest.raises(InputError, match="shape-test-0 to shape-test-4999"):
        pictures.find(key, network.input)


def test_a_network_gets_the_sets_whose_classes_it_has(network: Network, root: Path) -> None:
    folder.listed.cache_clear()
    given = folder.listed(root)
    assert [each.name for each in labelled.of_network(network, given)] == ["shapes", "folder"]
    assert [each.name for each in labelled.of_network(networks.by_id("lenet"), given)] == ["mnist"]
    assert [each.name for each in labelled.of_network(network)] == ["shapes"]


def test_a_label_that_the_network_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be tested on these pictures"):
        scores.of_part(networks.by_id("lenet"), ShapePictures(), range(2))


def test_a_large_network_gets_few_pictures_at_once(network: Network) -> None:
    values = sum(int(np.prod(node.shape)) for node in network.graph.nodes)
    at_once = scores.at_once(network, ShapePictures())
    assert 1 <= at_once <= ShapePictures.at_once
    assert at_once * values <= 50_000_000
