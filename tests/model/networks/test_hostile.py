"""Files that were made to do harm: each is refused at once, in little memory, by a sentence that names the fault."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.errors import NetworkError
from model.networks.file import read
from tests.model.networks.hostile import WHOLE, Case, cases

HEAVY = {
    "20,000 tensors",
    "300,000 tensors",
    "zeros that were packed",
    "too large",
    "a giant that nothing uses",
    "more than it says",
}
ROOT = Path(__file__).resolve().parents[3]
ON_LINUX = sys.platform == "linux"  # there each is read in a process of its own, and what it says is checked too
LIGHT = [case for case in cases() if case.name not in HEAVY]


def assert_refused(case: Case) -> None:
    with pytest.raises(NetworkError) as caught:
        read(case.make())
    assert case.said in str(caught.value)
    assert caught.value.allowed
    assert caught.value.remedy
    assert str(caught.value).isascii()


def test_the_file_that_all_cases_change_is_read() -> None:
    assert read(WHOLE.read_bytes()).title == "A small network"


@pytest.mark.parametrize("case", LIGHT, ids=lambda case: case.name)
def test_a_hostile_file_is_refused(case: Case) -> None:
    assert_refused(case)


@(pytest.mark.exhaustive if ON_LINUX else pytest.mark.slow)
@pytest.mark.parametrize("case", [case for case in cases() if case.name in HEAVY], ids=lambda case: case.name)
def test_a_large_hostile_file_is_refused(case: Case) -> None:
    assert_refused(case)


@pytest.mark.slow
@pytest.mark.skipif(not ON_LINUX, reason="Only Linux tells how much memory a process took.")
def test_each_takes_under_two_seconds_and_100_megabytes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.model.networks.hostile"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("control")[0] == "read"
    said = {case.name: case.said for case in cases()}
    assert found.keys() == said.keys()
    assert {name: each for name, each in found.items() if each[0] != "refused"} == {}
    assert {name: why for name, (_, why, *_) in found.items() if said[name] not in why or not why.isascii()} == {}
    assert max(seconds for _, _, seconds, _ in found.values()) < 2
    assert max(megabytes for _, _, _, megabytes in found.values()) < 100
