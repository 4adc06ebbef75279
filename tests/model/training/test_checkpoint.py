"""Checkpoints: write, read, and refuse damaged files and other runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from model.errors import CheckpointError
from model.training import checkpoint
from model.training.loop import Epoch, Progress, Run

TOLD: dict[str, Any] = {"seed": 3, "threads": 2, "recipe": {"name": "glass", "dropout": 0.03, "affine": None}}
EPOCHS = [Epoch(1, 0.5, 77, 0.125, 1.5), Epoch(2, 0.25, None, None, 1.25)]
STATE = {"network/a": torch.tensor([1.5]), "generator/0": torch.arange(9, dtype=torch.uint8)}
PROGRESS = Progress(Run(EPOCHS, [{"a": torch.tensor([1.0])}, {"a": torch.tensor([2.0])}]), STATE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint.write(tmp_path, PROGRESS, TOLD)
    return tmp_path


def test_read_returns_what_write_wrote(folder: Path) -> None:
    found = checkpoint.read(folder, TOLD)
    assert found.run.epochs == EPOCHS
    assert [state["a"].item() for state in found.run.states] == [1.0, 2.0]
    assert found.state.keys() == STATE.keys()
    assert all(torch.equal(found.state[key], STATE[key]) for key in STATE)
    assert checkpoint.read_identity(folder) == TOLD


def test_write_leaves_one_file_and_remove_deletes_it(folder: Path) -> None:
    checkpoint.write(folder, PROGRESS, TOLD)
    assert [path.name for path in folder.iterdir()] == [checkpoint.NAME]
    assert checkpoint.is_present(folder)
    checkpoint.remove(folder)
    assert not checkpoint.is_present(folder)
    checkpoint.remove(folder)


def test_interrupted_write_keeps_the_earlier_checkpoint(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(CheckpointError, match=r"cannot be written .*No space left on device"):
        checkpoint.write(folder, Progress(Run(), {}), TOLD)
    assert checkpoint.read(folder, TOLD).run.epochs == EPOCHS


@pytest.mark.parametrize(
    ("identity", "sentence"),
    [
        ({"seed": 4}, "another seed (3, not 4)"),
        ({"threads": 1}, "another threads (2, not 1)"),
        (
            {"recipe": {"name": "glass", "dropout": 0.1, "affine": None}},
            "another recipe (dropout 0.03, not dropout 0.1)",
        ),
        ({"device": "cuda"}, "another device (None, not cuda)"),
    ],
)
def test_read_refuses_another_run_and_names_the_difference(
    identity: dict[str, Any], sentence: str, folder: Path
) -> None:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.read(folder, {**TOLD, **identity})
    assert sentence in caught.value.problem
    assert "--resume" in caught.value.remedy


def test_read_without_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"There is no checkpoint '.*checkpoint.safetensors'"):
        checkpoint.read(tmp_path, TOLD)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def header(content: Any) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(save(STATE, None if content is None else {"run": content}))


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not safetensors at all"),
        header(None),
        header("no JSON"),
        header("[1]"),
        header("7"),
        header("[" * 200_000),
        header(json.dumps({"identity": TOLD})),
        header(json.dumps({"identity": [], "epochs": []})),
        header(json.dumps({"identity": TOLD, "epochs": [{"number": 1}]})),
        header(json.dumps({"identity": TOLD, "epochs": [5]})),
    ],
)
def test_read_refuses_a_damaged_checkpoint(damage: Callable[[Path], object], folder: Path) -> None:
    damage(folder / checkpoint.NAME)
    with pytest.raises(CheckpointError, match=r"cannot be read .* Leave --resume out to start again"):
        checkpoint.read(folder, TOLD)
