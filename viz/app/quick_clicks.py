"""Clicks in quick succession: each of them counts, on the page that was chosen last.

Streamlit stops a run when the next message comes, even before the callbacks of that run; then its click is lost.
And a message names the page that the browser shows. A click that follows a link at once would lead back to the page
before. So the messages of a visit wait for each other's callbacks, and a late click keeps the new page.
"""

import asyncio
import functools
import weakref
from collections import deque
from collections.abc import Callable

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.scriptrunner import get_script_run_ctx

LONGEST = 1.0  # seconds that a message waits for the callbacks of the one before
MOST = 4  # messages that wait; a pen that moves sends more while a server is busy, and the latest ones count


class Queue:
    """The messages of one visit that ask for a run. All methods belong to one thread.

    Args:
        pass_on: Hands a message to Streamlit.
        page_now: Returns the hash of the page of the latest run.
        later: Calls a function after some seconds.
    """

    def __init__(
        self,
        pass_on: Callable[[BackMsg], None],
        page_now: Callable[[], str],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._pass_on, self._page_now, self._later = pass_on, page_now, later
        self._waiting: deque[BackMsg] = deque()
        self._passed, self._done = 0, 0  # messages handed on, and the last of them whose callbacks have run
        self._last: ClientState | None = None  # the last message that was not late
        self._shown = ""  # the page that the browser showed then

    def put(self, message: BackMsg) -> None:
        """Pass a message on, or let it wait."""
        self._waiting.append(message)
        self._advance()

    def next(self) -> None:
        """Pass the next message on: the callbacks of the one before have run."""
        self._done = self._passed
        self._advance()

    def _advance(self) -> None:
        while self._waiting and (self._done == self._passed or len(self._waiting) > MOST):
            message = self._waiting.popleft()
            self._keep_page(message.rerun_script)
            self._passed += 1
            self._later(LONGEST, functools.partial(self._give_up, self._passed))
            self._pass_on(message)

    def _give_up(self, passed: int) -> None:
        if self._done < passed == self._passed:
            self.next()

    def _keep_page(self, asked: ClientState) -> None:
        """Send a late click to the page of the latest run, with nothing but what it has changed.

        The rest are values of the page before. Streamlit has forgotten these, and would take them for choices.
        """
        now = self._page_now()
        moved = self._last is None or asked.context_info.url != self._last.context_info.url
        if self._last and not moved and asked.page_script_hash == self._shown != now and _is_click(asked, self._last):
            before = {each.id: each for each in self._last.widget_states.widgets}
            kept = [x for x in asked.widget_states.widgets if is_trigger(x) or (x.id in before and x != before[x.id])]
            del asked.widget_states.widgets[:]
            asked.widget_states.widgets.extend(kept)
            asked.page_script_hash = now
            return
        if moved or not self._shown:  # before the first run there was no page
            self._shown = now
        self._last = asked


def _is_click(asked: ClientState, last: ClientState) -> bool:
    """Tell whether a message is of a widget. That of a link, or of the browser's buttons, brings nothing new."""
    before = list(last.widget_states.widgets)
    new = any(is_trigger(each) or each not in before for each in asked.widget_states.widgets)
    return new and not asked.is_history_navigation


def is_trigger(state: WidgetState) -> bool:
    """Tell whether the state of a widget is a click, which counts once."""
    kind = state.WhichOneof("value") or ""
    return kind.endswith("trigger_value") and bool(getattr(state, kind))


# Of each visit: its messages, and the loop whose thread they belong to.
_QUEUES: weakref.WeakKeyDictionary[AppSession, tuple[Queue, asyncio.AbstractEventLoop]] = weakref.WeakKeyDictionary()
_VISITS: weakref.WeakValueDictionary[str, AppSession] = weakref.WeakValueDictionary()


@functools.cache
def install() -> None:
    """Let the messages of every visit wait for each other, from the first page that is opened on."""
    handle = AppSession.handle_backmsg

    def handle_in_turn(self: AppSession, msg: BackMsg) -> None:
        if msg.WhichOneof("type") == "rerun_script" and not msg.rerun_script.fragment_id:
            _queue_of(self, handle).put(msg)
        else:
            handle(self, msg)

    AppSession.handle_backmsg = handle_in_turn  # type: ignore[method-assign]


def _queue_of(session: AppSession, handle: Callable[[AppSession, BackMsg], None]) -> Queue:
    if session not in _QUEUES:
        visit, loop = weakref.ref(session), asyncio.get_running_loop()

        def pass_on(message: BackMsg) -> None:
            if found := visit():
                handle(found, message)

        def page_now() -> str:
            found = visit()
            return found.page_script_hash if found else ""

        _QUEUES[session] = Queue(pass_on, page_now, loop.call_later), loop
        _VISITS[session.id] = session
    return _QUEUES[session][0]


def callbacks_have_run() -> None:
    """Let the next message of this visit be passed on."""
    context = get_script_run_ctx()
    session = _VISITS.get(context.session_id) if context else None
    if session:
        queue, loop = _QUEUES[session]
        if not loop.is_closed():
            loop.call_soon_threadsafe(queue.next)
