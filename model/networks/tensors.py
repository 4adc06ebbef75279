"""A safetensors file, read by hand: its header is checked against what is expected before a number is taken."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from model.networks.archive import Entry
from model.networks.limits import MAX_HEADER, refuse
from model.networks.strict_json import read_json

_TYPES = {"F32": (torch.float32, 4), "I64": (torch.int64, 8)}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies in a file."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    end: int


def read_header(part: Entry, most: int) -> dict[str, Place]:
    """Return where each tensor of a safetensors file lies; nothing but the header is unpacked.

    Args:
        part: The file within the zip.
        most: How many tensors there may be.

    Raises:
        NetworkError: The header is no header, or does not describe the file to its last byte.
    """
    label = part.name
    length = int.from_bytes(part.begin(8), "little") if part.size >= 8 else -1
    if not 2 <= length <= min(MAX_HEADER, part.size - 8):
        refuse(f"The header of '{label}' has {length:,} bytes.", f"It has 2 to {MAX_HEADER:,}.")
    header = read_json(part.begin(8 + length)[8:], f"The header of '{label}'", most * 8 + 8)
    if not isinstance(header, dict) or len(header) > most:
        refuse(f"The header of '{label}' lists {_count(header)} tensors.", f"It lists at most {most:,}.")
    places, reached = {}, 8 + length
    for name, found in sorted(header.items(), key=_offset):
        places[name] = place = _place(name, found, 8 + length, label)
        if place.start != reached or place.end > part.size:
            refuse(f"The tensor {ascii(name)[:60]} of '{label}' is not where it should be.", "Tensors lie in a row.")
        reached = place.end
    if reached != part.size:
        refuse(f"'{label}' has {part.size - reached:,} bytes that belong to no tensor.", "Every byte belongs to one.")
    return places


def _count(header: object) -> str:
    return f"{len(header):,}" if isinstance(header, dict) else "no"


def _offset(item: tuple[str, object]) -> tuple[int, int]:
    found = item[1].get("data_offsets") if isinstance(item[1], dict) else None
    return _whole(found[0]) if isinstance(found, list) and found else -1, _size(item[1])


def _size(found: object) -> int:
    offsets = found.get("data_offsets") if isinstance(found, dict) else None
    return _whole(offsets[1]) if isinstance(offsets, list) and len(offsets) == 2 else -1


def _whole(value: object) -> int:
    return value if type(value) is int and 0 <= value < 1 << 40 else -1


def _place(name: str, found: object, base: int, label: str) -> Place:
    said = f"The tensor {ascii(name)[:60]} of '{label}'"
    if not isinstance(found, dict) or found.keys() != {"dtype", "shape", "data_offsets"}:
        refuse(f"{said} is not described as a tensor.", "It has dtype, shape and data_offsets.")
    kind, shape, offsets = found["dtype"], found["shape"], found["data_offsets"]
    if not isinstance(kind, str) or kind not in _TYPES:
        refuse(f"{said} has the type {ascii(kind)[:20]}.", "Types are F32 and I64.")
    sides = [_whole(side) for side in shape] if isinstance(shape, list) and len(shape) <= 8 else [-1]
    if min(sides, default=1) < 1:
        refuse(f"{said} has the shape {ascii(shape)[:40]}.", "It has at most 8 sides, each from 1 on.")
    places = [_whole(each) for each in offsets] if isinstance(offsets, list) and len(offsets) == 2 else [-1, -1]
    dtype, width = _TYPES[kind]
    if min(places) < 0 or places[1] - places[0] != math.prod(sides) * width:
        refuse(f"{said} has a size that does not fit its shape.", "Sizes must be right.")
    return Place(dtype, tuple(sides), base + places[0], base + places[1])


def read_tensors(part: Entry, places: Mapping[str, Place]) -> dict[str, Tensor]:
    """Return the tensors of a file as copies of their own.

    Raises:
        NetworkError: A number is not finite.
    """
    found, data = {}, part.read()
    for name, place in places.items():
        numbers = bytearray(data[place.start : place.end])  # writable, so that PyTorch takes it as it is
        tensor = torch.frombuffer(numbers, dtype=place.dtype).reshape(place.shape)
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            refuse(f"The tensor '{name}' of '{part.name}' holds a number that is not finite.", "Weights are numbers.")
        found[name] = tensor
    return found
