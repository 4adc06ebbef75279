"""Pack plain values and arrays into text, and choose what fits."""

import base64
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES = {"float32": "<f4", "float64": "<f8", "int32": "<i4"}
_ALIGNED = 8  # bytes; so that the browser can read numbers of any type in place
_LETTERS = 4 / 3  # of base64 for each byte
_HOPELESS = 4  # times the room: numbers never become so much smaller
VALUES, WEIGHTS = "values", "weights"
_LACKS = (VALUES, WEIGHTS, "inputs")


def encode(content: Mapping[str, Any]) -> str:
    """Pack nested values, whose leaves may be arrays (N,), into base64.

    Compressed are the length of a JSON head, the head, and the arrays. In the head stands in the place of an array its
    type, where it begins, and how many numbers it has.
    """
    parts, end = list[bytes](), 0

    def place(array: NDArray[Any]) -> dict[str, Any]:
        nonlocal end
        begin, data = end, array.astype(_TYPES[array.dtype.name], copy=False).tobytes()
        parts.append(data + bytes(-len(data) % _ALIGNED))
        end += len(parts[-1])
        return {"array": array.dtype.name, "begin": begin, "length": array.size}

    head = json.dumps(_replaced(content, place), separators=(",", ":")).encode()
    head += b" " * (-(len(head) + 4) % _ALIGNED)
    packed = zlib.compress(b"".join([struct.pack("<I", len(head)), head, *parts]))
    return base64.b64encode(packed).decode()


def fitted(content: Mapping[str, Any], room: int) -> dict[str, Any]:
    """Leave out as few steps of a content as possible, so that its text has at most ``room`` letters.

    What is largest is left out first: the values of a step with its maps, or its weights. ``lacks`` says of each step
    what it has not: ``values``, ``weights``, or ``inputs`` where the values that it takes are left out; mostly nothing.
    """
    steps, costs = content["steps"], dict[tuple[str, str], int]()
    for step in steps:
        costs[step["name"], VALUES] = _cost([step["values"], *step["pictures"]], room)
        if step["recipe"] and step["recipe"]["arrays"]:
            costs[step["name"], WEIGHTS] = _cost(step["recipe"]["arrays"].values(), room)
    image = content["image"]
    words = {**content, "image": _without(image), "steps": [_without(each) for each in steps]}
    room -= _cost([json.dumps(words), image["values"], *image["pictures"]], room)
    while costs and sum(costs.values()) > room:
        name, what = max(costs, key=costs.__getitem__)
        del costs[name, what]
        if what == VALUES:  # what takes them cannot be worked out, so its weights are of no use
            for step in steps:
                if name in {step["name"], *step["inputs"]}:
                    costs.pop((step["name"], WEIGHTS), None)
    kept = {name for name, what in costs if what == VALUES}
    names = {step["name"] for step in steps}
    return {**content, "steps": [_fitted(step, costs, names - kept) for step in steps]}


def _fitted(step: Mapping[str, Any], costs: Mapping[tuple[str, str], int], gone: set[str]) -> dict[str, Any]:
    """Return a step without what is left out; ``gone`` are the steps without values."""
    lacks = ""
    if step["name"] in gone:
        lacks = VALUES
    elif gone.intersection(step["inputs"]):
        lacks = "inputs"
    elif step["recipe"] and step["recipe"]["arrays"] and (step["name"], WEIGHTS) not in costs:
        lacks = WEIGHTS
    left = {**step, "recipe": None} if lacks else dict(step)
    return {**(_without(left) if lacks == VALUES else left), "lacks": lacks}


def _without(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step without its numbers and pictures."""
    return {**step, "values": None, "pictures": [], "recipe": None}


def lacking(content: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what is left out: the names of the steps, by what they lack."""
    found = {lack: [step["name"] for step in content["steps"] if step["lacks"] == lack] for lack in _LACKS}
    return {lack: names for lack, names in found.items() if names}


def _cost(parts: Iterable[Any], room: int) -> int:
    """Return how many letters some arrays and texts take; a large number where that is far more than the room."""
    data = [each.encode() if isinstance(each, str) else each.tobytes() for each in parts]
    size = sum(map(len, data))
    return size if size > _HOPELESS * room > 0 else int(len(zlib.compress(b"".join(data))) * _LETTERS) + 1


def _replaced(value: Any, place: Callable[[NDArray[Any]], Any]) -> Any:
    if isinstance(value, np.ndarray):
        return place(value)
    if isinstance(value, Mapping):
        return {key: _replaced(each, place) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(each, place) for each in value]
    return value
