"""Dropout on one picture and on many: the effect of one mask on every row, and the statistics of many masks.

Only the dropout rows are in training mode; batch norm uses its running statistics. Each mask has its own seed:
pass i is the trace that ``model.trace.record`` gives for that seed.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.dropout.records import (
    Convergence,
    CountedMasks,
    DropoutAccuracy,
    DropoutPlan,
    Passes,
    RowDifference,
    RowMasks,
)
from model.errors import InputError
from model.trace import SeededDropout, draw_mask, reseed, with_dropout
from model.trace.private import private_copy, put, steps_of
from model.trace.records import LayerKind, Step, Trace

MASKS = 1000
_BATCH = 10  # always the same, so that a pass has the same bits for any number of passes
_MASK_COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_NO_DROPOUT = (
    "No step of this network drops values.",
    "Only a dropout does, on single values or on whole maps.",
    "Choose a network with a dropout.",
)
_STANDARD_ERRORS = 4  # a mean over masks is accepted within so many


def trained_probabilities(network: nn.Module) -> dict[str, float]:
    """Return the p of each dropout by its name, in order: of single values or whole maps, modules or function calls."""
    return {name: step.p for name, step in steps_of(network).items() if isinstance(step, nn.Dropout | nn.Dropout2d)}


def row_differences(off: Trace, on: Trace) -> tuple[RowDifference, ...]:
    """Compare two traces of one digit at every row.

    Args:
        off: The trace with dropout off.
        on: The trace with dropout on.
    """
    differences = []
    for row, other in zip(off.rows, on.rows, strict=True):
        difference = (other.maps - row.maps).astype(np.float64)
        rms, activation_rms = (
            float(np.sqrt(np.square(values, dtype=np.float64).mean())) for values in (difference, row.maps)
        )
        mean_map = np.abs(difference).mean(axis=0).astype(np.float32)
        differences.append(RowDifference(row.name, row.number, row.kind, rms, activation_rms, mean_map))
    return tuple(differences)


class _FixedDropout(nn.Module):
    """Dropout with given masks: ``y = x * keep / (1 - p)``, computed as ``SeededDropout`` does."""

    keep: Tensor

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        keep = self.keep.to(x.dtype).reshape(x.shape)
        return x * (keep.div_(1 - self.p) if self.p < 1 else keep)


def draw_masks(network: nn.Module, trace: Trace, plan: DropoutPlan, count: int) -> tuple[RowMasks, ...]:
    """Draw the masks of each active dropout row for many passes; pass i uses the seed ``plan.seed + i``.

    The masks do not depend on the digit, and drawing them takes longer than running the network with them.

    Args:
        network: Not changed.
        trace: Of any image; it gives the shapes of the rows.
        plan: Where dropout is on, and the seed of the first mask.
        count: Number of passes.
    """
    rows = [
        (name, each) for name, each in steps_of(with_dropout(network, plan)).items() if isinstance(each, SeededDropout)
    ]
    kept: dict[str, list[NDArray[np.uint8]]] = {name: [] for name, row in rows if row.drops}
    for seed in range(plan.seed, plan.seed + count):
        generator = torch.Generator().manual_seed(seed)
        for name, row in rows:
            mask = draw_mask(_batched(trace[name]), row.p, generator, row.whole_channels)
            if row.drops:
                kept[name].append(np.packbits(mask.bool().numpy()))
    return tuple(
        RowMasks(name, row.p, trace[name].input.shape, np.stack(kept[name])) for name, row in rows if name in kept
    )


def _batched(step: Step) -> tuple[int, ...]:
    """Return the shape of the input of a step with its first axis, which a reshape can give several entries."""
    entries = step.batches[0] if step.batches else 1
    return (1, *step.input.shape) if entries == 1 else step.input.shape


def probabilities(network: nn.Module, x: Tensor, drawn: Sequence[RowMasks]) -> NDArray[np.float32]:
    """Return the probabilities of one image in N passes with dropout on, (N, K).

    Args:
        network: Not changed.
        x: One normalised image, (1, C, H, W).
        drawn: The masks of each active dropout row in the N passes.

    Raises:
        InputError: There is no such row.
    """
    if not drawn:
        raise InputError(*_NO_DROPOUT)
    private = private_copy(network)
    rows = [(each, _FixedDropout(each.p)) for each in drawn]
    for each, row in rows:
        put(private, each.name, row)
    count, found = len(drawn[0].kept), []
    with torch.no_grad():
        for start in range(0, count, _BATCH):
            batch = slice(start, min(start + _BATCH, count))
            for each, row in rows:
                row.keep = torch.from_numpy(each.masks(batch))
            found.append(private(x.expand(batch.stop - start, -1, -1, -1)).softmax(1))
    return np.asarray(torch.cat(found).numpy())


def count_masks(trace: Trace, name: str, plan: DropoutPlan, count: int = MASKS) -> CountedMasks:
    """Draw many masks of one row, with the seeds from ``plan.seed`` on, and count how often each value is kept.

    Args:
        trace: Of any image with dropout off; it gives the rows and their shapes, and which drop whole channels.
        name: Name of the row.
        plan: Gives p, the seed of the first mask, and whether every row drops whole channels.
        count: Number of masks.

    Raises:
        InputError: The row is not a dropout row.
    """
    rows = [step for step in trace.steps if step.kind is LayerKind.DROPOUT]
    names = [step.name for step in rows]
    if name not in names:
        raise InputError(
            f"{name} is not a dropout row.",
            f"The dropout rows are {', '.join(names) or 'none'}.",
            "Choose one of them, or another network.",
        )
    rows = rows[: names.index(name) + 1]  # the generator draws for the earlier rows first
    ps = [float(row.settings["p"]) if plan.p is None else plan.p for row in rows]
    wholes = [plan.whole_channels or row.settings["whole_channels"] for row in rows]
    mask_counts = (*(n for n in _MASK_COUNTS if n < count), count)
    kept, counts, total = [], [], np.zeros(rows[-1].maps.shape, np.uint16)
    for number in range(1, count + 1):
        generator = torch.Generator().manual_seed(plan.seed + number - 1)
        for row, p, whole in zip(rows, ps, wholes, strict=True):
            drawn = draw_mask(_batched(row), p, generator, whole)
        keep = drawn.bool().numpy().reshape(total.shape)
        kept.append(np.packbits(keep))
        total += keep
        if number in mask_counts:
            counts.append(total.copy())
    return CountedMasks(name, ps[-1], plan.seed, total.shape, np.stack(kept), mask_counts, np.stack(counts))


def convergence(trace: Trace, drawn: CountedMasks) -> Convergence:
    """Apply many masks to the input of one row, and compare the mean and the variance with theory.

    A value x becomes ``x * keep / (1 - p)``: mean x, variance ``x**2 * p / (1 - p)``; the mean over n masks has
    the standard error ``|x| * sqrt(p / (1 - p) / n)``. Not scaled, it would be ``x * keep``: mean ``x * (1 - p)``.

    Args:
        trace: The trace with dropout off, so that no other row changes the input of this one.
        drawn: The masks.

    Raises:
        InputError: Every value is dropped, so there is no mean to converge.
    """
    if drawn.p >= 1:
        raise InputError(f"With p = {drawn.p:g} every value is dropped.", "p must be below 1.", "Choose another p.")
    values = trace[drawn.name].input.astype(np.float64).reshape(drawn.shape)
    odds = drawn.p / (1 - drawn.p)
    scale = 1 / (1 - drawn.p)
    c, y, x = (int(index) for index in np.unravel_index(int(np.abs(values).argmax()), values.shape))
    unit, value = (c, y, x), float(values[c, y, x])
    numbers = np.arange(1, len(drawn.kept) + 1)
    shares = drawn.history(unit).cumsum() / numbers
    after = np.asarray(drawn.after)
    kept = drawn.counts / after[:, None, None, None]
    deviation = np.sqrt(np.square(values * (kept * scale - 1)).mean(axis=(1, 2, 3)))
    expected_variance = float(np.square(values).mean() * odds)
    last, count = kept[-1], len(numbers)
    measured = np.square(values * scale) * last * (1 - last) * count / max(count - 1, 1)
    return Convergence(
        name=drawn.name,
        p=drawn.p,
        unit=unit,
        value=value,
        running=value * shares * scale,
        unscaled=value * shares,
        error=abs(value) * np.sqrt(odds / numbers),
        after=drawn.after,
        deviation=tuple(map(float, deviation)),
        expected=tuple(map(float, np.sqrt(expected_variance / after))),
        variance=float(measured.mean()),
        expected_variance=expected_variance,
        within=_within(values, last * scale, np.sqrt(odds / count)),
        within_unscaled=_within(values, last, np.sqrt(drawn.p * (1 - drawn.p) / count)),
    )


def accuracy_of(network: nn.Module, images: Tensor, labels: NDArray[np.int64], plan: DropoutPlan) -> DropoutAccuracy:
    """Measure the accuracy on many images with dropout on, one pass each; image i uses the seed ``plan.seed + i``.

    Args:
        network: Not changed.
        images: Normalised, (N, C, H, W).
        labels: (N,).
        plan: Where dropout is on, and its p.

    Raises:
        InputError: The network has no dropout.
    """
    if not trained_probabilities(network):
        raise InputError(*_NO_DROPOUT)
    private = with_dropout(network, plan)
    found = []
    with torch.no_grad():
        for start in range(0, len(images), _BATCH):
            part = images[start : start + _BATCH]
            reseed(private, range(plan.seed + start, plan.seed + start + len(part)))
            found.append(private(part).softmax(1))
    shares = torch.cat(found).numpy()
    correct = int((shares.argmax(axis=1) == labels).sum())
    p = max(trained_probabilities(network).values()) if plan.p is None else plan.p
    return DropoutAccuracy(p, correct, len(images), float(shares.max(axis=1).mean()))


def digest_of_trace(trace: Trace) -> str:
    """Return the SHA-256 of all outputs in a trace; it differs if one bit does."""
    found = hashlib.sha256()
    for step in trace.steps:
        found.update(step.output.tobytes())
    return found.hexdigest()


def digest_of_passes(many: Passes) -> str:
    """Return the SHA-256 of the probabilities of every pass."""
    return hashlib.sha256(many.probabilities.tobytes()).hexdigest()


def digest_of_weights(network: nn.Module) -> str:
    """Return the SHA-256 of all parameters and buffers of a network."""
    found = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        found.update(name.encode() + tensor.numpy().tobytes())
    return found.hexdigest()


def _within(values: NDArray[np.float64], factors: NDArray[np.float64], error: float) -> float:
    """Return the share of units whose ``value * factor`` is within four standard errors of their value.

    The value is a factor of both sides, so it cancels; a value of zero is always within.
    """
    close = np.abs(factors - 1) <= _STANDARD_ERRORS * error + 1e-12
    return float((close | (values == 0)).mean())
