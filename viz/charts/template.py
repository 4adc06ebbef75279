"""The Plotly templates of the light and of the dark theme."""

import plotly.graph_objects as go

from viz import theme

_FAINT, _CLEAR = 0.15, 0.45  # opacity of grid lines and of axes
_FONT = '"Source Sans", sans-serif'  # Streamlit's own font, which the page has loaded
TEXT, TICKS = 16, 14  # pixels: readable on a projector


def _template(name: str) -> go.layout.Template:
    ink, page = theme.rgb(theme.INK[name]), theme.rgb(theme.PAGE[name])
    axis = {
        "color": ink,
        "gridcolor": theme.rgb(theme.INK[name], _FAINT),
        "linecolor": theme.rgb(theme.INK[name], _CLEAR),
        "zerolinecolor": theme.rgb(theme.INK[name], _CLEAR),
        "zerolinewidth": 1,
        "showline": True,
        "automargin": True,
        "title": {"font": {"size": TEXT}, "standoff": 8},
        "tickfont": {"size": TICKS},
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": page,
            "plot_bgcolor": page,
            "colorway": [ink],
            "font": {"family": _FONT, "size": TICKS, "color": ink},
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": theme.rgb(theme.PANEL[name]),
                "bordercolor": theme.rgb(theme.INK[name], _CLEAR),
                "font": {"family": _FONT, "size": TICKS, "color": ink},
                "namelength": -1,
            },
            # A click on a name hides no series, because the keyboard could not do the same.
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "yanchor": "top",
                "font": {"size": TICKS},
                "itemclick": False,
                "itemdoubleclick": False,
            },
            "modebar": {
                "bgcolor": page,
                "color": theme.rgb(theme.INK[name], 0.7),
                "activecolor": ink,
            },
        }
    )


TEMPLATES = {name: _template(name) for name in theme.INK}
