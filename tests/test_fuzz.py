"""The fuzzer: a short run finds no fault, and it finds every kind of fault."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import MODES
from tests.serving import ROOT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="The fuzzer forks, which this system cannot.")

# In a new process, because a process with threads must not fork.
FOUND = """
import io, json, os, sys
import numpy as np
from model import digits
from model.errors import InputError
from tests import fuzz
from tests.damage import blank_png

def upload(data):
    return digits.from_upload(io.BytesIO(data))

def refuse(data):
    raise InputError("It is wrong.", "It must be right.", "Mend it.")

fuzz.SECONDS = 2
reading = {
    "read": len, "refused": refuse, "KeyError": {}.__getitem__, "crash": lambda data: os.abort(),
    "memory": lambda data: np.ones(400 << 20, np.uint8), "hang": lambda data: [0 for _ in iter(int, 1) if False],
}
outcomes = {name: fuzz.attempt(read, b"data").what for name, read in reading.items()}
fuzz.SECONDS = 60
kinds = [(1, 0), (8, 3), (16, 6)]  # the least, a palette, the most
largest = [fuzz.attempt(upload, blank_png(8_000, 6_200, *kind), fuzz.MEGABYTES_OF_A_PICTURE) for kind in kinds]
print(json.dumps([outcomes, [[each.what, each.megabytes] for each in largest]]))
"""


def python(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 (our own)
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow(reason="reads 90 damaged files in their own processes")
def test_short_run_finds_no_fault(tmp_path: Path) -> None:
    told = python("-m", "tests.fuzz", "--inputs", "90", "--seconds", "3600", "--kept", str(tmp_path / "kept"))
    assert not (tmp_path / "kept").exists()
    lines = {kind: count for kind, _, count in (line.partition(":") for line in told.splitlines())}
    kinds = ["PNG", "JPEG", *MODES, "other pictures", "weights", "card", "logits", "report", "network", "link"]
    assert [*lines] == kinds
    assert all(" refused" in count for count in lines.values())
    assert [kind for kind, count in lines.items() if " read" not in count] == ["other pictures"]


@pytest.mark.slow(reason="starts a process that reads the largest pictures")
def test_every_kind_of_fault_is_found_and_largest_pictures_need_little_memory() -> None:
    outcomes, largest = json.loads(python("-c", FOUND))
    if sys.platform != "linux":
        outcomes.pop("memory")  # only Linux reports it
    assert outcomes == {name: name for name in outcomes}
    assert {what for what, _ in largest} == {"refused"}, "they are blank"
    assert max(megabytes for _, megabytes in largest) > 40 or sys.platform != "linux", "the memory is counted"
