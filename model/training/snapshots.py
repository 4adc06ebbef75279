"""Snapshots: one block of the network after each epoch, with its kernels, batch norm and maps of a digit."""

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
from model.training.records import BlockHistory

STATISTICS = {
    "running mean": "running_mean",
    "running variance": "running_var",
    "weight": "weight",
    "bias": "bias",
}
_EPOCH = weights.epoch_name(0).rstrip("0")


def read_snapshots(folder: Path | None = None) -> dict[int, AssignmentNetwork]:
    """Read the snapshot of the network after each epoch, by the number of the epoch; the card lists them.

    Args:
        folder: The folder of the weights; by default that of the app.

    Raises:
        WeightsError: There is no snapshot, or one is missing or damaged.
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


def block_rows(of: Trace) -> tuple[str, ...]:
    """Return the first row of each block with parameters."""
    return tuple(block[0].name for block in of.blocks if any(step.parameters for step in block))


def block_history(networks: Mapping[int, nn.Module], x: Tensor, row: str) -> BlockHistory:
    """Record one block after each epoch, for one digit.

    Args:
        networks: The network after each epoch, by its number; only read.
        x: One normalised image, (1, C, H, W).
        row: The first row of the block.

    Raises:
        InputError: No block with parameters starts at this row.
    """
    epochs = tuple(sorted(networks))
    traces = [trace.record(networks[epoch], x) for epoch in epochs]
    if row not in block_rows(traces[0]):
        raise InputError(
            f"No block starts at '{row}'.",
            f"These rows start a block: {', '.join(block_rows(traces[0]))}.",
            "Choose one of them.",
        )
    blocks = [next(block for block in each.blocks if block[0].name == row) for each in traces]
    first = blocks[0]
    norm = next((place for place, step in enumerate(first) if step.kind is LayerKind.BATCH_NORM), None)
    shown = 0 if norm is None else norm - 1
    kernels = first[0].kind is LayerKind.CONVOLUTION
    return BlockHistory(
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
