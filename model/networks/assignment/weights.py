"""Read and write trained weights: safetensors files and a card in JSON that says how they were trained.

A folder of weights holds one card, ``card.json``, and the files that it lists with their SHA-256:
``final.safetensors`` and a snapshot ``epoch-NN.safetensors`` for each epoch. No pickle is ever read.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load as parse
from safetensors.torch import save as serialise

from model.errors import WeightsError
from model.images.records import MEAN, STD
from model.networks.assignment.network import DROPOUT, AssignmentNetwork

SHIPPED = Path(__file__).with_name("trained")
FINAL = "final"
_CARD_TYPES = {  # of the entries that the app shows; each may be missing
    "protocol": str,
    "seed": int,
    "kept_epoch": int,
    "recipe": dict,
    "seeds": dict,
    "validation_accuracy": float,
    "test_accuracy": float,
}
_REMEDY = "Restore the folder with 'git checkout -- model/networks', or train again: 'python -m model.training --help'."


def epoch_name(epoch: int) -> str:
    """Return the name of the snapshot after an epoch, counted from 1.

    >>> epoch_name(3)
    'epoch-03'
    """
    return f"epoch-{epoch:02d}"


def load(folder: Path = SHIPPED, name: str = FINAL) -> AssignmentNetwork:
    """Read trained weights, check them, and return the network in evaluation mode.

    Args:
        folder: Holds the card and the files.
        name: ``final``, or a snapshot such as ``epoch-03``.

    Raises:
        WeightsError: A file is missing or changed, or does not fit the network.
    """
    data = read_bytes(folder, name)
    return from_bytes(data, f"{name}.safetensors", _dropout(read_card(folder), folder))


def read_bytes(folder: Path, name: str) -> bytes:
    """Read one of the files of weights that a card lists, and check its SHA-256.

    Raises:
        WeightsError: It is missing or changed, or the card does not list it.
    """
    expected = read_card(folder)["sha256"].get(name)
    path = folder / f"{name}.safetensors"
    if not isinstance(expected, str):
        raise WeightsError(f"The card in '{folder}' lists no weights called '{name}'.", "It must list them.", _REMEDY)
    data = _read(path)
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise WeightsError(
            f"The weights '{path}' are not the ones that were trained (SHA-256 {found[:12]}...).",
            f"The card lists {expected[:12]}...",
            _REMEDY,
        )
    return data


def from_bytes(data: bytes, label: str, dropout: float = DROPOUT) -> AssignmentNetwork:
    """Build the network from the bytes of a safetensors file, in evaluation mode.

    Args:
        data: The file's content.
        label: Its name in error messages.
        dropout: The p of dropout in training.

    Raises:
        WeightsError: The file cannot be read, or a key, shape, type or value does not fit.
    """
    try:
        state = parse(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise WeightsError(
            f"The weights '{label}' cannot be read ({error}).", "They must be a complete safetensors file.", _REMEDY
        ) from error
    network = AssignmentNetwork(dropout).eval()
    _check_tensors(state, network.state_dict(), label)
    network.load_state_dict(state)
    _check_logits(network, label)
    return network


def read_card(folder: Path = SHIPPED) -> dict[str, Any]:
    """Read the card of a folder of weights: recipe, seed, versions, accuracies, SHA-256 of each file.

    Raises:
        WeightsError: The card is missing or invalid.
    """
    path = folder / "card.json"
    try:
        card = json.loads(_read(path))
    except (ValueError, RecursionError) as error:  # RecursionError: nested too deeply
        raise WeightsError(f"The card '{path}' cannot be read ({error}).", "It must be JSON.", _REMEDY) from error
    if not isinstance(card, dict) or not isinstance(card.get("sha256"), dict):
        raise WeightsError(f"The card '{path}' lists no files.", "It must hold their SHA-256.", _REMEDY)
    _check_types(card, _CARD_TYPES, path)
    _check_types(card.get("recipe") or {}, {"epochs": int}, path)
    return card


def _dropout(card: Mapping[str, Any], folder: Path) -> float:
    """Return the p of dropout that the card gives; the assignment's where it gives none."""
    p = (card.get("recipe") or {}).get("dropout", DROPOUT)
    if not isinstance(p, int | float) or not 0 <= p < 1:
        raise WeightsError(f"The card in '{folder}' says that p of dropout was {p!r}.", "It is from 0 to 1.", _REMEDY)
    return float(p)


