"""Runs, kept in a folder: a file for each, by the hash of its choices, so that equal choices are one run.

A finished run has its weights; a long one that is not finished has all that its trainer needs to go on.
"""

import dataclasses
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from model import kept_files
from model.design.runs.records import Looks, Mark, Run, RunChoices, RunProgress
from model.errors import InputError

SUFFIX, UNFINISHED = ".run", ".unfinished"
_NETWORK = ".network"  # named by a network, with the id of its run
MAX_FILES = {SUFFIX: 500, UNFINISHED: 20, _NETWORK: 2000}
MAX_BYTES = 1_000_000_000  # of each kind
_CARD, _WEIGHTS = "run.json", "weights.safetensors"
_DEFAULT = Path(__file__).resolve().parents[3] / "runs" / "designs"
_DAMAGED = (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile, SafetensorError, EOFError)
_counting = threading.Lock()  # of looks at the test images


def folder() -> Path:
    """Return the folder of finished runs: ``GLASS_RUNS``, or ``runs/designs`` of this project."""
    return Path(os.environ.get("GLASS_RUNS", _DEFAULT))


def id_of(choices: RunChoices) -> str:
    """Return what a run with these choices is called."""
    text = json.dumps(dataclasses.asdict(choices), sort_keys=True)
    return kept_files.hash_of(text.encode())


def write(run: Run, place: Path | None = None, suffix: str = SUFFIX) -> str:
    """Keep a run, and return its id; those that were not used for longest make room.

    Args:
        run: Finished, or ``UNFINISHED`` with what its trainer needs in the place of weights.
        place: The folder, by default ``folder()``.
        suffix: Which of both.

    Raises:
        InputError: The folder cannot be written.
    """
    id = id_of(run.progress.choices)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_CARD, json.dumps(_plain(run)))
        archive.writestr(_WEIGHTS, save({key: np.asarray(each, order="C") for key, each in run.weights.items()}))
    try:
        return kept_files.keep(file.getvalue(), place or folder(), suffix, MAX_FILES[suffix], MAX_BYTES, id)
    except OSError as error:
        raise InputError(
            f"The run cannot be kept ({error.strerror}).",
            "Its folder must be on a disk with room.",
            "Make room, or set GLASS_RUNS to another folder.",
        ) from error


def read(id: str, place: Path | None = None, suffix: str = SUFFIX, *, weights: bool = True) -> Run:
    """Return a run that was kept.

    Args:
        id: What it is called.
        place: The folder, by default ``folder()``.
        suffix: Whether it is finished.
        weights: Whether to read its weights as well.

    Raises:
        InputError: It is not here any more, or damaged.
    """
    path = kept_files.path_of(place or folder(), id, suffix)
    if path is None:
        raise InputError(
            f"The run {ascii(id)[1:33]} is not here any more.", "Runs are kept for a while.", "Train the design again."
        )
    return _read(path, weights=weights)


def _read(path: Path, *, weights: bool) -> Run:
    try:
        with zipfile.ZipFile(path) as archive:
            run = _run(path.stem, json.loads(archive.read(_CARD)))
            return dataclasses.replace(run, weights=load(archive.read(_WEIGHTS))) if weights else run
    except _DAMAGED as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise InputError(f"The run {path.stem} is damaged.", "It was removed.", "Train the design again.") from error


def is_kept(choices: RunChoices, place: Path | None = None) -> bool:
    """Tell whether a finished run with these choices is here."""
    return ((place or folder()) / f"{id_of(choices)}{SUFFIX}").is_file()


def find(choices: RunChoices, place: Path | None = None, suffix: str = SUFFIX) -> Run | None:
    """Return the run with these choices, or None where none can be read."""
    try:
        return read(id_of(choices), place, suffix)
    except InputError:
        return None


def forget_unfinished(choices: RunChoices, place: Path | None = None) -> None:
    """Remove what an unfinished run needs to go on."""
    with suppress(OSError):
        ((place or folder()) / f"{id_of(choices)}{UNFINISHED}").unlink(missing_ok=True)


def every(place: Path | None = None) -> tuple[Run, ...]:
    """Return all runs that are kept, without their weights, the newest first; to list a run is no use of it."""
    return tuple(sorted(_readable(place or folder()), key=lambda run: -run.when))


def _readable(place: Path) -> Iterator[Run]:
    for path in place.glob(f"*{SUFFIX}"):
        with suppress(InputError):
            yield _read(path, weights=False)


def count_look(id: str, correct: int, images: int, place: Path | None = None) -> Run:
    """Note that somebody looked at the test images, and return the run.

    Raises:
        InputError: The run is not here any more, or cannot be written.
    """
    with _counting:
        run = read(id, place)
        run = dataclasses.replace(run, test=Looks(run.test.looks + 1, correct, images))
        write(run, place)
        return run


def note_network(network: str, id: str, place: Path | None = None) -> None:
    """Keep of which run a network is, so that a look at the test images with it counts; without a folder, do nothing.

    Args:
        network: The id of the network in the store of opened networks.
        id: Of the run.
        place: The folder, by default ``folder()``.
    """
    with suppress(OSError):
        kept_files.keep(id.encode(), place or folder(), _NETWORK, MAX_FILES[_NETWORK], MAX_BYTES, network)


def run_of(network: str, place: Path | None = None) -> str | None:
    """Return the id of the run that an opened network is of; None where it is of none that is known."""
    path = kept_files.path_of(place or folder(), network, _NETWORK)
    try:
        return path.read_text(encoding="ascii") if path else None
    except (OSError, UnicodeDecodeError):
        return None


def _plain(run: Run) -> dict[str, Any]:
    progress = dataclasses.asdict(dataclasses.replace(run.progress, losses=np.zeros(0), id=""))
    progress["losses"] = run.progress.losses.tolist()
    return {
        "progress": progress,
        "test": dataclasses.asdict(run.test),
        "when": run.when,
        "setting": dict(run.setting),
    }


def _run(id: str, card: dict[str, Any]) -> Run:
    plain = card["progress"]
    choices = RunChoices(**{**plain["choices"], "changes": tuple(plain["choices"]["changes"])})
    progress = RunProgress(
        **{
            **plain,
            "choices": choices,
            "losses": np.asarray(plain["losses"], np.float64),
            "marks": tuple(Mark(**mark) for mark in plain["marks"]),
            "id": id,
        }
    )
    return Run(id, progress, Looks(**card["test"]), float(card["when"]), card["setting"])
