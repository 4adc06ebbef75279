"""Unfinished runs on disk: one safetensors file with JSON in its header, replaced as a whole after each epoch."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
from safetensors.torch import save as serialise
from torch import Tensor

from model.errors import CheckpointError
from model.networks.assignment.weights import epoch_name
from model.training.loop import Epoch, Progress, Run

NAME = "checkpoint.safetensors"
_ANEW = "Resume with what it was started with, or leave --resume out to start anew."


def write(folder: Path, progress: Progress, told: Mapping[str, Any]) -> None:
    """Write a checkpoint so that a reader finds the earlier one or this one, whole.

    Args:
        folder: Must be there.
        progress: The run so far.
        told: What decides the run, by name; JSON can hold it. Only who names the same can go on with it.

    Raises:
        CheckpointError: The disk refuses it.
    """
    tensors = {f"state/{key}": tensor for key, tensor in progress.state.items()}
    for epoch, state in zip(progress.run.epochs, progress.run.states, strict=True):
        tensors |= {f"{epoch_name(epoch.number)}/{key}": tensor.contiguous() for key, tensor in state.items()}
    epochs = [dataclasses.asdict(epoch) for epoch in progress.run.epochs]
    unfinished = folder / f"{NAME}.part"
    try:
        unfinished.write_bytes(serialise(tensors, {"run": json.dumps({"told": told, "epochs": epochs})}))
        unfinished.replace(folder / NAME)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint cannot be written to '{folder}' ({error.strerror}).",
            "It must be a folder on a disk with room.",
            "Make room, and start the same command with --resume.",
        ) from error


def read(folder: Path, told: Mapping[str, Any]) -> Progress:
    """Read a checkpoint and make sure that it belongs to the run that is to go on.

    Args:
        folder: Where it lies.
        told: As it was written; what is None here is taken as it was.

    Raises:
        CheckpointError: There is none, it is damaged, or it is of another run.
    """
    header, tensors = _parsed(folder / NAME)
    _check(folder, header["told"], told)
    try:
        epochs = [Epoch(**each) for each in header["epochs"]]
        states = [_below(tensors, f"{epoch_name(epoch.number)}/") for epoch in epochs]
    except TypeError as error:
        raise _damaged(folder / NAME, error) from error
    return Progress(Run(epochs, states), _below(tensors, "state/"))


def is_present(folder: Path) -> bool:
    """Say whether an unfinished run lies there."""
    return (folder / NAME).is_file()


def remove(folder: Path) -> None:
    """Remove the checkpoint of a run that is finished."""
    (folder / NAME).unlink(missing_ok=True)


def read_told(folder: Path) -> dict[str, Any]:
    """Return what decided the run that a checkpoint belongs to.

    Raises:
        CheckpointError: There is none, or it is damaged.
    """
    told: dict[str, Any] = _parsed(folder / NAME)[0]["told"]
    return told


def _parsed(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint '{path}'.", "One is written after every epoch.", _ANEW)
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["run"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (it is no mapping)
        if not (isinstance(header["told"], dict) and isinstance(header["epochs"], list)):
            raise TypeError("its header is not one of a run")
    except (safetensors.SafetensorError, OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise _damaged(path, error) from error
    return header, tensors


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"The checkpoint '{path}' cannot be read ({error}).", "It must be whole.", "Leave --resume out to start anew."
    )


def _check(folder: Path, found: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    for name, value in told.items():
        if value is not None and found.get(name) != value:
            was, now = _differing(found.get(name), value)
            raise CheckpointError(
                f"The checkpoint in '{folder}' is of a run with another {name} ({was}, not {now}).",
                "Only the same run can go on.",
                _ANEW,
            )


def _differing(was: Any, now: Any) -> tuple[str, str]:
    """Say two values, or, of two mappings, only where they differ.

    >>> _differing({"a": 1, "b": 2}, {"a": 1, "b": 3})
    ('b 2', 'b 3')
    """
    if not (isinstance(was, dict) and isinstance(now, dict)):
        return str(was), str(now)
    names = [name for name in now if was.get(name) != now[name]]
    said = [", ".join(f"{name} {each.get(name)}" for name in names) for each in (was, now)]
    return said[0], said[1]


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)}
