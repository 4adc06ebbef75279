"""Controls that several pages share; what they choose lives in the link."""

import streamlit as st
from plotly import graph_objects as go

from model.records import Step, Trace
from viz.ui import state

_STILL = {"displayModeBar": False, "scrollZoom": False}
_TOGETHER, _APART = "layer", "map"
_SCALES = {_TOGETHER: "One scale for the layer", _APART: "One scale for each map"}


def step(trace: Trace) -> Step:
    """Let the person choose a step: from a list, or with the arrow keys from one to the next."""
    names = [step.name for step in trace.steps]

    def kept_channel(name: str) -> dict[str, str]:
        """Stay on the same map where the other step has one of that number."""
        chosen = state.read(state.CHANNEL, "0")
        return {state.CHANNEL: chosen if chosen in map(str, range(len(trace[name].maps))) else "0"}

    position = names.index(state.read_one_of(state.ROW, names, names[0]))

    def move(words: str, key: str, to: int) -> None:
        st.button(
            words,
            shortcut=key,
            disabled=not 0 <= to < len(names),
            on_click=lambda: state.write(row=names[to], **kept_channel(names[to])),
        )

    with st.container(horizontal=True, vertical_alignment="bottom"):
        move("Previous", "Left", position - 1)
        state.bind(
            st.selectbox,
            "Step",
            state.ROW,
            names,
            names[0],
            together=kept_channel,
            format_func=lambda name: f"{name} · {trace[name].kind}",
        )
        move("Next", "Right", position + 1)
    return trace.steps[position]


def shared_scale() -> bool:
    """Let the person choose between one scale for the layer and one for each map."""
    chosen = state.bind(
        st.segmented_control,
        "Scale",
        state.SCALE,
        list(_SCALES),
        _TOGETHER,
        format_func=_SCALES.__getitem__,
        required=True,
    )
    return chosen == _TOGETHER


def channel(count: int) -> int:
    """Let the person choose a channel."""
    numbers = [str(number) for number in range(count)]
    return int(state.bind(st.selectbox, "Map", state.CHANNEL, numbers, "0", format_func=lambda n: f"Map {n}"))


def picture(figure: go.Figure, key: str, words: str) -> None:
    """Show a figure, and beneath it in words what it shows."""
    st.plotly_chart(figure, key=key, config=_STILL, alt=words)
    st.write(words)


def clickable(figure: go.Figure, key: str, name: str, words: str) -> None:
    """Show a figure whose points can be clicked; the ``customdata`` of one goes into the link as ``name``."""

    def choose() -> None:
        points = st.session_state[key].selection.points
        if points:  # a double click takes the selection back, and chooses nothing
            state.write(**{name: str(points[0]["customdata"])})

    st.plotly_chart(figure, key=key, config=_STILL, alt=words, on_select=choose, selection_mode="points")
    st.write(words)
