"""What a server started with the project's settings takes and gives, seen from outside."""

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from model.images.upload import MAX_BYTES
from tests.serving import ROOT, serving
from tests.sessions import Visitor, visiting

MB = 1024 * 1024
BROKEN = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import streamlit as st
from viz.app import frame

def broken():
    raise RuntimeError("told to nobody: /home/teacher")

page = st.Page(broken, title="Broken")
frame.run([page])
"""

COLLECTING = """
import gc
import streamlit as st

@st.cache_resource
def collected():
    found = []
    gc.disable()  # what Python would do by itself is not counted
    gc.callbacks.append(lambda phase, _about: found.append(phase))
    return found

st.html(f"<p>{len(collected())}</p>")
"""


def upload(address: str, visitor: Visitor, size: int, *, token: bool = True, session: str = "") -> int:
    """Send a file as the uploader does, with or without the token, and return the answer's status."""
    ask = BackMsg()
    ask.file_urls_request.request_id = "one"
    ask.file_urls_request.file_names.append("digit.png")
    visitor.say(ask)
    place = visitor.hear_until("file_urls_response")[-1].file_urls_response.file_urls[0].upload_url
    place = place.replace(visitor.session, session or visitor.session)
    with requests.Session() as browser:
        browser.trust_env = False  # no proxy
        cookie = str(browser.get(f"{address}/_stcore/health", timeout=60).cookies["_streamlit_xsrf"])
        headers = {"X-Xsrftoken": cookie} if token else {}
        files = {"digit.png": ("digit.png", b"\0" * size, "image/png")}
        return browser.put(f"{address}{place}", files=files, headers=headers, timeout=60).status_code


def test_a_page_of_another_site_cannot_open_a_session(address: str) -> None:
    with visiting(address, origin=address) as visitor:
        assert visitor.open("overview", {})
    for stranger in ("http://example.org", "http://127.0.0.1.example.org", "null"):
        with pytest.raises(InvalidStatus, match="403"), visiting(address, origin=stranger):
            pass


def test_a_page_of_another_site_cannot_read_an_answer(address: str) -> None:
    for path in ("health", "host-config"):
        answer = requests.get(f"{address}/_stcore/{path}", headers={"Origin": "http://example.org"}, timeout=60)
        assert answer.ok
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_upload_needs_the_token_and_a_session_and_a_small_file(address: str) -> None:
    with visiting(address) as visitor:
        visitor.open("overview", {})
        assert upload(address, visitor, MAX_BYTES - 4096) == 204
        assert upload(address, visitor, 1000, token=False) == 403
        assert upload(address, visitor, 1000, session="0" * 36) == 400
        assert upload(address, visitor, MAX_BYTES + 1) == 413


def test_the_token_is_no_cookie_of_other_sites(address: str) -> None:
    set_cookie = requests.get(f"{address}/_stcore/health", timeout=60).headers["Set-Cookie"]
    assert re.match(r"_streamlit_xsrf=.*; SameSite=Lax$", set_cookie)


def test_a_message_that_streamlit_would_not_parse_ends_the_session(address: str) -> None:
    with visiting(address) as visitor, pytest.raises(ConnectionClosedError, match="1009"):
        visitor.open("overview", {"digit": "a" * 2 * MB})


def test_a_message_that_is_too_large_ends_the_session_unread(address: str) -> None:
    with visiting(address) as visitor:
        visitor.announce(10_000_001)
        with pytest.raises(ConnectionClosedError, match=r"1009.*exceeds limit of 10000000 bytes"):
            visitor.hear()


def test_no_file_of_the_project_is_served(address: str) -> None:
    index = requests.get(f"{address}/no-such-page", timeout=60).text
    for path in (
        "app/static/Home.py",
        "viz/Home.py",
        ".git/config",
        "%2e%2e/requirements.txt",
        ".streamlit/config.toml",
    ):
        answer = requests.get(f"{address}/{path}", timeout=60)
        assert answer.status_code >= 400 or answer.text == index, path  # any other address shows the app


def test_it_listens_to_this_computer_alone(address: str) -> None:
    port = urlsplit(address).port
    with pytest.raises(OSError, match=r"refused|timed out"):  # 127.0.0.2 is as much as another computer on Linux
        socket.create_connection(("127.0.0.2", port or 0), timeout=30).close()


def test_a_flag_opens_it_to_the_network() -> None:
    with serving(ROOT / "bench" / "empty.py", options=["--server.address=0.0.0.0"]) as everywhere:
        socket.create_connection(("127.0.0.2", urlsplit(everywhere).port or 0), timeout=30).close()


def test_nothing_is_reported_to_anybody(address: str) -> None:
    with visiting(address) as visitor:
        (begun, *_) = [each for each in visitor.open("overview", {}) if each.WhichOneof("type") == "new_session"]
    assert not begun.new_session.config.gather_usage_stats
    assert not begun.new_session.initialize.session_status.run_on_save


def test_a_failure_shows_no_trace_and_no_path(tmp_path: Path) -> None:
    script = tmp_path / "Broken.py"
    script.write_text(BROKEN)
    with serving(script) as address, visiting(address) as visitor:
        sent = visitor.open("", {})
        shown = [each.delta.new_element.exception for each in sent if each.delta.new_element.HasField("exception")]
        assert len(shown) == 1
        assert not shown[0].stack_trace
        every = b"".join(each.SerializeToString() for each in sent if each.WhichOneof("type") != "new_session")
        for told in (b"RuntimeError", b"told to nobody", b"/home/teacher", str(ROOT).encode(), str(tmp_path).encode()):
            assert told not in every


@pytest.mark.parametrize(("options", "collects"), [([], False), (["--runner.postScriptGC=true"], True)])
def test_garbage_is_not_collected_after_every_run(tmp_path: Path, options: list[str], collects: bool) -> None:
    script = tmp_path / "collecting.py"
    script.write_text(COLLECTING, encoding="utf-8")
    with serving(script, options=options) as running, visiting(running) as visitor:
        for _ in range(4):
            shown = [message.delta.new_element.html.body for message in visitor.open("", {})]
    assert ("<p>0</p>" in shown) is not collects
