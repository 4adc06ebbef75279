"""The command line of a server names a network file, a folder of images, both or neither."""

import pytest

from viz.app import start


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        ([], ""),
        (["mine.glass"], "mine.glass"),
        (["--images", "photographs"], ""),
        (["--images=photographs"], ""),
        (["--images", "photographs", "mine.glass"], "mine.glass"),
        (["mine.glass", "--images", "photographs"], "mine.glass"),
        (["--images"], ""),
        (["--other"], ""),
    ],
)
def test_the_network_file_of_a_command_line(arguments: list[str], file: str) -> None:
    assert start.network_file(arguments) == file


def test_a_server_without_a_file_starts_with_the_assignments_network(monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[str]()
    monkeypatch.setattr("viz.app.current.start_with", started.append)
    start.with_file(["--images", "photographs"])
    assert started == []


def test_a_file_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(SystemExit, match=r"'no\.glass' cannot be read \(No such file or directory\)"):
        start.with_file(["no.glass"])
