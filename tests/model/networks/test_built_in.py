"""The networks that come along: sizes worked out by hand, their authors' code, their cards, and their accuracy."""

import copy
import json
import re
import shutil
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from model import networks
from model.errors import NetworkError, WeightsError
from model.graph.module import NetworkModule
from model.graph.records import Op
from model.images import shapes
from model.images.digits import mnist
from model.images.inputs import normalise, reads_digits
from model.networks import built_in, epochs, store
from model.networks.assignment import weights
from model.networks.authors import author_network
from model.networks.catalogue import ASSIGNMENT, BUILT_IN, CATALOGUE
from model.networks.records import Network
from model.training.images import Images, read_images, score
from model.training.snapshots import read_snapshots

OTHERS = [id for id in BUILT_IN if id != ASSIGNMENT]
DIGITS = [id for id in OTHERS if id != "shapes"]
FEW = {"basic": 500}  # of the quick suite; others are asked about 2,000
# Weights and biases of each layer, and two for each channel of a batch norm.
BY_HAND = {
    "assignment": [80, 16, 1_168, 32, 2_320, 32, 32, 136, 16, 1_168, 32, 4_640, 64, 330],
    "padded": [1 * 8 * 9, 16, 8 * 16 * 9, 32, 16 * 16 * 9, 32, 16 * 28 * 9, 56, 28 * 10 + 10],
    "residual": [
        *(1 * 8 * 9, 16),
        *(8 * 8 * 9, 16, 8 * 8 * 9, 16),
        *(8 * 16 * 9, 32, 16 * 16 * 9, 32, 8 * 16, 32),
        *(16 * 16 * 9, 32, 16 * 16 * 9, 32, 16 * 16, 32),
        16 * 10 + 10,
    ],
    "separable": [
        *(1 * 16 * 9, 32),
        *(16 * 9, 16 * 24, 48),
        *(24 * 9, 24 * 40, 80),
        *(40 * 9, 40 * 64, 128),
        64 * 10 + 10,
    ],
    "compact": [
        *(1 * 8 * 9, 16, 8 * 12 * 9, 24, 12 * 16 * 9, 32),
        *(16 * 10, 20, 10 * 15 * 9, 30, 15 * 24 * 9, 48),
        24 * 10 + 10,
    ],
    "lenet": [6 * 25 + 6, 6 * 16 * 25 + 16, 256 * 120 + 120, 120 * 84 + 84, 84 * 10 + 10],
    "basic": [32 * 9 + 32, 32 * 64 * 9 + 64, 64 * 12 * 12 * 128 + 128, 128 * 10 + 10],
    "shapes": [
        *(3 * 8 * 9, 16),
        *(8 * 8 * 9, 16, 8 * 8 * 9, 16),
        *(8 * 16 * 9, 32),
        *(16 * 16 * 9, 32, 16 * 16 * 9, 32),
        *(16 * 32 * 9, 64),
        32 * 9 + 9,
    ],
}
TOTALS = {
    "assignment": 10_066,
    "padded": 7_986,
    "residual": 10_082,
    "separable": 5_706,
    "compact": 7_834,
    "lenet": 44_426,
    "basic": 1_199_882,
    "shapes": 12_241,
}


def images_of(id: str, count: int) -> torch.Tensor:
    return torch.randn(count, *CATALOGUE[id].input.shape, generator=torch.Generator().manual_seed(2))


def author_of(network: Network) -> nn.Module:
    """Return the author's module with the weights of the file, in evaluation mode."""
    author = author_network(network.id).eval()
    assert isinstance(network.module, NetworkModule)
    author.load_state_dict(network.module.author_state_dict())
    return author


