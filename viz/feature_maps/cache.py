"""Feature maps that do not depend on the current digit."""

import numpy as np

from model.records import Activation
from viz.app.current import of_network
from viz.app.shared import record, samples
from viz.feature_maps import figures

_LABELS = range(10)


@of_network(max_entries=256)
def map_of_each_digit(step: str, channel: int, shared: bool) -> tuple[str, dict[str, Activation]]:
    """Return one map of a step for the first sample of each class, 0 to 9, in HTML and as arrays."""
    chosen = [next(sample for sample in samples() if sample.label == label) for label in _LABELS]
    maps = {str(sample.label): record(sample)[step].maps[channel] for sample in chosen}
    return figures.tiled(np.stack([*maps.values()]), [*maps], shared=shared), maps
