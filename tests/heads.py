"""The head of a trace by its recorded arrays alone."""

import numpy as np

from model.head.records import Head
from model.trace.records import LayerKind, Trace


def of_trace(trace: Trace) -> Head:
    """Return the head of a trace that ends in an average pool over whole maps and a 1x1 convolution, from its arrays.

    It is a second witness: no graph and no gradient is asked.
    """
    pool = [step for step in trace.steps if step.kind is LayerKind.AVERAGE_POOL][-1]
    (convolution,) = (step for step in trace.steps if pool.name in step.inputs)
    assert pool.output.shape[1:] == (1, 1)
    np.testing.assert_array_equal(convolution.output.ravel(), trace.logits)
    weights = convolution.parameters["weight"].astype(np.float64)[:, :, 0, 0]  # (K, C)
    biases = convolution.parameters.get("bias", np.zeros(len(weights))).astype(np.float64)
    maps = pool.input.astype(np.float64)  # (C, H, W)
    return Head(trace.source(pool.name), pool.name, convolution.name, maps, weights, biases, trace.logits)
