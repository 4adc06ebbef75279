"""The model, read once for everybody; what was computed, kept in bounded caches.

One file a topic; everybody imports from here.
"""

from viz.ui.cached.batch_norm import batch_score, batch_supply, folded, forgotten, running_average
from viz.ui.cached.dropout import convergence, own_probabilities, passes, readings, record_dropping, source_of_readings
from viz.ui.cached.feature_maps import of_each_digit
from viz.ui.cached.head import each_muted, head, mixed
from viz.ui.cached.live_training import live_queue, record_snapshot, shipped
from viz.ui.cached.mistakes import chance, confusion, halves, reliability, scaling, scores, weights_card
from viz.ui.cached.network import (
    arithmetic,
    comparisons,
    effective_field,
    fields,
    growth,
    measured_box,
    mnist_losses,
    network,
    outline,
    record,
    warm_up,
)
from viz.ui.cached.pooling import averaged, pool_gradient, pool_score, pool_shift, pooled
from viz.ui.cached.training import block_through_epochs, has_study, kernel_panels, paired, rates, study, trials

__all__ = [
    "arithmetic",
    "averaged",
    "batch_score",
    "batch_supply",
    "block_through_epochs",
    "chance",
    "comparisons",
    "confusion",
    "convergence",
    "each_muted",
    "effective_field",
    "fields",
    "folded",
    "forgotten",
    "growth",
    "halves",
    "has_study",
    "head",
    "kernel_panels",
    "live_queue",
    "measured_box",
    "mixed",
    "mnist_losses",
    "network",
    "of_each_digit",
    "outline",
    "own_probabilities",
    "paired",
    "passes",
    "pool_gradient",
    "pool_score",
    "pool_shift",
    "pooled",
    "rates",
    "readings",
    "record",
    "record_dropping",
    "record_snapshot",
    "reliability",
    "running_average",
    "scaling",
    "scores",
    "shipped",
    "source_of_readings",
    "study",
    "trials",
    "warm_up",
    "weights_card",
]
