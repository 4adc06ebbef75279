"""Damaged pictures and weights against what reads them: ``python -m tests.fuzz --seconds 60``.

Each input is a valid file with seeded damage, read in a process of its own that may take little memory and little time.
Fine is what is read, or refused by one of the project's own errors. Anything else is found: another error, a crash, a
process that does not end, memory out of proportion. What is found is kept in a folder, and the exit code says so. It
needs ``fork``, so Linux or macOS; what memory is taken is told by Linux alone.
"""

import argparse
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save as serialise

from model import digits, scores, weights
from model.errors import GlassError
from model.network import AssignmentNetwork
from model.training import report

SECONDS = 20  # that one input may take, of the processor's time and of the clock's
MEGABYTES = 120  # that one input may take; the largest picture that is read is 64 of them as it is decoded
_FINE = ("read", "refused")
Damage = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True, slots=True)
class Target:
    """What reads a kind of file, valid ones to begin with, and damage that this kind of file asks for."""

    name: str
    read: Callable[[bytes], object]
    whole: tuple[bytes, ...]
    own: tuple[Damage, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input: ``read``, ``refused``, or what is wrong; why; and the memory that it took in MB."""

    what: str
    why: str
    megabytes: int


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
    sides = [chance.choice((1, 3_000, 4_095, 4_096, 4_097, 60_000)) for _ in "xy"]
    depth, colour = chance.choice(((1, 0), (8, 0), (16, 0), (8, 2), (16, 2), (8, 3), (1, 3), (8, 4), (8, 6), (16, 6)))
    return blank_png(min(sides[0], 5_000), min(sides[1], 5_000), depth, colour)


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


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    """Return a picture as a file of that format."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def targets(folder: Path) -> tuple[Target, ...]:
    """Return everything that is attacked.

    Args:
        folder: For files that are read by their path.
    """
    small = Image.fromarray(digits.samples()[0].pixels)
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x010E: "a description"})
    modes = [(small.convert(mode), mode) for mode in ("L", "P", "RGBA", "1", "I;16")]
    pngs = [saved(image, "PNG", exif=exif) for image, _ in modes]
    pngs.append(saved(small, "PNG", save_all=True, append_images=[small], duration=9))
    jpegs = [saved(small.convert(mode), "JPEG", exif=exif) for mode in ("L", "RGB", "CMYK")]
    jpegs.append(saved(small, "MPO", save_all=True, append_images=[small]))
    others = tuple(saved(small.convert("P"), format) for format in ("GIF", "TIFF", "BMP", "WEBP"))
    card, logits = (weights.SHIPPED / name for name in ("card.json", scores.NAME))

    def through_disk(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
        def reading(data: bytes) -> object:
            (folder / name).write_bytes(data)
            return read(folder)

        return reading

    def read_picture(data: bytes) -> object:
        return digits.from_upload(io.BytesIO(data))

    (folder / card.name).write_bytes(card.read_bytes())
    made = json.dumps({"results": [], "recipe": {}, "protocol": {}, "judged": "test", "images": 1, "setting": {}})
    return (
        Target("PNG", read_picture, tuple(pngs), (rebuild_png, rebuild_png, enlarge_png)),
        Target("JPEG", read_picture, tuple(jpegs)),
        Target("other pictures", read_picture, others),
        Target(
            "weights",
            lambda data: weights.from_bytes(data, "a file"),
            (serialise(AssignmentNetwork().state_dict()),),
            (rewrite_header, rewrite_weights),
        ),
        Target("card", through_disk(card.name, weights.read_card), (card.read_bytes(),), (reword,)),
        Target("logits", through_disk(logits.name, scores.read), (logits.read_bytes(),), (rewrite_header,)),
        Target("report", through_disk("r.json", lambda at: report.read(at / "r.json")), (made.encode(),), (reword,)),
        Target("link", lambda data: digits.find(data.decode("utf-8", "replace")), _links()),
    )


def _links() -> tuple[bytes, ...]:
    drawing, upload = digits.from_strokes([[(0.3, 0.2), (0.5, 0.8)]]), digits.from_pixels(digits.samples()[0].pixels)
    return tuple(key.encode() for key in (drawing.key, upload.key, "project-3a"))


# Reading each in a process of its own


def attempt(read: Callable[[bytes], object], data: bytes) -> Outcome:
    """Read one input in a child process, and return what became of it."""
    sys.stdout.flush()
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _read_and_tell(read, data, sending)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        told = pipe.read()  # ends with the child
    _, status = os.waitpid(child, 0)
    if told:
        return Outcome(*json.loads(told))
    code = os.waitstatus_to_exitcode(status)
    ended = f"ended by signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return Outcome("hang" if -code in {signal.SIGALRM, signal.SIGXCPU} else "crash", ended, 0)


def _read_and_tell(read: Callable[[bytes], object], data: bytes, sending: int) -> None:
    """Read within limits, write the outcome into a pipe, and end this process."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    signal.alarm(10 * SECONDS)  # a busy computer may make it wait
    warnings.simplefilter("ignore")  # Pillow's own, about what is damaged
    before = _megabytes_now()
    try:
        read(data)
        what, why = "read", ""
    except GlassError as error:
        what, why = "refused", str(error)
        if not (error.problem and error.allowed and error.remedy):
            what = "a sentence that says too little"
    except BaseException as error:
        what, why = f"{type(error).__name__}", traceback.format_exc(limit=-4)
    taken = max(0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - before)
    if what in _FINE and taken > MEGABYTES and sys.platform == "linux":
        what, why = "memory", f"{taken} MB"
    os.write(sending, json.dumps([what, why[-2_000:], taken]).encode())
    os._exit(0)


def _megabytes_now() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize() >> 20


def inputs(target: Target, chance: random.Random) -> Iterator[bytes]:
    """Make up damaged files without end; the valid ones come first."""
    yield from target.whole
    while True:
        data = chance.choice(target.whole)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            damage = chance.choice((*target.own, *(GENERAL if not target.own else (chance.choice(GENERAL),))))
            try:
                data = damage(data, chance)
            except (ValueError, RecursionError):
                continue  # it was damaged too much already to be damaged with care
        yield data


def run(seconds: float, most: int, seed: int, kept: Path) -> int:
    """Attack all targets in turn, print what became of it, and return how much was found."""
    torch.set_num_threads(1)  # a process with threads must not fork
    chance, deadline = random.Random(seed), time.monotonic() + seconds  # noqa: S311 (no secret)
    counts: dict[str, Counter[str]] = {}
    largest: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        every = targets(Path(folder))
        streams = [(target, inputs(target, chance)) for target in every]
        for number in range(most):
            target, stream = streams[number % len(streams)]
            if number >= len(streams) and time.monotonic() > deadline:
                break
            data = next(stream)
            outcome = attempt(target.read, data)
            counts.setdefault(target.name, Counter())[outcome.what] += 1
            largest[target.name] = max(largest[target.name], outcome.megabytes)
            if outcome.what not in _FINE:
                kept.mkdir(parents=True, exist_ok=True)
                (kept / f"{target.name}-{number}").write_bytes(data)
                print(f"\n{target.name}: {outcome.what}, kept as {kept / f'{target.name}-{number}'}\n{outcome.why}")
    for name, count in counts.items():
        print(f"{name}: {', '.join(f'{n:,} {what}' for what, n in count.most_common())}; most {largest[name]} MB")
    return sum(n for count in counts.values() for what, n in count.items() if what not in _FINE)


def main() -> None:
    """Attack what reads files, for a while."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="to go on for (%(default)s)")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="to try at most")
    parser.add_argument("--seed", type=int, default=0, help="that all damage is drawn from (%(default)s)")
    parser.add_argument("--kept", type=Path, default=Path("runs/fuzz"), help="folder for what is found (%(default)s)")
    given = parser.parse_args()
    found = run(given.seconds, given.inputs, given.seed, given.kept)
    sys.exit(f"{found} inputs were neither read nor refused." if found else 0)


if __name__ == "__main__":
    main()
