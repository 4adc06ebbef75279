"""Deliberate faults, each of which a test must find: ``python -m tests.mutants``.

``mutants.json`` lists them: a file, a text that occurs in it once, a wrong text in its place, and the test that must
fail. Each fault is put into a copy of the project, so the project itself is never wrong. A fault that its test does not
find is printed, and the exit code is 1.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_suffix(".json")
_FAILED = 1  # pytest's exit code where a test failed; any other than 0 and 1 means that none ran
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Mutant:
    """A deliberate fault.

    Attributes:
        file: The path of the file, from the project's root.
        old: A text that occurs in it exactly once.
        new: The wrong text.
        test: The test that must fail, as pytest names it; without parameters.
    """

    file: str
    old: str
    new: str
    test: str


def read() -> tuple[Mutant, ...]:
    """Return all faults of the list."""
    return tuple(Mutant(**each) for each in json.loads(LIST.read_text(encoding="utf-8")))


def is_found(mutant: Mutant, folder: Path) -> bool:
    """Put a fault into a copy of the project, run its test, and remove the fault.

    Args:
        mutant: The fault.
        folder: The copy.

    Returns:
        Whether the test failed.

    Raises:
        RuntimeError: The test could not run.
    """
    path = folder / mutant.file
    right = path.read_text(encoding="utf-8")
    path.write_text(right.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        # The cached bytecode of a file that was changed twice within a second could be the wrong one.
        command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-m", "", "-p", "no:cacheprovider", mutant.test]
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    finally:
        path.write_text(right, encoding="utf-8")
    if done.returncode not in {0, _FAILED}:
        raise RuntimeError(f"{mutant.test} did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == _FAILED


def copy(folder: Path) -> None:
    """Copy every file that git tracks into a folder."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def run(mutants: Sequence[Mutant], workers: int) -> int:
    """Try faults in several copies at once, print the outcome of each, and return how many were not found."""
    with tempfile.TemporaryDirectory() as temporary:
        folders: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            folder = Path(temporary) / str(number)
            copy(folder)
            folders.put(folder)

        def attempt(mutant: Mutant) -> bool:
            folder = folders.get()
            try:
                found = is_found(mutant, folder)
            finally:
                folders.put(folder)
            print(f"{'found' if found else 'NOT FOUND'}  {mutant.file}: {mutant.new.strip()[:60]!r}", flush=True)
            return found

        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(attempt, mutants))
    print(f"{sum(found)} of {len(found)} deliberate faults are found.")
    return len(found) - sum(found)


def main() -> None:
    """Try the faults whose file or test holds a text."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument("-k", dest="text", default="", help="a part of the file's or the test's name")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [each for each in read() if options.text in each.file or options.text in each.test]
    sys.exit(bool(run(chosen, options.workers)))


if __name__ == "__main__":
    main()
