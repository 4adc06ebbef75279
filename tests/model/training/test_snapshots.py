"""A block after each epoch is what the snapshot's own file holds and its own forward pass gives."""

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from model import trace
from model.errors import InputError, WeightsError
from model.images import digits
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.training import snapshots
from model.training.records import Formation

X = digits.to_input(digits.find("project-4or9"))
ROWS = ("Conv2d-1", "Conv2d-4", "Conv2d-7", "MaxPool2d-10", "Conv2d-13", "Conv2d-16", "Conv2d-19", "Conv2d-23")
NORMS = {"Conv2d-1": "BatchNorm2d-2", "MaxPool2d-10": "BatchNorm2d-11", "Conv2d-19": "BatchNorm2d-20"}


@pytest.fixture(scope="module")
def networks() -> dict[int, AssignmentNetwork]:
    """Return three networks that differ in everything that is learned or kept."""
    made = {}
    for epoch in (1, 2, 5):
        with torch.random.fork_rng():
            torch.manual_seed(epoch)
            network = AssignmentNetwork().train()
            network(torch.randn(8, 1, 28, 28))  # moves the running statistics
            made[epoch] = network.eval()
    return made


@pytest.fixture(scope="module")
def written(networks: dict[int, AssignmentNetwork], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    states = {weights.epoch_name(epoch): network.state_dict() for epoch, network in networks.items()}
    weights.write(folder, {weights.FINAL: states["epoch-05"], **states}, {})
    return folder


def assert_same(one: Formation, other: Formation) -> None:
    np.testing.assert_array_equal(one.maps, other.maps)
    np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_the_card_says_which_epochs_there_are(written: Path) -> None:
    found = snapshots.snapshots(written)
    assert [*found] == [1, 2, 5]
    assert not any(network.training for network in found.values())
    shipped = [name for name in weights.read_card()["sha256"] if name != weights.FINAL]
    assert len(snapshots.snapshots()) == len(shipped)


def test_every_block_in_which_anything_is_learned_can_be_followed() -> None:
    assert snapshots.rows(trace.record(weights.load(), X)) == ROWS


@pytest.mark.parametrize("row", ROWS)
def test_kernels_and_statistics_are_those_of_the_files(
    networks: dict[int, AssignmentNetwork], written: Path, row: str
) -> None:
    found = snapshots.follow(networks, X, row)
    for place, epoch in enumerate(found.epochs):
        state = load_file(written / f"{weights.epoch_name(epoch)}.safetensors")
        if found.kernels is None:
            assert row == "MaxPool2d-10"
        else:
            np.testing.assert_array_equal(found.kernels[place], state[f"{row}.weight"])
        kept = {
            "running mean": "running_mean",
            "running variance": "running_var",
            "weight": "weight",
            "bias": "bias",
        }
        for title, values in found.statistics.items():
            np.testing.assert_array_equal(values[place], state[f"{found.norm}.{kept[title]}"])
        if found.norm:
            assert [*found.statistics] == [*kept]
            assert NORMS.get(row, found.norm) == found.norm
            swapped = state[f"{found.norm}.running_var"]
            assert not np.array_equal(found.statistics["running mean"][place], swapped), "not to be mixed up"


def test_maps_and_probabilities_are_those_of_a_plain_forward_pass(networks: dict[int, AssignmentNetwork]) -> None:
    found = snapshots.follow(networks, X, "Conv2d-1")
    assert (found.shown, found.norm) == ("ReLU-1", "BatchNorm2d-2")
    for place, epoch in enumerate(found.epochs):
        network = copy.deepcopy(networks[epoch])
        with torch.no_grad():
            convolution = network.get_submodule("Conv2d-1")(X)
            scores = network(X).softmax(1)
        np.testing.assert_allclose(found.maps[place], convolution.relu()[0], rtol=1e-5, atol=1e-6)
        assert not np.allclose(found.maps[place], convolution[0]), "the ReLU comes before the batch norm"
        np.testing.assert_allclose(found.probabilities[place], scores[0], rtol=1e-5, atol=1e-7)
    assert found.predictions.tolist() == [int(row.argmax()) for row in found.probabilities]


def test_what_the_running_mean_is_of_is_shown(networks: dict[int, AssignmentNetwork]) -> None:
    for row in ROWS:
        found = snapshots.follow(networks, X, row)
        assert found.maps.shape[:2] == (3, found.statistics["weight"].shape[1] if found.norm else 10)
        steps = [step.name for step in trace.record(networks[1], X).steps]
        assert found.shown == (steps[steps.index(found.norm) - 1] if found.norm else row)


def test_networks_are_only_read_and_threads_do_not_meet(networks: dict[int, AssignmentNetwork]) -> None:
    before = {epoch: copy.deepcopy(network.state_dict()) for epoch, network in networks.items()}
    alone = {row: snapshots.follow(networks, X, row) for row in ROWS}
    with ThreadPoolExecutor(4) as threads:
        for row, found in zip(ROWS * 3, threads.map(lambda r: snapshots.follow(networks, X, r), ROWS * 3), strict=True):
            assert_same(found, alone[row])
    for epoch, network in networks.items():
        assert all(torch.equal(value, before[epoch][key]) for key, value in network.state_dict().items())
        assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("row", ["Conv2d-99", "ReLU-1", "Dropout-3", ""])
def test_no_block_begins_there(networks: dict[int, AssignmentNetwork], row: str) -> None:
    with pytest.raises(InputError, match=f"No block begins at '{row}'"):
        snapshots.follow(networks, X, row)


@pytest.mark.parametrize("names", [[], ["final"], ["final", "epoch-one"]])
def test_a_card_without_snapshots_gets_a_sentence(names: list[str], tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(json.dumps({"sha256": dict.fromkeys(names, "0")}))
    with pytest.raises(WeightsError, match="snapshot"):
        snapshots.snapshots(tmp_path)


def test_a_damaged_snapshot_gets_a_sentence(written: Path, tmp_path: Path) -> None:
    for path in written.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "epoch-02.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\1\0")
    with pytest.raises(WeightsError, match="not the ones that were trained"):
        snapshots.snapshots(tmp_path)
