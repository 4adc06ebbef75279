"""What a chart holds, read back from the figure that Plotly gets."""

import base64
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray


def named(figure: go.Figure, name: str) -> Any:
    """Return the one trace of this name that the legend has."""
    (found,) = (trace for trace in figure.data if trace.name == name and trace.showlegend is not False)
    return found


def edges(figure: go.Figure, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper edge of a band."""
    low, high = (trace for trace in figure.data if trace.name == name)
    assert low.fill is None
    assert high.fill == "tonexty"
    return np.asarray(low.y, float), np.asarray(high.y, float)


def names(figure: go.Figure) -> list[str]:
    """Return what the legend says, in order."""
    return [trace.name for trace in figure.data if trace.showlegend is not False]


def opened(spec: str) -> go.Figure:
    """Return the figure that a page has sent, its arrays read from the bytes that Plotly packs them in."""
    return go.Figure(_unpacked(json.loads(spec)))


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        if {"dtype", "bdata"} <= value.keys():
            return np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return {name: _unpacked(each) for name, each in value.items()}
    return [*map(_unpacked, value)] if isinstance(value, list) else value
