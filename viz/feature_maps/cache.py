"""Feature maps that do not depend on the current digit."""

import numpy as np

from model.records import Activation
from viz.app.current import of_network
from viz.app.shared import examples, maps_of_samples
from viz.feature_maps import figures


@of_network(max_entries=256)
def map_of_each_class(step: str, channel: int, shared: bool) -> tuple[str, dict[str, Activation]]:
    """Return one map of a step for a sample of each class, at most ten, in HTML and as arrays."""
    maps = {name: each[channel] for name, each in maps_of_samples(step, examples()).items()}
    return figures.tiled(np.stack([*maps.values()]), [*maps], shared=shared), maps
