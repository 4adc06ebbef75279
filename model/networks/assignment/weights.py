"""Trained weights in and out: safetensors beside a JSON that says how they came to be.

A folder of weights holds one card, ``card.json``, and the files that it lists with their SHA-256:
``final.safetensors`` and one ``epoch-NN.safetensors`` for each epoch. Nothing is ever unpickled.
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
_SAID = {  # what the app shows of a card, where the card says it
    "protocol": str,
    "seed": int,
    "kept_epoch": int,
    "recipe": dict,
    "seeds": dict,
    "validation_accuracy": float,
    "test_accuracy": float,
}
_RESTORE = "Restore the folder with 'git checkout -- model/networks', or train anew: 'python -m model.training --help'."


def epoch_name(epoch: int) -> str:
    """Name the snapshot after an epoch, counted from 1.

    >>> epoch_name(3)
    'epoch-03'
    """
    return f"epoch-{epoch:02d}"


def load(folder: Path = SHIPPED, name: str = FINAL) -> AssignmentNetwork:
    """Read trained weights, check them, and return the network in evaluation mode.

    Args:
        folder: Where the card and the files lie.
        name: ``final``, or a snapshot such as ``epoch-03``.

    Raises:
        WeightsError: A file is missing or changed, or does not fit the network.
    """
    card = read_card(folder)
    expected = card["sha256"].get(name)
    path = folder / f"{name}.safetensors"
    if not isinstance(expected, str):
        raise WeightsError(f"The card in '{folder}' lists no weights called '{name}'.", "It must list them.", _RESTORE)
    data = _read(path)
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise WeightsError(
            f"The weights '{path}' are not the ones that were trained (SHA-256 {found[:12]}...).",
            f"The card promises {expected[:12]}...",
            _RESTORE,
        )
    return from_bytes(data, path.name, _dropout(card, folder))


def from_bytes(data: bytes, label: str, dropout: float = DROPOUT) -> AssignmentNetwork:
    """Build the network from the bytes of a safetensors file, in evaluation mode.

    Args:
        data: The file's content.
        label: What messages call it.
        dropout: The p that it was trained with.

    Raises:
        WeightsError: It cannot be parsed, or a key, shape, type or value does not fit.
    """
    try:
        state = parse(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise WeightsError(
            f"The weights '{label}' cannot be read ({error}).", "They must be a whole safetensors file.", _RESTORE
        ) from error
    network = AssignmentNetwork(dropout).eval()
    _check(state, network.state_dict(), label)
    network.load_state_dict(state)
    _check_computes(network, label)
    return network


def read_card(folder: Path = SHIPPED) -> dict[str, Any]:
    """Read what is known of a folder of weights: recipe, seed, versions, accuracies, SHA-256 of each file.

    Raises:
        WeightsError: The card is missing or is not a card.
    """
    path = folder / "card.json"
    try:
        card = json.loads(_read(path))
    except (ValueError, RecursionError) as error:  # the latter for what is nested too deeply
        raise WeightsError(f"The card '{path}' cannot be read ({error}).", "It must be JSON.", _RESTORE) from error
    if not isinstance(card, dict) or not isinstance(card.get("sha256"), dict):
        raise WeightsError(f"The card '{path}' lists no files.", "It must hold their SHA-256.", _RESTORE)
    _check_kinds(card, _SAID, path)
    _check_kinds(card.get("recipe") or {}, {"epochs": int}, path)
    return card


def _dropout(card: Mapping[str, Any], folder: Path) -> float:
    """Return the p of dropout that the card says the network was trained with; the network's own where it is silent."""
    p = (card.get("recipe") or {}).get("dropout", DROPOUT)
    if not isinstance(p, int | float) or not 0 <= p < 1:
        raise WeightsError(f"The card in '{folder}' says that p of dropout was {p!r}.", "It is from 0 to 1.", _RESTORE)
    return float(p)


def write(folder: Path, states: Mapping[str, Mapping[str, torch.Tensor]], card: Mapping[str, Any]) -> None:
    """Write weights and their card; the card goes last, so that it never promises what is not there.

    Args:
        folder: Made if need be; weights of an earlier run in it are replaced.
        states: One ``state_dict`` for each name.
        card: What is known of them; their SHA-256 is added.

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
            "It must be a folder on a disk with room.",
            "Make room, or give another folder.",
        ) from error


def _remove_earlier(folder: Path) -> None:
    """Remove what an earlier run's card lists, and nothing else that may lie there."""
    try:
        earlier = read_card(folder)["sha256"]
    except WeightsError:
        return  # no run was here, or none that can be told from a person's own files
    for name in earlier:
        (folder / f"{name}.safetensors").unlink(missing_ok=True)
    (folder / "card.json").unlink()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"'{path}' cannot be read ({error.strerror}).", "It must be there.", _RESTORE) from error


def _check_kinds(found: Mapping[str, Any], kinds: Mapping[str, type], path: Path) -> None:
    for key, kind in kinds.items():
        if not isinstance(found.get(key), (kind, type(None))):
            raise WeightsError(
                f"The card '{path}' says '{str(found[key])[:40]}' for '{key}'.",
                f"It must be of type {kind.__name__}.",
                _RESTORE,
            )


def _check(state: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor], label: str) -> None:
    missing, unknown = sorted(expected.keys() - state.keys()), sorted(state.keys() - expected.keys())
    if missing or unknown:
        raise WeightsError(
            f"The weights '{label}' are for another network (missing: {missing[:3]}, unknown: {unknown[:3]}).",
            f"They must have the {len(expected)} tensors of the assignment's network.",
            _RESTORE,
        )
    for key, tensor in state.items():
        wanted = expected[key]
        if tensor.shape != wanted.shape or tensor.dtype != wanted.dtype:
            raise WeightsError(
                f"In the weights '{label}', '{key}' is {tuple(tensor.shape)} of {tensor.dtype}.",
                f"It must be {tuple(wanted.shape)} of {wanted.dtype}.",
                _RESTORE,
            )
        if not torch.isfinite(tensor).all():
            raise WeightsError(
                f"In the weights '{label}', '{key}' holds a value that is not finite.",
                "Every weight must be a number.",
                _RESTORE,
            )
        if key.endswith("running_var") and (tensor < 0).any():
            raise WeightsError(
                f"In the weights '{label}', '{key}' holds {tensor.min():.4g}.",
                "No variance is below 0.",
                _RESTORE,
            )


def _check_computes(network: AssignmentNetwork, label: str) -> None:
    """Refuse weights so large that their sums leave the range of numbers, on a black image or on a white one."""
    images = torch.stack([torch.full((1, 28, 28), (ink - MEAN) / STD) for ink in (0.0, 1.0)])  # (2, 1, 28, 28)
    with torch.no_grad():
        logits = network(images)  # (2, 10)
    if not torch.isfinite(logits).all():
        raise WeightsError(
            f"The weights '{label}' compute {logits[~torch.isfinite(logits)][0]:.4g} for a logit.",
            "Every logit must be a number.",
            _RESTORE,
        )
