"""The history of a training, read from CSV, JSON, or what a training loop printed."""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from model.commands.notebook import text_of
from model.errors import CommandError

History = list[dict[str, float]]
_TEST = re.compile(
    r"Average loss:\s*(\d{1,9}(?:\.\d*)?(?:e-?\d{1,3})?)(?!\.?\d)\D{0,40}?"
    r"Accuracy:\s*(?:(\d{1,12})\s*/\s*(0*[1-9]\d{0,11})\b|(\d{1,3}(?:\.\d*)?)\s*%)",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"^\W*epochs?\s*[:\-#]?\s*(\d{1,9})\b", re.IGNORECASE | re.MULTILINE)
_OF = re.compile(r"correct_of_(\d+)")


def read_history(path: Path) -> History:
    """Return a row for each epoch: epoch, and what is known of loss and accuracy (in per cent, on the test images).

    Args:
        path: CSV with a header, JSON (a list of objects or an object of lists), a log, or a notebook with one.

    Raises:
        CommandError: It cannot be read, or holds no epoch.
    """
    text = text_of(path)
    found = _from_json(text) if path.suffix == ".json" else _from_log(text)
    if not found and path.suffix != ".json":
        found = _from_csv(text)
    if not found:
        raise CommandError(
            f"'{path}' holds no history of a training.",
            "It is CSV with the columns epoch, loss and accuracy, JSON, or a log with a line such as "
            "'Test set: Average loss: 0.0292, Accuracy: 9903/10000 (99.03%)' for each epoch.",
            "Give another file, or add such lines.",
        )
    return found


def _from_log(text: str) -> History:
    """Return the epochs of a log; of several trainings in it, the last."""
    found: History = []
    numbers = [(match.start(), int(match[1])) for match in _EPOCH.finditer(text)]
    for match in _TEST.finditer(text):
        accuracy = 100 * int(match[2]) / int(match[3]) if match[2] else float(match[4])
        before = [number for start, number in numbers if start < match.start()]
        epoch = before[-1] if before else len(found) + 1
        if found and before and epoch < found[-1]["epoch"]:
            found = []  # another training begins
        if found and epoch == found[-1]["epoch"]:
            epoch = int(found[-1]["epoch"]) + 1
        found.append({"epoch": float(epoch), "loss": float(match[1]), "accuracy": accuracy})
    if found and found[0]["epoch"] == 0:  # counted from 0
        found = [{**row, "epoch": row["epoch"] + 1} for row in found]
    return found


def _from_csv(text: str) -> History:
    try:
        return _named(csv.DictReader(io.StringIO(text)))
    except csv.Error:
        return []


def _from_json(text: str) -> History:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, dict):
        lists = {key: value for key, value in found.items() if isinstance(value, list)}
        found = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=False)]
    return _named(row for row in found if isinstance(row, dict)) if isinstance(found, list) else []


def _named(rows: Iterable[Mapping[str, Any]]) -> History:
    found: History = []
    for number, row in enumerate(rows, 1):
        values = {str(key): value for key, raw in row.items() if key and (value := _number(raw)) is not None}
        read = {"epoch": float(number)}
        for key, value in values.items():
            name = key.strip().lower()
            if name == "epoch":
                read["epoch"] = value
            elif part := _OF.search(name):
                read["accuracy"] = 100 * value / int(part[1])
            elif "acc" in name and ("train" not in name or "accuracy" not in read):
                read["accuracy"] = value
            elif "loss" in name and ("train" not in name or "loss" not in read):
                read["loss"] = value
        if len(read) > 1:
            found.append(read)
    if found and max(row.get("accuracy", 0) for row in found) <= 1:  # a share and not per cent
        found = [{**row, "accuracy": 100 * row["accuracy"]} if "accuracy" in row else row for row in found]
    return found


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return None
    try:
        number = float(raw if isinstance(raw, int) else str(raw).strip().rstrip("%").replace(",", ""))
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
