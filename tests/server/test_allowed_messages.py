"""Messages that Streamlit would take from anybody, sent by a visitor who means harm."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from streamlit import net_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server import server_util

from tests.serving import HOME, serving
from tests.sessions import Visitor, visiting
from viz.app import allowed_messages

LOOKUPS = 'cache_lookups_total{{cache="viz.app.shared.outline",cache_type="st_cache_resource",result="{}"}}'


@pytest.fixture
def visitor(address: str) -> Iterator[Visitor]:
    with visiting(address) as somebody:
        open_and_rest(somebody)
        yield somebody


def open_and_rest(visitor: Visitor) -> None:
    """Open a page, and hear all that its run says, to the news that nothing runs any more."""
    visitor.open("overview", {})
    visitor.hear_until("session_status_changed")


def answers(visitor: Visitor, message: BackMsg) -> list[str | None]:
    """Say a message and return the kinds of what comes back while five heartbeats are answered."""
    visitor.say(message)
    heard: list[str | None] = []
    for _ in range(5):  # what the server thinks about in another thread comes a little later
        visitor.say(BackMsg(app_heartbeat=True))
        heard += [each.WhichOneof("type") for each in visitor.hear_until("heartbeat_ack")[:-1]]
    return heard


def times_traced(address: str) -> str:
    """Return how often the server has traced the structure of the network since it began."""
    told = requests.get(f"{address}/_stcore/metrics", timeout=60).text
    (line,) = [line for line in told.splitlines() if line.startswith(LOOKUPS.format("miss"))]
    return line.split()[-1]


def test_nobody_empties_the_cache_of_all(address: str, visitor: Visitor) -> None:
    assert times_traced(address) == "1"
    assert answers(visitor, BackMsg(clear_cache=True)) == []
    visitor.open("overview", {})
    assert times_traced(address) == "1"


def test_nobody_learns_of_the_repository(tmp_path: Path) -> None:
    def git(*command: str) -> None:
        subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)  # noqa: S603, S607

    git("init", "-b", "marks")
    git("remote", "add", "origin", "https://github.com/teacher/exam.git")
    (tmp_path / "answers.txt").touch()
    (tmp_path / "Home.py").symlink_to(HOME)
    git("add", "Home.py")
    git("-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-m", "Begin")
    git("update-ref", "refs/remotes/origin/marks", "HEAD")
    git("branch", "--set-upstream-to", "origin/marks")
    with serving(tmp_path / "Home.py") as address, visiting(address) as visitor:
        open_and_rest(visitor)
        assert answers(visitor, BackMsg(load_git_info=True)) == []


@pytest.mark.parametrize(
    "message",
    [BackMsg(set_run_on_save=True), BackMsg(debug_disconnect_websocket=True), BackMsg(debug_shutdown_runtime=True)],
    ids=lambda message: message.WhichOneof("type"),
)
def test_nobody_changes_how_the_server_runs(visitor: Visitor, message: BackMsg) -> None:
    assert answers(visitor, message) == []
    assert visitor.open("overview", {})


def operation(visitor: Visitor, name: str) -> BackMsg:
    """Return what asks the server for an operation of Streamlit's own."""
    message = BackMsg()
    message.backend_operation_request.request_id = "one"
    message.backend_operation_request.session_id = visitor.session
    getattr(message.backend_operation_request, name).SetInParent()
    return message


@pytest.mark.parametrize("name", ["install_skills", "dismiss_skills_nudge", "dataframe_chunk"])
def test_nobody_gives_the_server_work_of_its_own(visitor: Visitor, name: str) -> None:
    assert answers(visitor, operation(visitor, name)) == []


def test_a_file_of_numbers_is_made_when_it_is_asked_for(visitor: Visitor) -> None:
    assert answers(visitor, operation(visitor, "deferred_file")) == ["backend_operation_response"]


def test_nobody_has_addresses_made_by_the_thousand(visitor: Visitor) -> None:
    message = BackMsg()
    message.file_urls_request.file_names.extend("a" * allowed_messages.MAX_FILES)
    assert answers(visitor, message) == ["file_urls_response"]
    message.file_urls_request.file_names.append("a")
    assert answers(visitor, message) == []


def test_what_a_page_says_is_heard(visitor: Visitor) -> None:
    assert answers(visitor, BackMsg()) == []  # and its heartbeats are
    visitor.ask("parameters", {})
    visitor.say(BackMsg(stop_script=True))
    assert visitor.hear_until("script_finished")


def test_a_visit_keeps_its_last_files() -> None:
    allowed_messages.enforce()
    manager = MemoryUploadedFileManager("/upload")
    names = [str(number) for number in range(9)]
    for name in names:
        manager.add_file("a visit", UploadedFileRec(name, "digit.png", "image/png", b"ink"))
    manager.add_file("another", UploadedFileRec("0", "digit.png", "image/png", b"ink"))
    assert [file.file_id for file in manager.get_files("a visit", names)] == names[-allowed_messages.MAX_FILES :]
    assert len(manager.get_files("another", names)) == 1


def test_nobody_is_asked_for_our_address(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed_messages.enforce()
    asked: list[str] = []

    def ask(url: str, **_options: float) -> None:
        asked.append(url)

    monkeypatch.setattr(net_util, "_make_blocking_http_get", ask)
    assert not server_util.is_url_from_allowed_origins("http://example.org")
    assert asked == []
