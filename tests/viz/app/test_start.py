"""What a server can be started with: a network file, a folder of pictures, both or none."""

from pathlib import Path

import pytest

from model import networks
from viz.app import current, start


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the files that are kept instead of being read."""
    files: list[str] = []

    def keep(file: str) -> str:
        files.append(file)
        return networks.BUILT_IN[0]

    monkeypatch.setattr(networks, "keep", keep, raising=False)
    monkeypatch.setattr(current, "start_with", lambda _id: None)
    return files


@pytest.mark.parametrize("order", [["mine.glass", "--images", "{}"], ["--images", "{}", "mine.glass"]])
def test_a_network_and_a_folder_are_read_in_any_order(order: list[str], kept: list[str], tmp_path: Path) -> None:
    arguments = [each.format(tmp_path) for each in order]
    start.with_file(arguments)
    assert kept == ["mine.glass"]
    assert start.folder_of(arguments) == tmp_path


def test_a_folder_alone_is_no_network_file(kept: list[str], tmp_path: Path) -> None:
    start.with_file([f"--images={tmp_path}"])
    assert kept == []
    assert start.folder_of([f"--images={tmp_path}"]) == tmp_path
    assert start.folder_of([]) is None


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--images"], "expected one argument"), (["--images", "/no"], "'/no'")]
)
def test_a_server_without_its_folder_does_not_start(arguments: list[str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        start.with_file(arguments)


def test_a_folder_is_found_from_where_the_command_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert start.folder_of(["--images", "photos"]) == tmp_path / "photos"