def write(folder: Path, states: Mapping[str, Mapping[str, torch.Tensor]], card: Mapping[str, Any]) -> None:
    """Write weights and their card; the card comes last, so that it never lists a missing file.

    Args:
        folder: Created if missing; weights of an earlier run in it are replaced.
        states: A ``state_dict`` for each name.
        card: What is known of the weights; the SHA-256 of each file is added.

    Raises:
        WeightsError: The folder cannot be written.
    """
    serialised = {
        name: serialise({key: tensor.detach().cpu().contiguous() for key, tensor in state.items()})
        for name, state in states.items()
    }
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in serialised.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_earlier(folder)
        for name, data in serialised.items():
            (folder / f"{name}.safetensors").write_bytes(data)
        (folder / "card.json").write_text(json.dumps({**card, "sha256": sums}, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise WeightsError(
            f"Weights cannot be written to '{folder}' ({error.strerror}).",
            "It must be a writable folder on a disk with free space.",
            "Free some space, or give another folder.",
        ) from error


def _remove_earlier(folder: Path) -> None:
    """Remove the files that an earlier run's card lists, and no others."""
    try:
        earlier = read_card(folder)["sha256"]
    except WeightsError:
        return  # the folder holds no run, or its files cannot be told from the user's own
    for name in earlier:
        (folder / f"{name}.safetensors").unlink(missing_ok=True)
    (folder / "card.json").unlink()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"'{path}' cannot be read ({error.strerror}).", "It must exist.", _REMEDY) from error


def _check_types(entries: Mapping[str, Any], types: Mapping[str, type], path: Path) -> None:
    for key, expected in types.items():
        if not isinstance(entries.get(key), (expected, type(None))):
            raise WeightsError(
                f"The card '{path}' says '{str(entries[key])[:40]}' for '{key}'.",
                f"It must be of type {expected.__name__}.",
                _REMEDY,
            )


def _check_tensors(state: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], label: str) -> None:
    missing, unknown = sorted(expected.keys() - state.keys()), sorted(state.keys() - expected.keys())
    if missing or unknown:
        raise WeightsError(
            f"The weights '{label}' are for another network (missing: {missing[:3]}, unknown: {unknown[:3]}).",
            f"They must have the {len(expected)} tensors of the assignment's network.",
            _REMEDY,
        )
    for key, tensor in state.items():
        wanted = expected[key]
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            raise WeightsError(
                f"In the weights '{label}', '{key}' is {tuple(tensor.shape)} of {tensor.dtype}.",
                f"It must be {tuple(wanted.shape)} of {wanted.dtype}.",
                _REMEDY,
            )
        if not torch.isfinite(tensor).all():
            raise WeightsError(
                f"In the weights '{label}', '{key}' holds a value that is not finite.",
                "Every weight must be finite.",
                _REMEDY,
            )
        if key.endswith("running_var") and (tensor < 0).any():
            raise WeightsError(
                f"In the weights '{label}', '{key}' holds {tensor.min():.4g}.",
                "A variance must be at least 0.",
                _REMEDY,
            )


def _check_logits(network: AssignmentNetwork, label: str) -> None:
    """Raise where the weights are so large that a logit overflows, on a black image or on a white one."""
    images = torch.stack([torch.full((1, 28, 28), (ink - MEAN) / STD) for ink in (0.0, 1.0)])  # (2, 1, 28, 28)
    with torch.no_grad():
        logits = network(images)  # (2, 10)
    if not torch.isfinite(logits).all():
        raise WeightsError(
            f"The weights '{label}' give {logits[~torch.isfinite(logits)][0]:.4g} for a logit.",
            "Every logit must be finite.",
            _REMEDY,
        )
