"""What ``make replicas`` answers before it starts anything."""

import socket
from pathlib import Path

import pytest

from deploy import nginx, replicas
from viz.app import start


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        replicas.main(arguments)
    assert ended.value.code not in {0, None}
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--count", "0"], "--count 0 is not possible. It can be 1 to 64"),
        (["--count", "65"], "--count 65 is not possible. It can be 1 to 64"),
        (["--count", "3", "--port", "65533"], "--port 65533 is not possible. It can be 1 to 65532"),
        (["--images", "/nowhere/at all"], "--images '/nowhere/at all' is not possible. It can be a folder"),
    ],
)
def test_what_cannot_be_is_a_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str) -> None:
    assert sentence in refusal(capsys, *arguments)


def test_without_nginx_it_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nginx, "executable", lambda: None)
    assert "sudo apt-get install nginx" in refusal(capsys)


@pytest.mark.parametrize("taken", [0, 2])
def test_a_port_that_is_taken_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    monkeypatch.setattr(nginx, "executable", lambda: "nginx")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(capsys, "--port", str(port - taken), "--count", "2")
    assert said.startswith("Cannot listen at 127.0.0.1, port ")
    assert "Choose another --address or --port." in said


def test_an_address_that_is_not_here_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nginx, "executable", lambda: "nginx")
    assert "Cannot listen at 192.0.2.1, port 8501" in refusal(capsys, "--address", "192.0.2.1")


def test_every_replica_shows_the_folder_of_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    command = replicas._streamlit(8502, Path("pictures"))
    given = command[command.index("--") + 1 :]
    assert start.folder_of(given) == tmp_path / "pictures", "a replica runs in another folder"
    assert "--" not in replicas._streamlit(8502)
