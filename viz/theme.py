"""Every colour and scale of the app, once.

Kinds of layer are coloured after Okabe and Ito's palette, made a little darker or lighter: each colour has a
contrast of 3 to every background of either theme, and colour-blind people can tell each from the others. Signed
values use one diverging scale, symmetric about zero; magnitudes one sequential scale; digits grey on black.
"""

import numpy as np
from numpy.typing import NDArray
from plotly.colors import get_colorscale, label_rgb, sample_colorscale, unlabel_rgb

from model.trace.records import LayerKind

KIND_COLOURS = {
    LayerKind.CONVOLUTION: "#0072b2",
    LayerKind.RELU: "#91597f",
    LayerKind.BATCH_NORM: "#2c975a",
    LayerKind.DROPOUT: "#8c8d8d",
    LayerKind.MAX_POOL: "#ae4c11",
    LayerKind.AVERAGE_POOL: "#c67300",
    LayerKind.FLATTEN: "#0093e5",
    LayerKind.LINEAR: "#0072b2",
    LayerKind.SOFTMAX: "#0093e5",
    LayerKind.LOG_SOFTMAX: "#0093e5",
}
ACCENT = "#0072b2"
MUTED = "#858c97"
HIGHLIGHT = "#cb7900"  # what is selected

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
