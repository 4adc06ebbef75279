"""Clicks in quick succession, without a browser: which message waits, which page and which digit it is about."""

import ast
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.serving import ROOT
from viz.app import address as state
from viz.app import components, quick_clicks
from viz.app.quick_clicks import LONGEST, MOST, Queue

HERE, THERE, ELSEWHERE = "hash of a page", "hash of another page", "hash of a third page"
SOURCE = WidgetState(id="source", string_value="Samples")
STEP = WidgetState(id="step", string_value="Conv2d-7")
SAMPLE = WidgetState(id="samples", json_trigger_value='[{"event": "picked", "value": 3}]')


def message(page: str, *widgets: WidgetState, path: str = "/here", back: bool = False) -> BackMsg:
    asked = BackMsg()
    asked.rerun_script.page_script_hash = page
    asked.rerun_script.context_info.url = f"http://127.0.0.1{path}"
    asked.rerun_script.is_history_navigation = back
    asked.rerun_script.widget_states.widgets.extend(widgets)
    return asked


class Visit:
    """A visit without Streamlit: what is passed on begins a run on its page at once."""

    def __init__(self, kind: type[Queue] = Queue) -> None:
        self.page, self.passed, self.timers = HERE, list[BackMsg](), list[tuple[float, Callable[[], None]]]()
        self.queue = kind(self._run, lambda: self.page, lambda *timer: self.timers.append(timer))

    def _run(self, passed: BackMsg) -> None:
        self.passed.append(passed)
        self.page = passed.rerun_script.page_script_hash

    def say(self, *messages: BackMsg) -> "Visit":
        """Pass messages on, each after the callbacks of the one before have run."""
        for each in messages:
            self.queue.put(each)
            self.queue.next()
        return self

    @property
    def last(self) -> tuple[str, list[str]]:
        """The page of the last message, and its widgets."""
        asked = self.passed[-1].rerun_script
        return asked.page_script_hash, [each.id for each in asked.widget_states.widgets]


class Hasty(Queue):
    """Wrong: nothing waits."""

    def _advance(self) -> None:
        self._done = self._passed
        super()._advance()


class Trusting(Queue):
    """Wrong: the page is what the message says."""

    def _keep_page(self, asked: Any) -> None:
        pass


class Stubborn(Queue):
    """Wrong: the page of the latest run is always kept."""

    def _keep_page(self, asked: Any) -> None:
        if self._passed:
            asked.page_script_hash = self._page_now()


def assert_one_waits(kind: type[Queue]) -> None:
    visit = Visit(kind)
    visit.queue.put(message(HERE, SAMPLE))
    visit.queue.put(message(THERE))
    assert len(visit.passed) == 1
    visit.queue.next()
    assert [each.rerun_script.page_script_hash for each in visit.passed] == [HERE, THERE]


def assert_a_late_click_stays_on_the_new_page(kind: type[Queue]) -> None:
    visit = Visit(kind).say(message(HERE, SOURCE, STEP), message(THERE, SOURCE), message(HERE, SOURCE, STEP, SAMPLE))
    assert visit.last == (THERE, ["samples"])
    visit.say(message(HERE, SOURCE, STEP, SAMPLE))
    assert visit.last == (THERE, ["samples"])


def assert_a_late_click_brings_no_value_of_the_page_before(kind: type[Queue]) -> None:
    link = WidgetState(id="links", json_trigger_value='[{"event": "opened", "value": "there"}]')
    visit = Visit(kind).say(message(HERE, SOURCE, STEP), message(HERE, SOURCE, STEP, link))
    visit.page = THERE  # where the callback of the link leads
    assert visit.say(message(HERE, SOURCE, STEP, SAMPLE)).last == (THERE, ["samples"])


def assert_a_late_click_on_the_first_page_stays_on_the_new_one(kind: type[Queue]) -> None:
    visit = Visit(kind)
    visit.page = ""  # nothing has run yet
    visit.say(message("", SOURCE))
    visit.page = HERE
    assert visit.say(message(THERE, SOURCE), message(HERE, SOURCE, STEP, SAMPLE)).last == (THERE, ["samples"])


def assert_another_source_counts_late(kind: type[Queue]) -> None:
    chosen = WidgetState(id="source", string_value="Draw")
    assert Visit(kind).say(message(THERE, SOURCE), message(HERE, chosen, STEP)).last == (THERE, ["source"])


def assert_the_second_of_two_links_counts(kind: type[Queue]) -> None:
    links = message(THERE, SOURCE), message(ELSEWHERE, SOURCE)
    assert Visit(kind).say(*links, message(HERE, SOURCE, SAMPLE)).last[0] == ELSEWHERE


def assert_a_link_back_leads_back(kind: type[Queue]) -> None:
    assert Visit(kind).say(message(THERE, SOURCE), message(HERE, SOURCE)).last[0] == HERE


