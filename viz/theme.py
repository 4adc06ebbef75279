"""Every colour and scale of the app, once.

Kinds of layer are coloured from Okabe and Ito's palette, which colour-blind people can tell apart. Signed
values use one diverging scale, symmetric about zero; magnitudes one sequential scale; digits grey on black.
"""

import numpy as np
from numpy.typing import NDArray
from plotly.colors import get_colorscale, label_rgb, sample_colorscale, unlabel_rgb

from model.records import LayerKind

KIND_COLOURS = {
    LayerKind.CONVOLUTION: "#0072b2",
    LayerKind.RELU: "#cc79a7",
    LayerKind.BATCH_NORM: "#009e73",
    LayerKind.DROPOUT: "#8a8f98",
    LayerKind.MAX_POOL: "#d55e00",
    LayerKind.AVERAGE_POOL: "#e69f00",
    LayerKind.FLATTEN: "#56b4e9",
    LayerKind.LINEAR: "#0072b2",
    LayerKind.SOFTMAX: "#56b4e9",
    LayerKind.LOG_SOFTMAX: "#56b4e9",
}
ACCENT = "#0072b2"
MUTED = "#a7aeb9"
HIGHLIGHT = "#f0a202"  # what is selected, on any scale and in either theme

Scale = list[list[float | str]]


def _scale(name: str) -> Scale:
    """Return one of Plotly's scales with its colours as ``rgb(...)``.

    Streamlit's chart theme replaces some hexadecimal colours, ``#000004`` among them, where Inferno begins.
    """
    places = np.linspace(0, 1, 33).tolist()
    colours = sample_colorscale(get_colorscale(name), places)
    return [[place, label_rgb(unlabel_rgb(colour))] for place, colour in zip(places, colours, strict=True)]


DIVERGING = _scale("RdBu_r")  # blue below zero, white at zero, red above
SEQUENTIAL = _scale("Inferno")  # black at zero


def lookup(scale: Scale) -> NDArray[np.uint8]:
    """Sample a scale at 256 places.

    Returns:
        (256, 3), red, green and blue in 0..255.
    """
    colours = sample_colorscale(scale, list(np.linspace(0, 1, 256)))
    return np.asarray([unlabel_rgb(colour) for colour in colours]).round().astype(np.uint8)
