"""An average pool in the place of a max pool: its maps, the prediction with it, and the accuracy."""

import numpy as np

from model.pooling.records import PoolAccuracy, Pooled
from model.records import Activation
from model.trace.records import Step, Trace
from viz.pictures import words
from viz.pictures.markdown import escape_markdown
from viz.pictures.panels import picture
from viz.pictures.scaling import range_of


def both_pools(pooled: Pooled | Step, averaged: Activation, channel: int) -> str:
    """Draw in HTML one output map of the max pool and of the average pool, on one scale.

    Args:
        pooled: The max pool.
        averaged: Output of the average pool, (C, h, w).
        channel: Channel of the map.
    """
    range_ = range_of(np.stack([pooled.output[channel], averaged[channel]]))
    maps = {"the largest of each window": pooled.output[channel], "the mean of each window": averaged[channel]}
    return f'<div class="pictures two">{"".join(picture(v, range_, name) for name, v in maps.items())}</div>'


def say_average(trace: Trace, averaged: Trace) -> str:
    """Say what the network predicts with each pool."""
    first, now = trace.prediction, averaged.prediction
    was, is_now = (escape_markdown(trace.class_name(k)) for k in (first, now))
    return (
        f"With the max pool the network predicts {was} with {words.percent(trace.probabilities[first])}; with an "
        f"average pool in its place it {'still ' if now == first else ''}predicts {is_now} with "
        f"{words.percent(averaged.probabilities[now])}. The logit of {was} goes from "
        f"{words.number(trace.logits[first])} to {words.number(averaged.logits[first])}. The weights were trained with "
        "the max pool, not with the average pool."
    )


def accuracy_columns(accuracy: PoolAccuracy) -> dict[str, list[str]]:
    """Return the accuracy with each pool as columns."""
    counts = (accuracy.average_pool, accuracy.max_pool)
    return {
        "pool": ["average, not trained", "max, as trained"],
        "correct": [f"{count:,} of {accuracy.images:,}" for count in counts],
        "accuracy": [f"{count / accuracy.images * 100:.2f}\xa0%" for count in counts],
    }
