"""What the person chose, kept in the link.

The address is the only truth: a choice is written to it, and each run reads everything from it. So reload, back,
forward and a copied link all show the same view, and no page hands anything to another. A value that makes no
sense is answered with its default and a notice; the address keeps it until the person chooses anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from viz.app.markdown import plain

DIGIT, ROW, CHANNEL, SCALE = "digit", "row", "channel", "scale"
CLASS, ORDER = "class", "order"
UNIT, SHOWN = "unit", "shown"
EXPLAIN = "explain"
TRAIL, PROJECTOR = "trail", "projector"
ASK, ANSWERS = "ask", "answers"
_NOTICES = "notices"
_READ = "what this run has read of the link"
_HIDDEN = "what can be chosen in the parts of this page that are not shown"
YES = "yes"
_NOTHING: Mapping[str, str] = MappingProxyType({})


def begin_run() -> None:
    """Forget the notices of the run before, and what it read."""
    st.session_state[_NOTICES], st.session_state[_READ], st.session_state[_HIDDEN] = [], set(), {}


def read(name: str, default: str) -> str:
    """Return what the link says for ``name``, or the default where it says nothing."""
    st.session_state.setdefault(_READ, set()).add(name)
    return str(st.query_params.get(name, default))


def read_one_of(
    name: str, allowed: Sequence[str], default: str, instead: Mapping[str, str] = _NOTHING, label: str = ""
) -> str:
    """Return what the link says for ``name`` if it is allowed; else notice it and return the default.

    Args:
        name: The parameter in the link.
        allowed: What it can be here.
        default: What it is where the link says nothing or nonsense.
        instead: What to take, without a notice, in place of values that make sense on other pages only.
        label: What the page calls it, where it does.
    """
    value = read(name, default)
    value = instead.get(value, value)
    if value in allowed:
        return value
    called = f" On the page it is “{label}”." if label else ""
    shown = f"Showing {default} instead." if default else "It is left out here."
    notice(f"{_say_nonsense(name, value, allowed)}{called} {shown}")
    return default


def _say_nonsense(name: str, value: str, allowed: Sequence[str]) -> str:
    said = [each or "left out" for each in allowed]
    some = ", ".join(said[:3]) + (f", ... {said[-1]}" if len(said) > 3 else "")
    return f"The link asks for {name} '{value[:40]}'. It can be {some}."


def expect(allowed: Mapping[str, Iterable[str]]) -> None:
    """Say what a page's parts can be asked for, so that nonsense is noticed in those, too, that are not shown.

    Args:
        allowed: For each parameter in the link, what it can be.
    """
    st.session_state[_HIDDEN] = {**st.session_state[_HIDDEN], **allowed}


def _notice_hidden() -> None:
    for name, every in st.session_state[_HIDDEN].items():
        value, allowed = st.query_params.get(name, ""), [*every]
        if name not in st.session_state[_READ] and value not in ["", *allowed]:
            notice(f"{_say_nonsense(name, value, allowed)} It is not shown here.")


def is_on(name: str) -> bool:
    """Tell whether a switch is on: the link says ``yes``, or nothing where it is off."""
    return read_one_of(name, ["", YES], "") == YES


def switch(name: str, *, on: bool) -> None:
    """Put a switch on or off in the link."""
    write(**{name: YES if on else ""})


def write(**values: str) -> None:
    """Put choices into the link, all in one step of the browser's history; an empty one is taken out of it."""
    wanted = link(**values)
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)


def follow(query: str) -> None:
    """Take all choices from the query of a link, ``?row=Conv2d-7&...``, as the browser would."""
    st.query_params.from_dict(dict(parse_qsl(query.removeprefix("?"))))


def link(**values: str) -> Mapping[str, str]:
    """Return the link's choices as they are, with some changed: what a link to another page carries."""
    chosen = {**st.query_params.to_dict(), **values}
    return {name: value for name, value in chosen.items() if value or name not in values}


def address(page: str, **values: str) -> str:
    """Return the address of a page with the link's choices, some of them changed."""
    return f"{page}?{urlencode(link(**values))}"


def _nothing_else(_value: str) -> Mapping[str, str]:
    return _NOTHING


def bind(
    widget: Callable[..., Any],
    label: str,
    name: str,
    options: Sequence[str] | Mapping[str, str],
    default: str,
    together: Callable[[str], Mapping[str, str]] = _nothing_else,
    instead: Mapping[str, str] = _NOTHING,
    **arguments: Any,
) -> str:
    """Draw a widget of options whose value lives in the link.

    Args:
        widget: ``st.selectbox``, ``st.segmented_control`` or the like.
        label: What the person reads.
        name: The parameter in the link.
        options: What can be chosen; where the person reads other words than the link has, these by what the link has.
        default: What is chosen where the link says nothing or nonsense.
        together: Gives the other parameters that change with a new value.
        instead: As for ``read_one_of``.
        arguments: Passed to the widget.
    """
    key = f"widget-{name}"
    st.session_state[key] = read_one_of(name, [*options], default, instead, label)
    if isinstance(options, Mapping):
        arguments["format_func"] = options.__getitem__

    def on_change() -> None:
        value = st.session_state[key] or default  # a segmented control can be emptied by a second click
        write(**{name: value}, **together(value))

    widget(label, [*options], key=key, on_change=on_change, **arguments)
    return str(st.session_state[key])


def notice(sentence: str) -> None:
    """Keep a sentence to be shown at the top of the page."""
    st.session_state[_NOTICES].append(sentence)


def show_notices() -> None:
    """Show what was noticed in this run."""
    _notice_hidden()
    for text in dict.fromkeys(st.session_state[_NOTICES]):
        st.warning(plain(text))
