"""What dropout does to one digit and to many: where one mask travels, and what many masks come to.

Only the dropout rows are ever in training mode: batch norm keeps to its running statistics. Every mask has a seed
of its own, so pass number i is the trace that ``model.trace.record`` gives for that seed.
"""

import copy
import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.dropout.records import Change, Convergence, Draw, DropoutPlan, Masks, Passes, Reading
from model.errors import InputError
from model.trace import SeededDropout, draw_mask, dropping, reseed
from model.trace.records import LayerKind, Trace

MASKS = 1000
_BATCH = 10  # whatever the number of passes, each runs in a batch of as many, and so gives the same bits
_AFTER = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_FOUR = 4  # standard errors


def own_probabilities(network: nn.Module) -> dict[str, float]:
    """Return the p that each dropout was built with, by its name, in order."""
    return {name: module.p for name, module in network.named_modules() if isinstance(module, nn.Dropout)}


def journey(off: Trace, on: Trace) -> tuple[Change, ...]:
    """Compare two traces of one digit at every row.

    Args:
        off: With dropout off.
        on: With dropout on.
    """
    changes = []
    for row, other in zip(off.rows, on.rows, strict=True):
        difference = (other.maps - row.maps).astype(np.float64)
        rms, size = (float(np.sqrt(np.square(values, dtype=np.float64).mean())) for values in (difference, row.maps))
        spread = np.abs(difference).mean(axis=0).astype(np.float32)
        changes.append(Change(row.name, row.number, row.kind, rms, size, spread))
    return tuple(changes)


class _Given(nn.Module):
    """Dropout with masks that were drawn before: ``y = x * keep / (1 - p)``, as ``SeededDropout`` works it out."""

    keep: Tensor

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        return x * self.keep.to(x.dtype).div_(1 - self.p)


def draw(network: nn.Module, trace: Trace, plan: DropoutPlan, count: int) -> tuple[Draw, ...]:
    """Draw what each row that drops does in many passes; pass i takes the mask of seed ``plan.seed + i``.

    No digit changes the masks, and drawing them takes longer than running the network with them.

    Args:
        network: Only read.
        trace: Of any image: it knows the shapes of the rows.
        plan: Where dropout is on, and the seed of the first mask.
        count: How many passes.
    """
    rows = [(name, each) for name, each in dropping(network, plan).named_modules() if isinstance(each, SeededDropout)]
    kept: dict[str, list[NDArray[np.uint8]]] = {name: [] for name, row in rows if row.drops}
    for seed in range(plan.seed, plan.seed + count):
        generator = torch.Generator().manual_seed(seed)
        for name, row in rows:
            mask = draw_mask((1, *trace[name].input.shape), row.p, generator, plan.whole_channels)
            if row.drops:
                kept[name].append(np.packbits(mask.bool().numpy()))
    return tuple(Draw(name, row.p, trace[name].input.shape, np.stack(kept[name])) for name, row in rows if name in kept)


def probabilities(network: nn.Module, x: Tensor, drawn: Sequence[Draw]) -> NDArray[np.float32]:
    """Read one image many times with dropout on.

    Args:
        network: Only read.
        x: One normalised image, (1, C, H, W).
        drawn: What each row drops in the N passes.

    Returns:
        (N, 10).
    """
    private = copy.deepcopy(network).eval()
    rows = [(each, _Given(each.p)) for each in drawn]
    for each, row in rows:
        private.set_submodule(each.name, row)
    count, found = len(drawn[0].kept), []
    with torch.no_grad():
        for start in range(0, count, _BATCH):
            batch = slice(start, min(start + _BATCH, count))
            for each, row in rows:
                row.keep = torch.from_numpy(each.masks(batch))
            found.append(private(x.expand(batch.stop - start, -1, -1, -1)).softmax(1))
    return np.asarray(torch.cat(found).numpy())


def passes(off: Trace, parts: Iterable[NDArray[np.float32]], first: int) -> Passes:
    """Put passes beside the answer with dropout off.

    Args:
        off: The trace with dropout off.
        parts: Probabilities of the passes, (n, 10) each, in order.
        first: The seed of the first mask.
    """
    return Passes(off.probabilities, np.concatenate(list(parts)), first)


