"""Every package is pinned, and the audit without a connection is an error message."""

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import pins
from tests.serving import ROOT


def test_all_packages_of_the_app_are_pinned_to_the_installed_versions() -> None:
    found, pinned = pins.closure(pins.required(ROOT / "requirements.txt")), pins.pinned()
    assert len(found) > len(list(pins.required(ROOT / "requirements.txt")))
    assert {name: pinned.get(name) for name in found} == found


def test_requirements_and_constraints_agree() -> None:
    pinned = pins.pinned()
    for each in pins.required(ROOT / "requirements-dev.txt"):
        version = str(each.specifier).removeprefix("==")
        assert version[0].isdigit(), each
        assert pinned.get(canonicalize_name(each.name), version) == version


def test_closure_contains_dependencies() -> None:
    found = pins.closure(iter([Requirement("streamlit")]))
    assert {"streamlit", "protobuf", "numpy"} <= found.keys()
    assert "torch" not in found


@pytest.mark.slow(reason="starts the audit in a process")
def test_audit_without_connection_says_that_nothing_was_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing answers there
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HOME", str(tmp_path))  # no cached answer
    run = subprocess.run([sys.executable, "-m", "tests.audit"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stdout.startswith("Nothing was checked: ")
    assert "Traceback" not in run.stdout + run.stderr
