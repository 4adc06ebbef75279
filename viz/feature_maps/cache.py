"""The feature maps that the digit of the page does not change."""

import numpy as np
import streamlit as st

from model.images import digits
from model.records import Activation
from viz.app.shared import record
from viz.feature_maps import figures

_LABELS = range(10)


@st.cache_resource(max_entries=256, show_spinner=False)
def of_each_digit(step: str, channel: int, shared: bool) -> tuple[str, dict[str, Activation]]:
    """Return one map of a step for the first sample of each digit, 0 to 9: in HTML, and as numbers."""
    chosen = [next(sample for sample in digits.samples() if sample.label == label) for label in _LABELS]
    maps = {str(sample.label): record(sample)[step].maps[channel] for sample in chosen}
    return figures.tiled(np.stack([*maps.values()]), [*maps], shared=shared), maps
