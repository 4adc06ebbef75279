"""The app is opened on a network: the command that starts it, its address, and what stands in the way."""

import socket
from pathlib import Path
from typing import Any

import pytest

from model.commands import show
from model.commands.cli import main
from model.errors import CommandError
from model.networks import by_id


def test_the_app_that_starts_is_this_one() -> None:
    command = show.command(8501)
    assert Path(command[4]).samefile(Path(__file__).parents[3] / "viz" / "Home.py")
    assert command[5:7] == ["--server.port", "8501"]


@pytest.mark.parametrize(
    ("id", "address"),
    [("assignment", "http://127.0.0.1:8502/"), ("0" * 32, f"http://127.0.0.1:8502/?net={'0' * 32}")],
)
def test_the_address_names_the_network(id: str, address: str) -> None:
    assert show.address(8502, id) == address


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is taken.*--port {port + 1}"):
            show.show("assignment", port, False, print)


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
    assert f"is kept as {id}. {show.NOT_YET}" in capsys.readouterr().err