def assert_the_browser_goes_back(kind: type[Queue]) -> None:
    assert Visit(kind).say(message(THERE, SOURCE), message(HERE, SOURCE, STEP, back=True)).last[0] == HERE


def assert_a_page_that_is_shown_counts(kind: type[Queue]) -> None:
    moved = message(THERE, SOURCE), message(HERE, SOURCE, path="/there"), message(HERE, SOURCE, SAMPLE)
    assert Visit(kind).say(*moved).last[0] == HERE


CHECKS = [
    (assert_one_waits, Hasty),
    (assert_a_late_click_stays_on_the_new_page, Trusting),
    (assert_a_late_click_brings_no_value_of_the_page_before, Trusting),
    (assert_a_late_click_on_the_first_page_stays_on_the_new_one, Trusting),
    (assert_another_source_counts_late, Trusting),
    (assert_the_second_of_two_links_counts, Trusting),
    (assert_a_link_back_leads_back, Stubborn),
    (assert_the_browser_goes_back, Stubborn),
    (assert_a_page_that_is_shown_counts, Stubborn),
]


@pytest.mark.parametrize(("check", "wrong"), CHECKS, ids=[check.__name__ for check, _ in CHECKS])
def test_messages_of_a_visit(check: Callable[[type[Queue]], None], wrong: type[Queue]) -> None:
    check(Queue)
    with pytest.raises(AssertionError):
        check(wrong)


def test_a_run_that_never_begins_holds_nothing_up_for_long() -> None:
    visit = Visit()
    visit.queue.put(message(HERE, SAMPLE))
    visit.queue.put(message(THERE))
    ((seconds, give_up),) = visit.timers
    assert seconds == LONGEST
    give_up()
    assert len(visit.passed) == 2
    give_up()  # it is about the first message alone
    visit.queue.put(message(HERE))
    assert len(visit.passed) == 2


def test_no_more_than_a_few_messages_wait() -> None:
    visit = Visit()
    for _ in range(MOST + 10):
        visit.queue.put(message(HERE, SAMPLE))
    assert len(visit.passed) == 10


def test_a_server_without_visits_is_told_of_callbacks_in_vain() -> None:
    quick_clicks.callbacks_have_run()  # as in Streamlit's own simulator


class Query(dict[str, str]):
    """What Streamlit knows of the address."""

    def to_dict(self) -> dict[str, str]:
        """Return all of it."""
        return dict(self)

    def from_dict(self, chosen: Mapping[str, str]) -> None:
        """Replace all of it."""
        self.clear()
        self.update(chosen)


class Address:
    """The address of one visit, as runs see it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.query, self.now, self.back = Query(digit="project-1a", row="Conv2d-7"), 0.0, False
        monkeypatch.setattr(st, "session_state", {})
        monkeypatch.setattr(st, "query_params", self.query)
        monkeypatch.setattr(state, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(state, "get_script_run_ctx", lambda: SimpleNamespace(is_history_navigation=self.back))

    def ask(self, query: str, *, back: bool = False) -> dict[str, str]:
        """Begin a run for what the browser asks for, and return what the run is about."""
        self.query.from_dict(dict(each.split("=") for each in query.split("&") if each))
        self.back = back
        state.begin_run()
        return self.query.to_dict()


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Address:
    return Address(monkeypatch)


def test_a_link_that_is_older_than_a_choice_keeps_the_choice(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write(digit="project-2a", channel="3")
    assert address.ask("digit=project-1a&row=Conv2d-7") == {
        "digit": "project-2a",
        "row": "Conv2d-7",
        "channel": "3",
    }
    monkeypatch.setattr(state, "_catch_up", lambda: None)  # wrong: the link says all
    assert address.ask("digit=project-1a&row=Conv2d-7")["digit"] == "project-1a"


def test_a_click_that_is_older_than_a_choice_adds_its_own(address: Address) -> None:
    state.write(digit="project-2a")
    address.query.from_dict({"digit": "project-1a", "row": "Conv2d-7"})  # the browser does not know yet
    state.write(row="ReLU-7")  # in the callback, before the run
    assert address.query == {"digit": "project-2a", "row": "ReLU-7"}


def test_what_was_taken_out_of_the_link_stays_out(address: Address) -> None:
    state.write(row="")
    assert address.ask("digit=project-1a&row=Conv2d-7") == {"digit": "project-1a"}


def test_of_two_quick_choices_the_last_one_counts(address: Address) -> None:
    state.write(digit="project-2a")
    state.write(digit="project-3a")
    assert address.ask("digit=project-2a")["digit"] == "project-3a"
    state.write(digit="project-1a")
    assert address.ask("digit=project-3a")["digit"] == "project-1a"


@pytest.mark.parametrize("query", ["digit=test-5", "digit=project-2a"])
def test_a_link_of_its_own_digit_keeps_it(address: Address, query: str) -> None:
    state.write(digit="project-2a")
    assert address.ask(query)["digit"] == query.removeprefix("digit=")


def test_the_browser_goes_back_to_the_digit_before(address: Address) -> None:
    state.write(digit="project-2a")
    assert address.ask("digit=project-1a", back=True)["digit"] == "project-1a"
    assert address.ask("digit=project-1a")["digit"] == "project-1a"


def test_a_page_that_was_shown_long_enough_has_links_that_know_all(address: Address) -> None:
    state.write(digit="project-2a")
    address.now = 60
    assert address.ask("digit=project-1a")["digit"] == "project-2a", "no run has shown it yet"
    state.end_run()
    address.now += 0.1
    assert address.ask("digit=project-1a")["digit"] == "project-2a", "the browser may not show it yet"
    address.now += 0.5
    assert address.ask("digit=project-1a")["digit"] == "project-1a"


def test_a_link_in_a_figure_that_is_older_than_the_digit_keeps_the_digit(address: Address) -> None:
    state.write(digit="project-2a", row="ReLU-7")
    state.follow("?digit=project-1a&row=Conv2d-7&channel=3")
    assert address.query == {"digit": "project-2a", "row": "Conv2d-7", "channel": "3"}
    state.follow("?digit=test-5")
    assert address.query == {"digit": "test-5"}


class AgainError(Exception):
    """The run begins again."""


class Mounted:
    """One component on a page, with what Streamlit knows of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known: dict[str, Any] = {}
        self.heard: list[int] = []
        self.value: int | None = None
        self.callback: Callable[[], None] = lambda: None
        monkeypatch.setattr(st, "session_state", self.known)
        monkeypatch.setattr(st, "rerun", self._rerun)
        monkeypatch.setattr(components, "_component", lambda _name: self._mount)

    def _rerun(self) -> None:
        raise AgainError

    def _mount(self, *, key: str, on_chosen_change: Callable[[], None], **_more: Any) -> SimpleNamespace:
        self.callback = on_chosen_change
        self.known[key] = SimpleNamespace(chosen=self.value)
        return SimpleNamespace(chosen=self.value)

    def run(self) -> None:
        """Mount it."""
        components.map_grid({}, "Maps", self.heard.append)

    def click(self, position: int) -> None:
        """Let the browser send a click: its callback runs before the run."""
        self.value = position
        if "map_grid-only" in self.known:
            self.known["map_grid-only"].chosen = position
        self.callback()


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Mounted:
    found = Mounted(monkeypatch)
    found.run()
    return found


