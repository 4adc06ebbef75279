"""The weights: they come back as they were written, and no damage to them goes unnoticed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save as serialise
from torch import Tensor, nn

from model.errors import WeightsError
from model.mistakes import scores
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.training.images import judge, read_images

State = dict[str, Tensor]
REMEDY = "git checkout -- model/networks"


def trained(seed: int = 0) -> State:
    """Return weights as if they had been trained."""
    torch.manual_seed(seed)
    return AssignmentNetwork().state_dict()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two sets of weights and their card."""
    folder = tmp_path / "run"
    weights.write(folder, {weights.FINAL: trained(0), weights.epoch_name(1): trained(1)}, {"seed": 5})
    return folder


def assert_equal(found: State, expected: State) -> None:
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


# There and back


@pytest.mark.parametrize(("name", "seed"), [("final", 0), ("epoch-01", 1)])
def test_weights_come_back_as_they_were_written(name: str, seed: int, folder: Path) -> None:
    network = weights.load(folder, name)
    assert_equal(network.state_dict(), trained(seed))
    assert not network.training


def test_the_card_keeps_what_it_was_told_and_lists_every_file(folder: Path) -> None:
    card = weights.read_card(folder)
    assert card["seed"] == 5
    assert card["sha256"].keys() == {"final", "epoch-01"}


def test_writing_again_leaves_nothing_of_an_earlier_run_and_all_else_alone(folder: Path) -> None:
    (folder / "mine.safetensors").touch()
    weights.write(folder, {weights.FINAL: trained(2)}, {})
    assert {path.name for path in folder.iterdir()} == {"card.json", "final.safetensors", "mine.safetensors"}
    assert_equal(weights.load(folder).state_dict(), trained(2))


@pytest.mark.parametrize("content", [None, "no card"])
def test_a_folder_without_a_card_can_be_written(content: str | None, tmp_path: Path) -> None:
    if content:
        (tmp_path / "card.json").write_text(content)
    weights.write(tmp_path, {weights.FINAL: trained(2)}, {})
    assert_equal(weights.load(tmp_path).state_dict(), trained(2))


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match=r"cannot be written to '.*file' .* Make room, or give another folder"):
        weights.write(tmp_path / "file", {weights.FINAL: trained(2)}, {})


# Damage: each of these is done to a good folder, and the message names what is wrong


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def truncate(folder: Path) -> None:
    file = folder / "final.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def flip_one_bit(folder: Path) -> None:
    file = folder / "final.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def replace_card(content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / "card.json").write_bytes(content)

    return damage


def promise_a_number(folder: Path) -> None:
    (folder / "card.json").write_text(json.dumps({"sha256": {"final": 7}}))


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (remove("final.safetensors"), "final.safetensors' cannot be read"),
        (remove("card.json"), "card.json' cannot be read"),
        (truncate, "final.safetensors' are not the ones that were trained"),
        (flip_one_bit, "final.safetensors' are not the ones that were trained"),
        (replace_card(b"not { JSON"), "card.json' cannot be read"),
        (replace_card(b"\xff\xfe\x00"), "card.json' cannot be read"),
        (replace_card(b"[1, 2]"), "card.json' lists no files"),
        (replace_card(b"{}"), "card.json' lists no files"),
        (replace_card(b'{"sha256": "all"}'), "card.json' lists no files"),
        (promise_a_number, "lists no weights called 'final'"),
        (replace_card(b"[" * 200_000), "card.json' cannot be read"),
        (replace_card(b'{"sha256": {}, "seed": "five"}'), "card.json' says 'five' for 'seed'"),
        (replace_card(b'{"sha256": {}, "recipe": {"epochs": []}}'), "card.json' says '[]' for 'epochs'"),
    ],
)
def test_a_damaged_folder_is_refused_by_name(damage: Callable[[Path], None], named: str, folder: Path) -> None:
    damage(folder)
    with pytest.raises(WeightsError) as caught:
        weights.load(folder)
    assert named in caught.value.problem
    assert REMEDY in str(caught.value)