@torch.no_grad()
def logits(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = module(x)
    return found


# What they are


def test_the_assignment_comes_first_and_each_has_an_expectation() -> None:
    assert BUILT_IN[0] == ASSIGNMENT
    assert networks.BUILT_IN == BUILT_IN == tuple(BY_HAND) == tuple(TOTALS)


@pytest.mark.parametrize("id", BUILT_IN)
def test_parameters_are_as_worked_out_by_hand_and_as_in_the_authors_module(id: str) -> None:
    graph = networks.by_id(id).graph
    assert graph.used == graph.owned == sum(BY_HAND[id]) == TOTALS[id]
    assert sum(weight.numel() for weight in author_network(id).parameters()) == TOTALS[id]


@pytest.mark.parametrize("id", BUILT_IN)
def test_network_is_what_the_catalogue_says(id: str) -> None:
    network, entry = networks.by_id(id), CATALOGUE[id]
    assert (network.id, network.title, network.input, network.classes) == (id, entry.title, entry.input, entry.classes)
    assert network.graph.input_shape == entry.input.shape
    assert reads_digits(network.input, network.classes) == (id != "shapes")
    assert not network.module.training
    assert network.warnings == ()


def test_each_has_what_it_teaches() -> None:
    graphs = {id: networks.by_id(id).graph for id in BUILT_IN}
    convolutions = {id: graph.all(Op.CONV) for id, graph in graphs.items()}
    assert all(node.settings["padding"] == (1, 1) for node in convolutions["padded"])
    assert not any("bias" in node.tensors for node in convolutions["padded"])
    ops = [node.op for node in graphs["padded"].nodes]
    norms = [place for place, op in enumerate(ops) if op == Op.BATCH_NORM]
    assert all((ops[place - 1], ops[place + 1]) == (Op.CONV, Op.RELU) for place in norms)
    assert len(graphs["residual"].all(Op.ADD)) == 3
    assert not graphs["residual"].all(Op.MAX_POOL, Op.AVG_POOL)
    assert [node.settings["dilation"] for node in convolutions["separable"]].count((2, 2)) == 1
    assert [node.settings["groups"] for node in convolutions["separable"]] == [1, 16, 1, 24, 1, 40, 1]
    assert sum("bias" in node.tensors for node in convolutions["compact"]) == 1
    assert len(graphs["lenet"].all(Op.LINEAR)) == 3
    assert not graphs["lenet"].all(Op.BATCH_NORM, Op.DROPOUT)
    assert [node.settings["p"] for node in graphs["basic"].all(Op.DROPOUT)] == [0.25, 0.5]
    assert len(graphs["shapes"].all(Op.ADD)) == 2


@pytest.mark.parametrize("id", BUILT_IN)
def test_logits_are_those_of_the_authors_code(id: str) -> None:
    network, x = networks.by_id(id), images_of(id, 3)
    found, expected = logits(network.module, x), logits(author_of(network), x)
    assert torch.allclose(found, expected, rtol=0, atol=1e-6 * float(expected.abs().max()))
    changed = author_of(network)
    with torch.no_grad():
        next(changed.parameters()).mul_(1.001)
    assert not torch.allclose(found, logits(changed, x), rtol=0, atol=1e-6 * float(expected.abs().max()))


def test_all_are_kept_in_memory_at_once() -> None:
    first = [networks.by_id(id) for id in BUILT_IN]
    assert all(networks.by_id(network.id) is network for network in first)
    assert (store._built_in.cache_info().maxsize or 0) >= len(BUILT_IN)


# Cards and accuracy


def mistakes_of(id: str) -> dict[int, int]:
    return {int(index): predicted for index, predicted in networks.by_id(id).card["mistakes"].items()}


def found_mistakes(module: nn.Module, images: Images) -> dict[int, int]:
    """Return the predicted class of each misclassified image, by its position."""
    predicted = score(module, images).argmax(1)
    wrong = (predicted != images.y).nonzero().flatten()
    return dict(zip(wrong.tolist(), predicted[wrong].tolist(), strict=True))


@pytest.mark.parametrize("id", OTHERS)
def test_card_says_how_it_was_trained_and_tested(id: str) -> None:
    card = networks.by_id(id).card
    assert card["network"] == card["recipe"]["name"] == card["recipe"]["network"] == id
    assert card["teaches"] == CATALOGUE[id].teaches
    assert not card["interrupted"]
    assert isinstance(card["seed"], int)
    every, held_out = 60_000 if id in DIGITS else 30_000, card.get("held_out_images", 0)
    said = f"Trained on {every - held_out:,} of " if held_out else f"Trained on all {every:,} of "
    assert card["protocol"].startswith(said)
    assert f"the {card['test_images']:,} test images were looked at once" in card["protocol"]
    assert card["test_images"] == (10_000 if id in DIGITS else 5_000)
    assert card["test_accuracy"] == 1 - len(mistakes_of(id)) / card["test_images"]
    correct = [epoch["validation_correct"] for epoch in card["epochs"]]
    assert len(correct) == card["recipe"]["epochs"]
    if held_out:
        assert card["kept_epoch"] == 1 + int(np.argmax(correct))
        assert card["validation_accuracy"] == max(correct) / held_out
    else:
        assert card["kept_epoch"] == card["recipe"]["epochs"], "the last epoch, as decided before"


def test_the_seeds_of_the_compact_network_are_as_its_card_says() -> None:
    """Few parameters, fewer than 20 epochs, and the median of its seeds, not the best."""
    network = networks.by_id("compact")
    every = network.card["seeds"]["compact"]["test_accuracy"]
    values = [*every["values"].values()]
    assert (network.graph.owned, network.card["recipe"]["epochs"], every["n"]) == (7_834, 19, len(values))
    assert every["mean"] == pytest.approx(statistics.fmean(values), abs=1e-6)
    assert every["standard_deviation"] == pytest.approx(statistics.stdev(values), abs=1e-6)
    assert network.card["test_accuracy"] == statistics.median(values) == every["values"][str(network.card["seed"])]


@pytest.mark.parametrize("id", DIGITS)
@pytest.mark.usefixtures("mnist_root")
def test_first_test_images_give_the_mistakes_of_the_card(id: str) -> None:
    count, module = FEW.get(id, 2_000), networks.by_id(id).module
    read = mnist("test")
    images = Images(normalise(read.images[:count], CATALOGUE[id].input), torch.from_numpy(read.labels[:count]))
    expected = {index: predicted for index, predicted in mistakes_of(id).items() if index < count}
    assert found_mistakes(module, images) == expected
    upside_down = Images(images.x[:100].flip(-2), images.y[:100])
    assert len(found_mistakes(module, upside_down)) > len(expected)


def test_first_test_pictures_give_the_mistakes_of_the_card() -> None:
    pixels, labels = shapes.pictures("test", 1_000)
    network = networks.by_id("shapes")
    images = Images(normalise(pixels, network.input), torch.from_numpy(labels))
    expected = {index: predicted for index, predicted in mistakes_of("shapes").items() if index < 1_000}
    assert found_mistakes(network.module, images) == expected
    grey = images.x.mean(1, keepdim=True).expand_as(images.x)
    assert len(found_mistakes(network.module, Images(grey, images.y))) > len(expected), "it looks at colour"


@pytest.mark.slow(reason="computes every test image")
@pytest.mark.exhaustive
@pytest.mark.parametrize("id", OTHERS)
def test_all_test_images_give_the_mistakes_of_the_card(id: str, request: pytest.FixtureRequest) -> None:
    if id in DIGITS:
        request.getfixturevalue("mnist_root")
    images = read_images("test", "cpu", id)
    assert len(images) == networks.by_id(id).card["test_images"]
    assert found_mistakes(networks.by_id(id).module, images) == mistakes_of(id)


# History and snapshots


@pytest.mark.parametrize("id", BUILT_IN)
def test_history_is_that_of_the_card(id: str) -> None:
    network = networks.by_id(id)
    said = network.card["epochs"]
    assert [row["epoch"] for row in network.history] == [*range(1, len(said) + 1)]
    assert [row["training loss"] for row in network.history] == [epoch["training_loss"] for epoch in said]
    if not network.card.get("held_out_images"):
        assert not any("held-out accuracy" in row for row in network.history), "nothing was held out"
        return
    assert max(row["held-out accuracy"] for row in network.history) == network.card["validation_accuracy"]
    assert [row["held-out loss"] for row in network.history] == [epoch["validation_loss"] for epoch in said]


@pytest.mark.parametrize("id", BUILT_IN)
def test_snapshots_are_the_network_after_each_epoch(id: str) -> None:
    network, found = networks.by_id(id), networks.snapshots(id)
    if id == "basic":
        assert [*found] == [], "five of 4.8 MB would be too large for a repository"
        return
    assert [*found] == [row["epoch"] for row in network.history]
    x, kept = images_of(id, 2), network.card["kept_epoch"]
    assert torch.equal(logits(found[kept], x), logits(network.module, x))
    other = 1 if kept > 1 else 2
    assert not torch.allclose(logits(found[other], x), logits(network.module, x), atol=0.01)
    assert not found[other].training
    assert found[other] is networks.snapshots(id)[other], "it is read once"
    assert isinstance(found[1], NetworkModule)
    assert found[1].graph is network.graph
    for epoch in (0, len(found) + 1):
        with pytest.raises(KeyError):
            found[epoch]


def test_snapshots_of_the_assignment_are_those_of_its_training() -> None:
    x, expected = images_of(ASSIGNMENT, 1), read_snapshots()
    found = networks.snapshots(ASSIGNMENT)
    assert [*found] == [*expected]
    assert all(torch.equal(logits(found[epoch], x), logits(expected[epoch], x)) for epoch in (1, 12, 19))


def test_snapshots_are_small_and_read_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for id in BUILT_IN:
        sizes = [path.stat().st_size for path in built_in.card_folder(id).glob("epoch-*.safetensors")]
        assert len(sizes) == len(networks.snapshots(id))
        assert sum(sizes) < 2_000_000
    epochs._module.cache_clear()
    read: list[str] = []
    original = weights.read_bytes

    def noted(folder: Path, name: str) -> bytes:
        read.append(name)
        return original(folder, name)

    monkeypatch.setattr(weights, "read_bytes", noted)
    found = networks.snapshots("padded")
    assert (len(found), read) == (len(found), [])
    assert found[2] is found[2]
    assert read == ["epoch-02"]


def test_network_of_a_file_has_no_snapshots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    id = networks.keep(built_in.card_folder("padded") / "padded.glass")
    assert dict(networks.snapshots(id)) == {}
    with pytest.raises(NetworkError, match="There is no network"):
        networks.snapshots("padded.glass")


# Damage


@pytest.fixture
def padded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of a network's folder, which is read in place of the original."""
    folder = shutil.copytree(built_in.card_folder("padded"), tmp_path / "padded")
    monkeypatch.setattr(built_in, "card_folder", lambda _id: folder)
    monkeypatch.setattr(epochs, "card_folder", lambda _id: folder)
    return folder


def test_a_copy_of_the_folder_is_read(padded: Path) -> None:
    x = images_of("padded", 1)
    assert torch.equal(logits(built_in.built_in("padded").module, x), logits(networks.by_id("padded").module, x))


def test_file_of_another_training_is_refused(padded: Path) -> None:
    other = Path(built_in.__file__).parent / "residual" / "residual.glass"
    shutil.copy(other, padded / "padded.glass")
    with pytest.raises(NetworkError, match="is not the one that its card describes"):
        built_in.built_in("padded")


def test_damaged_card_is_refused(padded: Path) -> None:
    path = padded / "card.json"
    card: dict[str, Any] = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "file": "0" * 32}))
    with pytest.raises(NetworkError, match="is not the one that its card describes"):
        built_in.built_in("padded")
    for damage in ([5], 5, [{"number": 1}], [{**card["epochs"][0], "training_loss": "low"}]):
        path.write_text(json.dumps({**card, "epochs": damage}))
        with pytest.raises(WeightsError, match="The epochs in the card"):
            built_in.built_in("padded")
    path.write_text("{")
    with pytest.raises(WeightsError, match="cannot be read"):
        built_in.built_in("padded")


def test_changed_snapshot_is_refused(padded: Path) -> None:
    found = epochs.Snapshots(built_in.built_in("padded"))
    path = padded / "epoch-03.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\1\0")
    assert isinstance(found[2], nn.Module)
    with pytest.raises(WeightsError, match="not the ones that were trained"):
        found[3]
    path.unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        found[3]


def test_copy_of_a_network_is_private() -> None:
    module = networks.by_id("residual").module
    private = copy.deepcopy(module)
    with torch.no_grad():
        for weight in private.parameters():
            weight.zero_()
    x = images_of("residual", 1)
    assert not torch.equal(logits(module, x), logits(private, x))


# docs/networks.md


def test_document_states_parameters_and_accuracy_of_each() -> None:
    text = (Path(__file__).parents[3] / "docs" / "networks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| .+ \| ([\d.]+) % \|$", text, re.MULTILINE)
    expected = [(id, f"{TOTALS[id]:,}", f"{100 * networks.by_id(id).card['test_accuracy']:.2f}") for id in OTHERS]
    assert rows == expected
