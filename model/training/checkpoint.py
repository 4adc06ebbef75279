"""Checkpoints of unfinished runs: one safetensors file with JSON in its header, replaced after each epoch."""

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
_START_AGAIN = "Resume with the options of the first start, or leave --resume out to start again."


def write(folder: Path, progress: Progress, identity: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically: a reader finds either the earlier one or this one, complete.

    Args:
        folder: An existing folder.
        progress: The run so far.
        identity: Everything that decides the run, by name, as JSON values. A run with another identity cannot resume.

    Raises:
        CheckpointError: It cannot be written.
    """
    tensors = {f"state/{key}": tensor for key, tensor in progress.state.items()}
    for epoch, state in zip(progress.run.epochs, progress.run.states, strict=True):
        tensors |= {f"{epoch_name(epoch.number)}/{key}": tensor.contiguous() for key, tensor in state.items()}
    epochs = [dataclasses.asdict(epoch) for epoch in progress.run.epochs]
    unfinished = folder / f"{NAME}.part"
    try:
        unfinished.write_bytes(serialise(tensors, {"run": json.dumps({"identity": identity, "epochs": epochs})}))
        unfinished.replace(folder / NAME)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint cannot be written to '{folder}' ({error.strerror}).",
            "It must be a folder on a disk with free space.",
            "Free some space, and run the same command with --resume.",
        ) from error


def read(folder: Path, identity: Mapping[str, Any]) -> Progress:
    """Read a checkpoint and check that it belongs to the run that resumes.

    Args:
        folder: The folder of the checkpoint.
        identity: As it was written; a value of None matches any value.

    Raises:
        CheckpointError: There is none, it is damaged, or it belongs to another run.
    """
    header, tensors = _parsed(folder / NAME)
    _check(folder, header["identity"], identity)
    try:
        epochs = [Epoch(**each) for each in header["epochs"]]
        states = [_below(tensors, f"{epoch_name(epoch.number)}/") for epoch in epochs]
    except TypeError as error:
        raise _damaged(folder / NAME, error) from error
    return Progress(Run(epochs, states), _below(tensors, "state/"))


def is_present(folder: Path) -> bool:
    """Return whether the folder holds an unfinished run."""
    return (folder / NAME).is_file()


def remove(folder: Path) -> None:
    """Remove the checkpoint of a run that is finished."""
    (folder / NAME).unlink(missing_ok=True)


def read_identity(folder: Path) -> dict[str, Any]:
    """Return the identity of the run that a checkpoint belongs to.

    Raises:
        CheckpointError: There is none, or it is damaged.
    """
    identity: dict[str, Any] = _parsed(folder / NAME)[0]["identity"]
    return identity


def _parsed(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint '{path}'.", "Every epoch writes one.", _START_AGAIN)
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})["run"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (it is not a mapping)
        if not (isinstance(header["identity"], dict) and isinstance(header["epochs"], list)):
            raise TypeError("its header does not describe a run")
    except (safetensors.SafetensorError, OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise _damaged(path, error) from error
    return header, tensors


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"The checkpoint '{path}' cannot be read ({error}).",
        "It must be complete.",
        "Leave --resume out to start again.",
    )


def _check(folder: Path, found: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    for name, value in identity.items():
        if value is not None and found.get(name) != value:
            was, now = _differing(found.get(name), value)
            raise CheckpointError(
                f"The checkpoint in '{folder}' belongs to a run with another {name} ({was}, not {now}).",
                "Only the same run can resume.",
                _START_AGAIN,
            )


def _differing(was: Any, now: Any) -> tuple[str, str]:
    """Return two values as text; for two mappings, only the entries that differ.

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