@pytest.mark.parametrize("name", ["epoch-99", "", "../assignment/final"])
def test_weights_that_the_card_does_not_list_are_refused_by_name(name: str, folder: Path) -> None:
    with pytest.raises(WeightsError, match=f"no weights called '{name}'") as caught:
        weights.load(folder, name)
    assert REMEDY in caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"Conv2d-1.bias": torch.zeros(9)}, "'Conv2d-1.bias' is (9,) of torch.float32"),
        ({"Conv2d-1.bias": torch.zeros(8, dtype=torch.float64)}, "'Conv2d-1.bias' is (8,) of torch.float64"),
        ({"Conv2d-1.bias": torch.full((8,), torch.nan)}, "'Conv2d-1.bias' holds a value that is not finite"),
        ({"Conv2d-1.bias": torch.full((8,), -torch.inf)}, "'Conv2d-1.bias' holds a value that is not finite"),
        ({"Conv2d-1.bias": None}, "missing: ['Conv2d-1.bias']"),
        ({"Conv2d-99.bias": torch.zeros(8)}, "unknown: ['Conv2d-99.bias']"),
        ({"BatchNorm2d-2.running_var": torch.full((8,), -1e-6)}, "'BatchNorm2d-2.running_var' holds -1e-06"),
        ({"Conv2d-1.weight": torch.full((8, 1, 3, 3), 3e38)}, "for a logit"),
    ],
    ids=["shape", "type", "NaN", "infinity", "missing", "unknown", "variance", "too large"],
)
def test_weights_for_another_network_are_refused_by_tensor(changes: dict[str, Any], named: str, folder: Path) -> None:
    state = {key: tensor for key, tensor in {**trained(), **changes}.items() if tensor is not None}
    weights.write(folder, {weights.FINAL: state}, {})  # so that the SHA-256 is right
    with pytest.raises(WeightsError) as caught:
        weights.load(folder)
    assert named in caught.value.problem
    assert REMEDY in caught.value.remedy


@pytest.mark.parametrize(("card", "p"), [({"recipe": {"dropout": 0.03}}, 0.03), ({"recipe": {}}, 0.1), ({}, 0.1)])
def test_dropout_has_the_p_that_the_network_was_trained_with(card: dict[str, Any], p: float, folder: Path) -> None:
    weights.write(folder, {weights.FINAL: trained()}, card)
    rows = [module for module in weights.load(folder).modules() if isinstance(module, nn.Dropout)]
    assert [module.p for module in rows] == [p] * 7


@pytest.mark.parametrize("p", [1, -0.1, float("nan"), "0.1", None])
def test_a_card_with_an_impossible_p_is_refused(p: Any, folder: Path) -> None:
    weights.write(folder, {weights.FINAL: trained()}, {"recipe": {"dropout": p}})
    with pytest.raises(WeightsError, match=f"p of dropout was {p!r}") as caught:
        weights.load(folder)
    assert REMEDY in str(caught.value)


WHOLE = serialise(trained())


@given(st.binary(max_size=200) | st.integers(0, len(WHOLE) - 1).map(lambda end: WHOLE[:end]))
def test_what_is_no_whole_safetensors_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(WeightsError, match="'a file'") as caught:
        weights.from_bytes(data, "a file")
    assert REMEDY in caught.value.remedy


# The weights in the repository: these tests are about them

CARD = weights.read_card()


def test_the_committed_card_lists_every_file_and_every_file_is_listed() -> None:
    files = {file.stem for file in weights.SHIPPED.glob("*.safetensors") if file.name != scores.NAME}
    assert CARD["sha256"].keys() == files


@pytest.mark.parametrize("name", CARD["sha256"])
def test_all_committed_weights_load_in_evaluation_mode(name: str) -> None:
    assert not any(module.training for module in weights.load(name=name).modules())


def test_the_final_weights_are_those_of_the_epoch_that_the_card_says_was_kept() -> None:
    kept = weights.load(name=weights.epoch_name(CARD["kept_epoch"]))
    assert_equal(weights.load().state_dict(), kept.state_dict())


@pytest.mark.usefixtures("mnist_root")
def test_the_final_weights_read_the_test_images_as_well_as_the_card_says() -> None:
    accuracy = judge(weights.load(), read_images("test", "cpu")).correct / 10_000
    assert accuracy == CARD["test_accuracy"]
    assert accuracy >= 0.991
