"""Values that the browser shows only because it has not been told of newer ones.

With each click the browser sends the values of all widgets. Until a run has shown another value, such as the step that
"Next" has put into the link, the older one comes along with a click elsewhere, and Streamlit takes it for a choice.
"""

import time

import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.scriptrunner import get_script_run_ctx

from viz.app.quick_clicks import is_trigger

GRACE = 3.0  # seconds from the end of a run until the browser shows all that it brought, also on a busy computer
_PUT = "the values that runs have put into widgets, which the browser may not show yet or show no longer"
_SENT = "what the browser has sent last of each widget, by its id"
_ENDED_AT = "when the latest run ended"


def begin_run() -> None:
    """Remember what the browser has sent, and once it shows all, forget what runs have put in the place of values."""
    if _is_shown():
        st.session_state.pop(_PUT, None)
    st.session_state.pop(_ENDED_AT, None)
    context = get_script_run_ctx()
    if context is not None:
        st.session_state[_SENT] = _sent() | {each.id: each for each in context.session_state.get_widget_states()}


def end_run() -> None:
    """Note that the browser is about to show all values."""
    st.session_state[_ENDED_AT] = time.monotonic()


def note(key: str) -> None:
    """Note the value that a widget is about to be drawn with, where it is not the one that the browser has sent."""
    context = get_script_run_ctx()
    if context is None:
        return
    known = context.session_state._state
    id, value = known._get_widget_id(key), st.session_state.get(key)
    if value != known._new_widget_state.get(id, known._old_state.get(id)):
        _put().setdefault(key, []).append(value)


def is_older(key: str) -> bool:
    """Tell, in the callback of a widget, whether its value is older than what the last run put in its place.

    A value that the browser has sent before came along with another change. One that it has not sent before was chosen,
    unless a run has put it there meanwhile and another change brings it.
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
    return len(changed) > 1 and st.session_state[key] in _put().get(key, [])


def _is_shown() -> bool:
    """Tell whether the browser shows all that the latest run has brought."""
    now = time.monotonic()
    return bool(now - st.session_state.get(_ENDED_AT, now) > GRACE)


def _put() -> dict[str, list[object]]:
    put: dict[str, list[object]] = st.session_state.setdefault(_PUT, {})
    return put


def _sent() -> dict[str, WidgetState]:
    sent: dict[str, WidgetState] = st.session_state.get(_SENT, {})
    return sent
