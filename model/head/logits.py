"""The head: means of the last maps, a weighted sum for each class, softmax; and a 1x1 that mixes maps before it.

From the last maps to the logits the network is linear. So each class has a map of its own whose mean, plus a bias,
is its logit; Grad-CAM at that place is this map over the number of places.

Source: Zhou, Khosla, Lapedriza, Oliva, Torralba, "Learning Deep Features for Discriminative Localization", CVPR 2016.
"""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from model import trace as recorder
from model.errors import InputError
from model.head.records import Effect, Head, Softened
from model.records import Numbers
from model.trace.records import LayerKind, Step, Trace


def of_trace(trace: Trace) -> Head:
    """Read the head of a recorded run: its last average pool and the 1x1 convolution that scores the means.

    Raises:
        InputError: The run does not end in an average pool over whole maps and a 1x1 convolution to the logits.
    """
    pooled = [step for step in trace.steps if step.kind is LayerKind.AVERAGE_POOL]
    scorers = [step for step in trace.steps if pooled and step.input is pooled[-1].output]
    if not scorers or not _is_linear_head(pooled[-1], scorers[0], trace):
        raise InputError(
            f"A network that ends in {', '.join(step.name for step in trace.steps[-4:])} has no linear head.",
            "An average pool over whole maps and a 1x1 convolution to the logits make one.",
            "Record the assignment's network.",
        )
    pool, scorer = pooled[-1], scorers[0]
    weights = scorer.parameters["weight"].astype(np.float64)[:, :, 0, 0]  # (K, C)
    biases = scorer.parameters.get("bias", np.zeros(len(weights))).astype(np.float64)
    maps = pool.input.astype(np.float64)  # (C, H, W)
    return Head(trace.source(pool.name), pool.name, scorer.name, maps, weights, biases, trace.logits)


def _is_linear_head(pool: Step, scorer: Step, trace: Trace) -> bool:
    return (
        pool.output.shape[1:] == (1, 1)
        and scorer.kind is LayerKind.CONVOLUTION
        and scorer.parameters["weight"].shape[1:] == (len(pool.output), 1, 1)
        and np.array_equal(scorer.output.ravel(), trace.logits)
    )


def mixed(network: nn.Module, x: Tensor, name: str, gains: Mapping[int, float]) -> Trace:
    """Record one image with some of a convolution's input maps made stronger, weaker or silent.

    ``Σ_c weight[o, c] × (gain_c × input[c])``: the gain may as well stand with the weight, so a private copy with
    these columns of its weights multiplied does it. What went into the convolution is recorded as it was.

    Args:
        network: Only read.
        x: One normalised image, (1, C, H, W).
        name: Of a convolution.
        gains: For input channels, what each is multiplied by; the others stay as they are.

    Raises:
        InputError: There is no such convolution or channel, or a gain is not finite.
    """
    private = copy.deepcopy(network)
    convolution = dict(private.named_modules()).get(name)
    if not isinstance(convolution, nn.Conv2d) or convolution.groups != 1:
        raise InputError(f"'{name}' mixes no maps.", "A convolution does.", "Choose Conv2d-13.")
    for channel, gain in gains.items():
        if not 0 <= channel < convolution.in_channels or not np.isfinite(gain):
            raise InputError(
                f"{name} cannot take input map {channel} times {gain}.",
                f"It has input maps 0 to {convolution.in_channels - 1}; a gain is any finite number.",
                "Choose one of these.",
            )
        with torch.no_grad():
            convolution.weight[:, channel] *= gain
    return recorder.record(private, x)


def each_muted(network: nn.Sequential, trace: Trace, name: str) -> NDArray[np.float32]:
    """Return the logits without each input map of a step in turn, (input channels, K), in one batch.

    Args:
        network: Only read.
        trace: What it recorded; the steps before ``name`` need not run again.
        name: Of a step.
    """
    private = copy.deepcopy(network).eval()
    names = [each for each, _ in private.named_children()]
    entering = torch.from_numpy(trace[name].input.copy())  # (C, H, W)
    keep = 1 - torch.eye(len(entering))  # (C, C): line i silences map i
    with torch.no_grad():
        rest = nn.Sequential(*list(private.children())[names.index(name) :])
        logits = rest(entering * keep[:, :, None, None])
    return np.asarray(logits.flatten(1).numpy())


def effects(before: Trace, after: Trace, since: str) -> tuple[Effect, ...]:
    """Hold two runs of the same rows against each other, from the row ``since`` to the last."""
    names = [row.name for row in before.rows]
    return tuple(
        Effect(row.name, row.kind, row.output, after[row.name].output) for row in before.rows[names.index(since) :]
    )


def softened(logits: ArrayLike | Sequence[float], temperature: float) -> Softened:
    """Work out probabilities from logits (K,), divided by a temperature first.

    Raises:
        InputError: The temperature is not a finite number above 0.

    >>> softened([0.0, 0.0], 2.0).probabilities.tolist()
    [0.5, 0.5]
    """
    if not 0 < temperature < float("inf"):
        raise InputError(f"A temperature of {temperature} divides nothing.", "It is above 0.", "Try 0.25 to 8.")
    scores: Numbers = np.asarray(logits, dtype=np.float64)
    with np.errstate(over="ignore"):  # an enormous one shows as infinity; its logarithm stays right
        exponentials = np.exp(scores / temperature)
        total = float(exponentials.sum())
    log_total = float(np.logaddexp.reduce(scores / temperature))
    return Softened(temperature, scores, exponentials, total, log_total)
