"""Values that the browser shows only because it has not been told of newer ones.

With each click the browser sends the values of all widgets. Until a run has shown another value, such as the step that
"Next" has put into the link, the older one comes along with a click elsewhere, and Streamlit takes it for a choice.
"""

import time

import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.scriptrunner import get_script_run_ctx

from viz.app.quick_clicks import is_trigger

GRACE = 0.5  # seconds from the end of a run until the browser shows all that it brought
_DRAWN = "what widgets have shown, of each the latest value last; the browser may still show any of them"
_SENT = "what the browser has sent last of each widget, by its id"
_ENDED_AT = "when the latest run ended"


def begin_run() -> None:
    """Remember what the browser has sent, and forget values that it shows no longer."""
    if _is_shown():
        st.session_state[_DRAWN] = {key: values[-1:] for key, values in _drawn().items()}
    st.session_state.pop(_ENDED_AT, None)
    context = get_script_run_ctx()
    if context is not None:
        st.session_state[_SENT] = _sent() | {each.id: each for each in context.session_state.get_widget_states()}


def end_run() -> None:
    """Note that the browser is about to show all values."""
    st.session_state[_ENDED_AT] = time.monotonic()


def note(key: str) -> None:
    """Note the value that a widget is about to be drawn with."""
    values, value = _drawn().setdefault(key, []), st.session_state.get(key)
    if values[-1:] != [value]:
        values.append(value)


def is_older(key: str) -> bool:
    """Tell, in the callback of a widget, whether its value is older than what the last run put in its place.

    A person changes one widget at a time. So a value that the browser sent before too came along with another change;
    and of two that it did not, the one that a run has drawn was not chosen.
    """
    context = get_script_run_ctx()
    if context is None or _is_shown():
        return False
    known, sent = context.session_state._state, _sent()
    changed = {
        each.id
        for each in context.session_state.get_widget_states()
        if (is_trigger(each) or sent.get(each.id) != each) and known._widget_changed(each.id)
    }
    if known._get_widget_id(key) not in changed:
        return bool(changed)
    return len(changed) > 1 and st.session_state[key] in _drawn().get(key, [])[:-1]


def _is_shown() -> bool:
    """Tell whether the browser shows all that the latest run has brought."""
    now = time.monotonic()
    return bool(now - st.session_state.get(_ENDED_AT, now) > GRACE)


def _drawn() -> dict[str, list[object]]:
    drawn: dict[str, list[object]] = st.session_state.setdefault(_DRAWN, {})
    return drawn


def _sent() -> dict[str, WidgetState]:
    sent: dict[str, WidgetState] = st.session_state.get(_SENT, {})
    return sent
