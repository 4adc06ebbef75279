"""A server that is started with a network file, and what tells it from other programs.

Each test starts a server of its own: only so is the command line read.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from model.kept_files import hash_of
from model.networks import identity
from tests.own_networks import residual
from tests.serving import HOME, ROOT, serving
from tests.sessions import visiting

ID = hash_of(residual())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.glass"
    path.write_bytes(residual())
    return path


def test_a_session_without_choices_is_about_the_file_and_others_are_not(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path / "networks"))
    with serving(options=["--", str(file)]) as address:
        with visiting(address) as visitor:
            found = visitor.open("", {})
            (query,) = {each.page_info_changed.query_string for each in found if each.HasField("page_info_changed")}
            assert query == f"net={ID}"
            assert any("386 parameters" in str(each) for each in found)
        with visiting(address) as visitor:
            found = visitor.open("overview", {"digit": "project-7a"})
            assert any("10,066 parameters" in str(each) for each in found)
        assert requests.get(f"{address}{identity.PATH}", timeout=60).json() == identity.of_this_app()


def test_a_refused_file_is_a_sentence_and_no_server_starts(tmp_path: Path) -> None:
    bad = tmp_path / "bad.glass"
    bad.write_text("a list of things to buy")
    command = [sys.executable, "-m", "streamlit", "run", str(HOME), "--server.headless=true", "--server.port=0"]
    done = subprocess.run(  # noqa: S603 (our own command)
        [*command, "--", str(bad)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode
    assert "The file (23 bytes) is not a zip." in done.stderr
    assert "Traceback" not in done.stderr
