"""What the person chose, kept in the link.

The address is the only truth: a choice is written to it, and each run reads everything from it. So reload, back,
forward and a copied link all show the same view, and no page hands anything to another. A value that makes no
sense is answered with its default and a notice; the address keeps it until the person chooses again.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn, TypeVar
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx
from streamlit.util import calc_hash

from model.errors import InputError
from viz.app import older_values
from viz.app.markdown import escape_markdown
from viz.app.quick_clicks import is_trigger

T = TypeVar("T")
Reader = Callable[[str], T]  # raises an InputError that says what is allowed
Allowed = Iterable[str] | Reader[object]

NET, WITH = "net", "with"
DIGIT, ROW, CHANNEL, SCALE = "digit", "row", "channel", "scale"
CLASS, ORDER = "class", "order"
UNIT, SHOWN = "unit", "shown"
EXPLAIN = "explain"
TRAIL, PROJECTOR = "trail", "projector"
ASK, ANSWERS = "ask", "answers"
LESSON, NOTES, TOLD = "lesson", "notes", "told"
DESIGN = "design"
_NOTICES = "notices"
_READ = "what this run has read of the link"
_HIDDEN = "what can be chosen in the parts of this page that are not shown"
_ASSUMED = "what this run takes as if the link said it"
_UNSEEN = "choices that the browser may not know yet"
_SHOWN_AT = "when a run ended that shows them"
_GRACE = 0.5  # seconds from then until the browser knows them; who follows a link back later means it
YES = "yes"
_NOTHING: Mapping[str, str] = MappingProxyType({})


class _Choice(NamedTuple):
    """A choice that the browser may not know yet: what the link said before, and what it says now."""

    before: frozenset[str]
    now: str


def begin_run() -> None:
    """Forget the notices of the run before, and what it read."""
    st.session_state[_NOTICES], st.session_state[_READ], st.session_state[_HIDDEN] = [], set(), {}
    st.session_state[_ASSUMED] = {}
    _catch_up()
    older_values.begin_run()


def chosen() -> frozenset[str]:
    """Return the parameters that the link has."""
    return frozenset(st.query_params)


def assume(**values: str) -> None:
    """Take choices in this run as if the link said them; every link of the page, and the next choice, carries them."""
    st.session_state[_ASSUMED] = values


def is_assumed(name: str) -> bool:
    """Tell whether a choice of this run was assumed, and not made by the person."""
    return name in _assumed()


def _assumed() -> Mapping[str, str]:
    assumed: Mapping[str, str] = st.session_state.get(_ASSUMED, _NOTHING)
    return assumed


def end_run() -> None:
    """Note that the page shows all choices."""
    st.session_state.setdefault(_SHOWN_AT, time.monotonic())
    older_values.end_run()


def _unseen() -> dict[str, _Choice]:
    """Return the choices that the browser may not have known when it asked for this run."""
    unseen: dict[str, _Choice] = st.session_state.get(_UNSEEN, {})
    if not unseen:  # in nearly all runs; a page asks for hundreds of links
        return {}
    context = get_script_run_ctx()
    went_back = context is not None and context.is_history_navigation
    if went_back or time.monotonic() - st.session_state.get(_SHOWN_AT, time.monotonic()) > _GRACE:
        unseen.clear()
        if went_back:  # the browser can hear of such a choice after it went back, and put it into the address
            st.query_params.from_dict(st.query_params.to_dict())
    return unseen


def _catch_up() -> None:
    """Add to the link the choices that it is older than: a quick click leaves the browser no time to hear of them."""
    unseen = _unseen()
    if not unseen:
        return
    asked = st.query_params.to_dict()
    late = {name: each.now for name, each in unseen.items() if asked.get(name, "") in each.before}
    if late:
        st.query_params.from_dict(_without_empty({**asked, **late}, late))


def _without_empty(chosen: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: value for name, value in chosen.items() if value or name not in names}


def read(name: str, default: str) -> str:
    """Return what the link says for ``name``, or the default where it says nothing."""
    _catch_up()
    st.session_state.setdefault(_READ, set()).add(name)
    return str(st.query_params.get(name, _assumed().get(name, default)))


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
    notice(f"{_say_nonsense(name, value, _say_allowed(allowed))}{called} {shown}")
    return default


def read_as(name: str, reader: Reader[T], default: T, instead: str) -> T:
    """Return what a reader makes of the link's value; the default where the link says nothing, or nonsense.

    Args:
        name: The parameter in the link.
        reader: Reads a value that is not empty.
        default: What it is where the link says nothing or nonsense.
        instead: A sentence that says what is shown in place of nonsense.
    """
    value = read(name, "")
    try:
        return reader(value) if value else default
    except InputError as error:
        notice(f"{_say_nonsense(name, value, error.allowed)} {instead}")
        return default


def _say_nonsense(name: str, value: str, allowed: str) -> str:
    return f"The link asks for {name} '{value[:40]}'. {allowed}"


def _say_allowed(allowed: Sequence[str]) -> str:
    said = [each or "left out" for each in allowed]
    return f"It can be {', '.join(said[:3])}{f', ... {said[-1]}' if len(said) > 3 else ''}."


def expect(allowed: Mapping[str, Allowed]) -> None:
    """Say what a page's parts can be asked for, so that nonsense is noticed in those, too, that are not shown.

    Args:
        allowed: For each parameter in the link, what it can be, or what reads it.
    """
    st.session_state[_HIDDEN] = {**st.session_state[_HIDDEN], **allowed}


def _notice_hidden() -> None:
    for name, allowed in st.session_state[_HIDDEN].items():
        value = st.query_params.get(name, "")
        if not value or name in st.session_state[_READ]:
            continue
        if callable(allowed):
            why = _why_unreadable(value, allowed)
        else:
            every = [*allowed]
            why = "" if value in every else _say_allowed(every)
        if why:
            notice(f"{_say_nonsense(name, value, why)} It is not shown here.")


def _why_unreadable(value: str, reader: Reader[object]) -> str:
    try:
        reader(value)
    except InputError as error:
        return error.allowed
    return ""


def is_on(name: str) -> bool:
    """Tell whether a switch is on: the link says ``yes``, or nothing where it is off."""
    return read_one_of(name, ["", YES], "") == YES


def switch(name: str, *, on: bool) -> None:
    """Put a switch on or off in the link."""
    write(**{name: YES if on else ""})


def write(**values: str) -> None:
    """Put choices into the link, all in one step of the browser's history; an empty one is taken out of it."""
    _put(link(**values))