def test_a_click_is_heard_once(mounted: Mounted) -> None:
    mounted.click(3)
    mounted.run()
    assert mounted.heard == [3]
    assert not components.unheard()


def test_a_click_whose_component_has_lost_its_state_is_heard_where_it_is_mounted(mounted: Mounted) -> None:
    del mounted.known["map_grid-only"]
    mounted.click(3)
    assert mounted.heard == []
    assert components.unheard()
    with pytest.raises(AgainError):
        mounted.run()
    assert mounted.heard == [3]
    mounted.value = None
    mounted.run()
    assert mounted.heard == [3]


def test_a_click_whose_component_is_gone_is_dropped(mounted: Mounted) -> None:
    del mounted.known["map_grid-only"]
    mounted.click(3)
    components.forget_unheard()
    mounted.run()
    assert mounted.heard == []


def test_a_widget_that_is_gone_calls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {"there": 3})
    heard: list[int] = []
    for key in ("there", "gone"):
        state.when_chosen(key, heard.append)()
    assert heard == [3]


CALLBACKS = {"on_change", "on_click"}


def unguarded(source: str) -> list[int]:
    """Return the lines where a callback reads ``st.session_state[...]`` on its own."""
    tree = ast.parse(source)
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    waiting: list[ast.AST] = [
        keyword.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg in CALLBACKS
    ]
    seen, lines = {"when_chosen"}, set[int]()  # this one looks whether the widget is there
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name) and node.id in functions.keys() - seen:
                seen.add(node.id)
                waiting.append(functions[node.id])
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                lines |= {node.lineno} if ast.unparse(node.value) == "st.session_state" else set()
    return sorted(lines)


@pytest.mark.parametrize(
    "source",
    [
        "st.toggle('Ask', key=key, on_change=lambda: write(st.session_state[key]))",
        "def choose():\n    write(st.session_state['a'])\nst.pills('Maps', on_change=choose)",
        "def keep():\n    write(st.session_state['a'])\nst.button('Go', on_click=lambda: keep())",
        "def choose(value):\n    write(st.session_state['a'])\nst.pills('Maps', on_change=when_chosen('a', choose))",
    ],
)
def test_a_callback_that_reads_widget_state_on_its_own_is_found(source: str) -> None:
    assert unguarded(source)


def test_no_callback_reads_widget_state_on_its_own() -> None:
    files = [path for folder in ("viz", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]
    assert {str(path): found for path in files if (found := unguarded(path.read_text(encoding="utf-8")))} == {}