def masks(trace: Trace, name: str, plan: DropoutPlan, count: int = MASKS) -> Masks:
    """Draw many masks of one row, those of the seeds from ``plan.seed`` on.

    Args:
        trace: Of any image: it knows the rows and their shapes.
        name: Of the row.
        plan: With p and the seed of the first mask.
        count: How many.

    Raises:
        InputError: The row is no dropout.
    """
    rows = [step for step in trace.steps if step.kind is LayerKind.DROPOUT]
    names = [step.name for step in rows]
    if name not in names:
        raise InputError(f"{name} draws no masks.", f"These rows do: {', '.join(names)}.", "Choose among them.")
    rows = rows[: names.index(name) + 1]  # those before it draw first
    ps = [float(row.settings["p"]) if plan.p is None else plan.p for row in rows]
    after = (*(n for n in _AFTER if n < count), count)
    kept, counts, total = [], [], np.zeros(rows[-1].output.shape, np.uint16)
    for number in range(1, count + 1):
        generator = torch.Generator().manual_seed(plan.seed + number - 1)
        for row, p in zip(rows, ps, strict=True):
            drawn = draw_mask((1, *row.output.shape), p, generator, plan.whole_channels)
        keep = drawn[0].bool().numpy()
        kept.append(np.packbits(keep))
        total += keep
        if number in after:
            counts.append(total.copy())
    return Masks(name, ps[-1], plan.seed, total.shape, np.stack(kept), after, np.stack(counts))


def convergence(trace: Trace, drawn: Masks) -> Convergence:
    """Apply many masks to what goes into one row, and follow the mean.

    A value x becomes ``x * keep / (1 - p)``: mean x, variance ``x**2 * p / (1 - p)``; the mean over n masks has
    the standard error ``|x| * sqrt(p / (1 - p) / n)``. Not enlarged, it would be ``x * keep``: mean ``x * (1 - p)``.

    Args:
        trace: With dropout off: what goes into the row is what it would be alone.
        drawn: The masks.
    """
    values = trace[drawn.name].input.astype(np.float64)
    odds = drawn.p / (1 - drawn.p)
    enlarged = 1 / (1 - drawn.p)
    c, y, x = (int(place) for place in np.unravel_index(int(np.abs(values).argmax()), values.shape))
    unit, value = (c, y, x), float(values[c, y, x])
    numbers = np.arange(1, len(drawn.kept) + 1)
    shares = drawn.history(unit).cumsum() / numbers
    after = np.asarray(drawn.after)
    kept = drawn.counts / after[:, None, None, None]
    deviation = np.sqrt(np.square(values * (kept * enlarged - 1)).mean(axis=(1, 2, 3)))
    expected_variance = float(np.square(values).mean() * odds)
    last, count = kept[-1], len(numbers)
    measured = np.square(values * enlarged) * last * (1 - last) * count / max(count - 1, 1)
    return Convergence(
        name=drawn.name,
        p=drawn.p,
        unit=unit,
        value=value,
        running=value * shares * enlarged,
        unscaled=value * shares,
        error=abs(value) * np.sqrt(odds / numbers),
        after=drawn.after,
        deviation=tuple(map(float, deviation)),
        expected=tuple(map(float, np.sqrt(expected_variance / after))),
        variance=float(measured.mean()),
        expected_variance=expected_variance,
        within=_within(values, last * enlarged, np.sqrt(odds / count)),
        within_unscaled=_within(values, last, np.sqrt(drawn.p * (1 - drawn.p) / count)),
    )


def read_many(network: nn.Module, images: Tensor, labels: NDArray[np.int64], plan: DropoutPlan) -> Reading:
    """Read many images with dropout on, each once; image i takes the mask of seed ``plan.seed + i``.

    Args:
        network: Only read.
        images: Normalised, (N, 1, 28, 28).
        labels: (N,).
        plan: Where dropout is on, with which p.
    """
    private = dropping(network, plan)
    found = []
    with torch.no_grad():
        for start in range(0, len(images), _BATCH):
            part = images[start : start + _BATCH]
            reseed(private, range(plan.seed + start, plan.seed + start + len(part)))
            found.append(private(part).softmax(1))
    shares = torch.cat(found).numpy()
    correct = int((shares.argmax(axis=1) == labels).sum())
    p = max(own_probabilities(network).values()) if plan.p is None else plan.p
    return Reading(p, correct, len(images), float(shares.max(axis=1).mean()))


def digest_of_trace(trace: Trace) -> str:
    """Return the SHA-256 of all that a trace recorded: one bit differs, and so does it."""
    found = hashlib.sha256()
    for step in trace.steps:
        found.update(step.output.tobytes())
    return found.hexdigest()


def digest_of_passes(many: Passes) -> str:
    """Return the SHA-256 of the probabilities of every pass."""
    return hashlib.sha256(many.probabilities.tobytes()).hexdigest()


def digest_of_weights(network: nn.Module) -> str:
    """Return the SHA-256 of every number that a network holds."""
    found = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        found.update(name.encode() + tensor.numpy().tobytes())
    return found.hexdigest()


def _within(values: NDArray[np.float64], factors: NDArray[np.float64], error: float) -> float:
    """Return which part of units have ``value * factor`` within four standard errors of their value.

    Both sides have the value as a factor, so it cancels; a value of zero is always within.
    """
    close = np.abs(factors - 1) <= _FOUR * error + 1e-12
    return float((close | (values == 0)).mean())