def follow(query: str) -> None:
    """Take all choices from the query of a link, ``?row=Conv2d-7&...``, as the browser would.

    The digit is that of the link too, unless the link is older than the choice of a digit in the sidebar.
    """
    chosen, digit = dict(parse_qsl(query.removeprefix("?"))), _unseen().get(DIGIT)
    if digit and chosen.get(DIGIT, "") in digit.before:
        chosen = _without_empty({**chosen, DIGIT: digit.now}, [DIGIT])
    _put(chosen)


def go_to(page: str, **values: str) -> NoReturn:
    """Open another page from a callback, with the link's choices, some of them changed.

    What is open in the sidebar stays so; ``st.switch_page`` would forget it, and wait.

    Args:
        page: Its address.
        values: The changes.
    """
    _put(link(**values))
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("only a run of the app has pages")
    kept = [each for each in context.session_state.get_widget_states() if not is_trigger(each)]
    raise RerunException(
        RerunData(
            query_string=urlencode(st.query_params.to_dict()),
            widget_states=WidgetStates(widgets=kept),
            page_script_hash=calc_hash(page),
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
    )


def _put(chosen: Mapping[str, str]) -> None:
    if chosen != st.query_params.to_dict():
        _note(chosen)  # first: another click can end the run while Streamlit tells the browser
        st.query_params.from_dict(chosen)


def _note(chosen: Mapping[str, str]) -> None:
    """Remember what changes in the link until the browser knows it."""
    was, unseen = st.query_params.to_dict(), dict(_unseen())
    for name in {*was, *chosen}:
        before, now = was.get(name, ""), chosen.get(name, "")
        if before != now:
            older = unseen[name].before if name in unseen else frozenset()
            shown = was.get(name, _assumed().get(name, ""))  # what the links of the page say
            unseen[name] = _Choice((older | {before, shown}) - {now}, now)
    st.session_state[_UNSEEN] = unseen
    st.session_state.pop(_SHOWN_AT, None)


def link(**values: str) -> Mapping[str, str]:
    """Return the link's choices as they are, with some changed: what a link to another page carries."""
    _catch_up()
    return _without_empty({**_assumed(), **st.query_params.to_dict(), **values}, values)


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
        together: Gives the other parameters that change with a new value; it can also give another value instead.
        instead: As for ``read_one_of``.
        arguments: Passed to the widget.
    """
    key = f"widget-{name}"
    st.session_state[key] = read_one_of(name, [*options], default, instead, label)
    if isinstance(options, Mapping):
        arguments["format_func"] = options.__getitem__

    def choose(value: str | None) -> None:
        chosen = value or default  # a segmented control can be emptied by a second click
        if chosen in options:  # another network may have no such thing
            write(**{name: chosen, **together(chosen)})

    widget(label, [*options], key=key, on_change=when_chosen(key, choose), **arguments)
    return str(st.session_state[key])


def when_chosen(key: str, choose: Callable[[Any], None]) -> Callable[[], None]:
    """Return a widget's callback: it hands the widget's value over.

    It does not where a page change has removed the widget, nor where the value is only an older one.

    Args:
        key: Of the widget, which is about to be drawn with the value that is kept for it.
        choose: Called with its value.
    """
    older_values.note(key)

    def on_change() -> None:
        if key in st.session_state and not older_values.is_older(key):
            choose(st.session_state[key])

    return on_change


def notice(sentence: str) -> None:
    """Keep a sentence to be shown at the top of the page."""
    st.session_state[_NOTICES].append(sentence)


def show_notices() -> None:
    """Show what was noticed in this run."""
    _notice_hidden()
    for text in dict.fromkeys(st.session_state[_NOTICES]):
        st.warning(escape_markdown(text))
