"""All colours and colour scales of the app.

Most colours of layer kinds come from Okabe and Ito's palette, slightly darker or lighter: each colour has a contrast of
at least 3 to every background of both themes, and colour-blind people can distinguish them. Signed values use one
diverging scale, symmetric about zero; magnitudes use one sequential scale; digits are grey on black.
"""

import numpy as np
from numpy.typing import NDArray
from plotly.colors import get_colorscale, hex_to_rgb, label_rgb, sample_colorscale, unlabel_rgb

from model.trace.records import LayerKind

JOIN = "add"
_LIKE = {  # kinds with the colour of another kind
    **dict.fromkeys(("subtract", "subtract from", "multiply", "divide", "concatenation"), JOIN),
    **dict.fromkeys(("larger of two", "smaller of two"), JOIN),
    **dict.fromkeys(("mean", "sum"), LayerKind.AVERAGE_POOL),
    "largest": LayerKind.MAX_POOL,
    "transposed convolution": LayerKind.CONVOLUTION,
    **dict.fromkeys(("group norm", "instance norm", "layer norm"), LayerKind.BATCH_NORM),
    **dict.fromkeys(("leaky ReLU", "PReLU", "ReLU6", "ELU", "SELU", "GELU", "SiLU", "Mish"), LayerKind.RELU),
    **dict.fromkeys(("sigmoid", "tanh", "softplus", "clamp"), LayerKind.RELU),
    **dict.fromkeys(("hardsigmoid", "hardswish", "hardtanh"), LayerKind.RELU),
}


class _Colours(dict[str, str]):
    """The colours of kinds; one that is like no other has that of a step without weights."""

    def __missing__(self, kind: str) -> str:
        return self[_LIKE.get(kind, LayerKind.FLATTEN)]


KIND_COLOURS = _Colours(
    {
        LayerKind.CONVOLUTION: "#0072b2",
        LayerKind.RELU: "#91597f",
        LayerKind.BATCH_NORM: "#2c975a",
        LayerKind.DROPOUT: "#8c8d8d",
        LayerKind.MAX_POOL: "#ae4c11",
        LayerKind.AVERAGE_POOL: "#c67300",
        LayerKind.LINEAR: "#0093e5",
        LayerKind.FLATTEN: "#788aa8",
        LayerKind.SOFTMAX: "#788aa8",
        LayerKind.LOG_SOFTMAX: "#788aa8",
        JOIN: "#6c6c60",
    }
)
ACCENT = "#0072b2"
MUTED = "#858c97"
HIGHLIGHT = "#cb7900"  # the selection
BLACK, WHITE, SHADOW = "#000", "#fff", "#808080"
# One colour for each scheme; Streamlit's own are in .streamlit/config.toml, which a test compares with these.
INK = {"light": "#16181d", "dark": "#eceef2"}
PAGE = {"light": "#ffffff", "dark": "#101216"}
PANEL = {"light": "#f3f4f6", "dark": "#1b1f26"}
LINK = {"light": "#0b5d99", "dark": "#6cb6f0"}
FAILURE = {"light": "#b24a00", "dark": "#f0822f"}

Scale = list[list[float | str]]


def _scale(name: str) -> Scale:
    """Return one of Plotly's scales with colours in the form ``rgb(...)``.

    Streamlit's chart theme replaces some hexadecimal colours, among them ``#000004``, the first colour of Inferno.
    """
    places = np.linspace(0, 1, 33).tolist()
    colours = sample_colorscale(get_colorscale(name), places)
    return [[place, label_rgb(unlabel_rgb(colour))] for place, colour in zip(places, colours, strict=True)]


def rgb(colour: str, opacity: float = 1.0) -> str:
    """Return a colour that Streamlit does not replace; its chart theme replaces some hexadecimal colours.

    Args:
        colour: ``#rrggbb``.
        opacity: 0 to 1.

    >>> rgb("#0072b2"), rgb("#0072b2", 0.2)
    ('rgb(0, 114, 178)', 'rgba(0, 114, 178, 0.2)')
    """
    solid = label_rgb(hex_to_rgb(colour))
    return solid if opacity == 1 else f"rgba{solid.removeprefix('rgb')[:-1]}, {opacity:g})"


DIVERGING = _scale("RdBu_r")  # blue below zero, white at zero, red above
SEQUENTIAL = _scale("Inferno")  # black at zero


def css_variables() -> str:
    """Return the colours that style sheets use as CSS variables: ``--accent``, ``--page`` and so on."""
    colours = {"accent": ACCENT, "muted": MUTED, "highlight": HIGHLIGHT}
    colours |= {"black": BLACK, "white": WHITE, "shadow": SHADOW}
    schemes = {"ink": INK, "page": PAGE, "link": LINK, "failure": FAILURE}
    colours |= {name: f"light-dark({each['light']}, {each['dark']})" for name, each in schemes.items()}
    return f":root {{ {' '.join(f'--{name}: {colour};' for name, colour in colours.items())} }}"


def lookup(scale: Scale) -> NDArray[np.uint8]:
    """Sample a scale at 256 places.

    Returns:
        (256, 3), red, green and blue in 0..255.
    """
    colours = sample_colorscale(scale, list(np.linspace(0, 1, 256)))
    return np.asarray([unlabel_rgb(colour) for colour in colours]).round().astype(np.uint8)
