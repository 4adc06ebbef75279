"""The Plotly templates of the light and of the dark theme, for a screen and for a projector."""

import pandas  # noqa: F401 (below)
import plotly.graph_objects as go

from viz import theme

# Plotly asks of each list whether it is one of pandas'. While another thread still imports pandas that fails, so the
# first people of a server saw an error in place of the page: the import above waits until pandas is whole.

_FAINT, _CLEAR = 0.15, 0.45  # opacity of grid lines and of axes
_FONT = '"Source Sans", sans-serif'  # Streamlit's own font, which the page has loaded
TEXT, TICKS = 16, 14  # pixels
_PROJECTED = 1.35  # as much larger as the letters around the chart


def _template(name: str, larger: float = 1.0) -> go.layout.Template:
    text, ticks = TEXT * larger, TICKS * larger
    ink, page = theme.rgb(theme.INK[name]), theme.rgb(theme.PAGE[name])
    axis = {
        "color": ink,
        "gridcolor": theme.rgb(theme.INK[name], _FAINT),
        "linecolor": theme.rgb(theme.INK[name], _CLEAR),
        "zerolinecolor": theme.rgb(theme.INK[name], _CLEAR),
        "zerolinewidth": 1,
        "showline": True,
        "automargin": True,
        "title": {"font": {"size": text}, "standoff": 8},
        "tickfont": {"size": ticks},
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": page,
            "plot_bgcolor": page,
            "colorway": [ink],
            "font": {"family": _FONT, "size": ticks, "color": ink},
            "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": theme.rgb(theme.PANEL[name]),
                "bordercolor": theme.rgb(theme.INK[name], _CLEAR),
                "font": {"family": _FONT, "size": ticks, "color": ink},
                "namelength": -1,
            },
            # A click on a name hides no series, because the keyboard could not do the same.
            "legend": {
                "orientation": "h",
                "x": 0,
                "xanchor": "left",
                "yanchor": "top",
                "font": {"size": ticks},
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
PROJECTED = {name: _template(name, _PROJECTED) for name in theme.INK}
