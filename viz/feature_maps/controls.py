"""Controls of the feature maps: which of many maps are shown, and one map in full."""

from collections.abc import Sequence

import streamlit as st

from model.trace.records import Step, Trace
from viz.app import address, projector
from viz.app.components import map_grid
from viz.app.widgets import segments
from viz.feature_maps import figures
from viz.overview.figures import by_activity

ORDER = "maps"
_PER_PAGE, _PROJECTED = 64, 32
_IN_ORDER, _STRONGEST = "order", "strongest"
_ORDERS = {_IN_ORDER: "In order", _STRONGEST: "Strongest first"}


def grid(trace: Trace, step: Step, channel: int, *, shared: bool) -> None:
    """Show the maps of a step to choose from, at most 64 at a time, on a projector 32.

    Args:
        trace: Says which maps are scores of classes.
        step: Its maps are shown.
        channel: The map that is chosen.
        shared: Whether all maps have one scale.
    """
    order = _order(step)
    at_most = _PROJECTED if projector.is_on() else _PER_PAGE
    start = order.index(channel) // at_most * at_most
    shown = order[start : start + at_most]
    drawn = figures.choices(step.maps, shown, figures.titles(trace, step), shared=shared, selected=channel)
    map_grid(drawn, f"The maps of {step.name}", lambda at: _choose(shown[at] if at < len(shown) else channel))
    if len(order) > at_most:
        with st.container(horizontal=True, vertical_alignment="center"):
            _turn("Back", order, start - at_most)
            _turn("More", order, start + at_most)
            st.caption(f"{start + 1:,} to {start + len(shown):,} of {len(order):,} maps")


def _order(step: Step) -> Sequence[int]:
    """Return the maps in the order that the person chose; few maps need no choice."""
    count = len(step.maps)
    if count <= _PER_PAGE or segments("Order of the maps", ORDER, _ORDERS) == _IN_ORDER:
        return range(count)
    return by_activity(step)


def _turn(label: str, order: Sequence[int], to: int) -> None:
    disabled = not 0 <= to < len(order)
    st.button(label, key=f"maps-{label}", disabled=disabled, on_click=lambda: _choose(order[to]))


def _choose(channel: int) -> None:
    address.write(**{address.CHANNEL: str(channel)})
