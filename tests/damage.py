"""Damage to files, drawn from a seed: of any kind, and such as gets past check sums and headers."""

import io
import json
import random
import zipfile
import zlib
from collections.abc import Callable

import torch
from safetensors.torch import save as serialise

from model.networks.assignment.network import AssignmentNetwork

Damage = Callable[[bytes, random.Random], bytes]

# Damage that any file can take


def flip(data: bytes, chance: random.Random) -> bytes:
    """Flip up to eight bits."""
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 8) if data else 0):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut(data: bytes, chance: random.Random) -> bytes:
    """Leave out a stretch, mostly the end."""
    start = chance.randint(0, len(data))
    return data[:start] + (b"" if chance.random() < 0.7 else data[start + chance.randint(0, 64) :])


def repeat(data: bytes, chance: random.Random) -> bytes:
    """Say a stretch again, up to a thousand times."""
    start = chance.randint(0, len(data))
    stretch = data[start : start + chance.randint(1, 64)]
    return data[:start] + stretch * chance.choice((2, 3, 1_000)) + data[start:]


def overwrite(data: bytes, chance: random.Random) -> bytes:
    """Write numbers that are read wrongly where they are, most of them in the header."""
    number = chance.choice((0, 1, 127, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63 - 1))
    written = number.to_bytes(8, "little")[: chance.choice((1, 2, 4, 8))]
    written = written if chance.random() < 0.5 else written[::-1]
    start = chance.randint(0, len(data) if chance.random() < 0.3 else min(len(data), 200))
    return data[:start] + written + data[start + len(written) :]


GENERAL: tuple[Damage, ...] = (flip, cut, repeat, overwrite)


# Damage behind the check sums of a PNG, or in the header of a safetensors file, which other damage hardly passes


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG with its right check sum."""
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def blank_png(width: int, height: int, depth: int, colour: int) -> bytes:
    """Return a PNG of zeros, however large, as few bytes."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = bytes(1 + -(-width * channels * depth // 8))
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((depth, colour, 0, 0, 0))
    extras = chunk(b"PLTE", bytes(range(6))) + chunk(b"tRNS", b"\0") if colour == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extras + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def rebuild_png(data: bytes, chance: random.Random) -> bytes:
    """Damage what the chunks of a PNG hold, and put the check sums right."""
    built, position = [], 8
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind, content = data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        position += 12 + length
        if chance.random() < 0.4:
            content = chance.choice(GENERAL)(content, chance)
        built += [chunk(kind, content[: 1 << 20])] * chance.choice((0, 1, 1, 1, 1, 1, 1, 2))
    return data[:8] + b"".join(built) + (b"" if built else data[8:])


def enlarge_png(_data: bytes, chance: random.Random) -> bytes:
    """Return a small file that is a picture as large as is allowed, or larger."""
    sides = [chance.choice((1, 3_000, 7_000, 7_100, 60_000)) for _ in "xy"]
    depth, colour = chance.choice(((1, 0), (8, 0), (16, 0), (8, 2), (16, 2), (8, 3), (1, 3), (8, 4), (8, 6), (16, 6)))
    return blank_png(min(sides[0], 8_000), min(sides[1], 8_000), depth, colour)


def rewrite_header(data: bytes, chance: random.Random) -> bytes:
    """Change what the JSON header of a safetensors file says, and put its length right."""
    length = int.from_bytes(data[:8], "little")
    header = reword(data[8 : 8 + length], chance)
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


def reword(data: bytes, chance: random.Random) -> bytes:
    """Put something else in the place of one value of some JSON."""
    content = json.loads(data)
    place = content
    while isinstance(place, dict | list) and place:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], dict | list) or not place[key] or chance.random() < 0.3:
            place[key] = "?"
            break
        place = place[key]
    deep = chance.choice((10, 500, 200_000))
    instead = ("null", "-1", "0", "1e400", "NaN", '""', '"F64"', "[]", "{}", f"{2**63}", "9" * 5_000, "[" * deep)
    said = chance.choice((*instead, "[" * deep + "]" * deep, '{"a":' * deep + "1" + "}" * deep))
    return json.dumps(content).replace('"?"', said, 1).encode()


def rewrite_weights(_data: bytes, chance: random.Random) -> bytes:
    """Return weights of the right names with a tensor of another shape or type, or with other numbers."""
    state = {key: tensor.clone() for key, tensor in AssignmentNetwork().state_dict().items()}
    key = chance.choice(list(state))
    number = chance.choice((0.0, -1.0, 1e-45, 3e38, -3e38, float("nan"), float("inf")))
    kind = chance.choice((torch.float16, torch.float64, torch.int64, torch.bool))
    changes: tuple[Callable[[], torch.Tensor], ...] = (
        lambda: torch.full_like(state[key], number if state[key].is_floating_point() else -1),
        lambda: state[key].to(kind),
        lambda: state[key].flatten()[: chance.randint(0, 3)],
        lambda: state[key].unsqueeze(0),
    )
    return serialise({**state, key: chance.choice(changes)().contiguous()})


def rewrite_network(data: bytes, chance: random.Random) -> bytes:
    """Change what one part of a network file says, and put the zip around it right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(("network.json", "network.json", "network.json", *parts))
    parts[name] = (reword if name == "network.json" else rewrite_header)(parts[name], chance)
    return _zipped(parts, chance)


def damage_network_part(data: bytes, chance: random.Random) -> bytes:
    """Damage one part of a network file in any way, and put the zip around it right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([*parts])
    parts[name] = chance.choice(GENERAL)(parts[name], chance)
    return _zipped(parts, chance)


def _zipped(parts: dict[str, bytes], chance: random.Random) -> bytes:
    file, method = io.BytesIO(), chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part, method)
    return file.getvalue()
