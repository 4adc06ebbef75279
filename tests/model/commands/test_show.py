"""The app is opened on a network: the command that starts it, its address, and what stands in the way."""

import json
import socket
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from model.commands import show
from model.commands.cli import main
from model.errors import CommandError
from model.networks import by_id, identity


def test_the_app_that_starts_is_this_one() -> None:
    command = show.command(8501)
    assert Path(command[4]).samefile(Path(__file__).parents[3] / "viz" / "Home.py")
    assert command[5:7] == ["--server.port", "8501"]


@pytest.mark.parametrize(
    ("id", "address"),
    [
        ("assignment", "http://127.0.0.1:8502/?net=assignment"),
        ("0" * 32, f"http://127.0.0.1:8502/?net={'0' * 32}"),
    ],
)
def test_the_address_names_the_network(id: str, address: str) -> None:
    assert show.address(8502, id) == address


def test_a_port_that_is_taken_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "_ANSWER", 0.2)  # this program never answers
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is taken.*--port {port + 1}"):
            show.show("assignment", port, False, print)


@contextmanager
def answering(found: object) -> Iterator[int]:
    """Serve what a program says that it is, and give its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == identity.PATH else 404)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_given: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_an_app_that_runs_already_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, said = list[str](), list[str]()
    monkeypatch.setattr(webbrowser, "open", opened.append)
    with answering(identity.of_this_app()) as port:
        assert show.show("assignment", port, True, said.append) == 0
        assert opened == [f"http://127.0.0.1:{port}/?net=assignment"]
        assert opened[0] in said[0]


@pytest.mark.parametrize(
    ("found", "whose"),
    [
        ({"app": "glass-network", "networks": "0" * 16}, "by an app that keeps its networks in another folder"),
        ({"name": "another"}, "by another program"),
        (["glass-network"], "by another program"),
    ],
)
def test_another_program_at_the_port_is_not_used(found: object, whose: str) -> None:
    with answering(found) as port, pytest.raises(CommandError, match=f"Port {port} is taken {whose}"):
        show.show("assignment", port, False, print)


def test_the_folder_of_networks_tells_two_apps_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = identity.of_this_app()
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    there = identity.of_this_app()
    assert here != there
    assert str(tmp_path) not in str(there)


def test_a_file_is_kept_before_the_app_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[Any] = []
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))

    def note(*given: Any) -> int:
        opened.append(given[:3])
        return 0

    monkeypatch.setattr(show, "show", note)
    file = Path(__file__).parents[1] / "networks" / "torch-2.6.glass"
    assert main(["show", str(file), "--no-browser", "--port", "8600"]) == 0
    ((id, port, browser),) = opened
    assert (port, browser) == (8600, False)
    assert by_id(id).graph.rows
    assert f"is kept as {id}." in capsys.readouterr().err
