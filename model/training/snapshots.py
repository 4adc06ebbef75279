"""One block of the network after every epoch of its training: kernels, batch norm, and what they make of a digit."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from model import trace
from model.errors import InputError, WeightsError
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.records import Activation
from model.trace.records import LayerKind, Step, Trace
from model.training.records import Formation

STATISTICS = {
    "running mean": "running_mean",
    "running variance": "running_var",
    "weight": "weight",
    "bias": "bias",
}
_EPOCH = weights.epoch_name(0).rstrip("0")


def snapshots(folder: Path | None = None) -> dict[int, AssignmentNetwork]:
    """Read the network as it was after each epoch, by the epoch's number; the card says which there are.

    Args:
        folder: Of the weights; by default those that the app uses.

    Raises:
        WeightsError: There is none, or one is missing or damaged.
    """
    where = {} if folder is None else {"folder": folder}
    names = sorted(name for name in weights.read_card(**where)["sha256"] if name.startswith(_EPOCH))
    numbers = [name.removeprefix(_EPOCH) for name in names]
    if not names or not all(number.isdecimal() for number in numbers):
        raise WeightsError(
            f"The card of the weights lists {'a snapshot of no epoch' if names else 'no snapshots'}.",
            "There must be one for each epoch.",
            "Restore the folder with 'git checkout -- model/networks', or train again: see 'make train'.",
        )
    return {int(number): weights.load(name=name, **where) for number, name in zip(numbers, names, strict=True)}


def rows(of: Trace) -> tuple[str, ...]:
    """Name the rows that begin a block in which anything is learned."""
    return tuple(block[0].name for block in of.blocks if any(step.parameters for step in block))


def follow(networks: Mapping[int, nn.Module], x: Tensor, row: str) -> Formation:
    """Follow one block through training, on one digit.

    Args:
        networks: After each epoch, by its number; they are only read.
        x: One normalised image, (1, C, H, W).
        row: That begins the block.

    Raises:
        InputError: No block of the network in which anything is learned begins there.
    """
    epochs = tuple(sorted(networks))
    traces = [trace.record(networks[epoch], x) for epoch in epochs]
    if row not in rows(traces[0]):
        raise InputError(
            f"No block begins at '{row}'.", f"These rows begin one: {', '.join(rows(traces[0]))}.", "Choose among them."
        )
    blocks = [next(block for block in each.blocks if block[0].name == row) for each in traces]
    first = blocks[0]
    norm = next((place for place, step in enumerate(first) if step.kind is LayerKind.BATCH_NORM), None)
    shown = 0 if norm is None else norm - 1
    kernels = first[0].kind is LayerKind.CONVOLUTION
    return Formation(
        epochs=epochs,
        row=row,
        kernels=np.stack([block[0].parameters["weight"] for block in blocks]) if kernels else None,
        shown=first[shown].name,
        maps=np.stack([block[shown].maps for block in blocks]),
        norm="" if norm is None else first[norm].name,
        statistics={} if norm is None else _statistics([block[norm] for block in blocks]),
        probabilities=np.stack([each.probabilities for each in traces]),
    )


def _statistics(norms: list[Step]) -> dict[str, Activation]:
    return {
        title: np.stack([{**step.buffers, **step.parameters}[name] for step in norms])
        for title, name in STATISTICS.items()
    }
