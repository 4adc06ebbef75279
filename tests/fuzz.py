"""Fuzzing: read damaged pictures, weights and links: ``python -m tests.fuzz --seconds 60``.

Each input is a valid file with seeded damage, read in its own process with limits on memory and time. An input must be
read, or refused by one of the project's own errors. Everything else is a fault: another error, a crash, a process that
does not end, too much memory. Faulty inputs are saved in a folder, and the exit code is not 0. This needs ``fork``, so
Linux or macOS; only Linux reports the memory.
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
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save as serialise

from model.errors import GlassError
from model.images import digits
from model.mistakes import scores
from model.networks import file as network_file
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.training import report
from tests.damage import (
    GENERAL,
    Damage,
    damage_network_part,
    enlarge_png,
    rebuild_png,
    reword,
    rewrite_header,
    rewrite_network,
    rewrite_weights,
)

SECONDS = 20  # CPU seconds for one input
_CLOCK = 600  # seconds of wall time for one input, also on a busy computer
MEGABYTES, MEGABYTES_OF_A_PICTURE = 120, 300  # for one input; decoding the largest picture takes 290
_FINE = ("read", "refused")
NETWORK = Path(__file__).parent / "model" / "networks" / "torch-2.6.glass"
MODES = {"WEBP": ("L", "RGBA"), "BMP": ("1", "P", "RGB"), "GIF": ("L", "P"), "HEIF": ("L", "RGB", "RGBA")}


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of file: its reader, valid files, its own kinds of damage, and the memory that one may take in MB."""

    name: str
    read: Callable[[bytes], object]
    whole: tuple[bytes, ...]
    own: tuple[Damage, ...] = ()
    megabytes: int = MEGABYTES


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one input: ``read``, ``refused`` or a fault; the reason; and the memory in MB."""

    what: str
    why: str
    megabytes: int


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    """Return a picture as a file in a format."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def targets(folder: Path) -> tuple[Target, ...]:
    """Return all targets.

    Args:
        folder: A folder for files that are read by their path.
    """
    small = Image.fromarray(digits.samples()[0].pixels)
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x010E: "a description"})
    pngs = [saved(small.convert(mode), "PNG", exif=exif) for mode in ("L", "P", "RGBA", "1", "I;16")]
    pngs.append(saved(small, "PNG", save_all=True, append_images=[small], duration=9))
    jpegs = [saved(small.convert(mode), "JPEG", exif=exif) for mode in ("L", "RGB", "CMYK")]
    jpegs.append(saved(small, "MPO", save_all=True, append_images=[small]))
    others = {format: _pictures(small, format, modes) for format, modes in MODES.items()}
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
    pictures = (
        Target("PNG", read_picture, tuple(pngs), (rebuild_png, rebuild_png, enlarge_png)),
        Target("JPEG", read_picture, tuple(jpegs)),
        *(Target(name, read_picture, whole) for name, whole in others.items()),
        Target("other pictures", read_picture, _pictures(small, "TIFF", ("L", "P"))),
    )
    return (
        *(replace(each, megabytes=MEGABYTES_OF_A_PICTURE) for each in pictures),
        Target(
            "weights",
            lambda data: weights.from_bytes(data, "a file"),
            (serialise(AssignmentNetwork().state_dict()),),
            (rewrite_header, rewrite_weights),
        ),
        Target("card", through_disk(card.name, weights.read_card), (card.read_bytes(),), (reword,)),
        Target("logits", through_disk(logits.name, scores.read), (logits.read_bytes(),), (rewrite_header,)),
        Target("report", through_disk("r.json", lambda at: report.read(at / "r.json")), (made.encode(),), (reword,)),
        Target(
            "network",
            network_file.read,
            (NETWORK.read_bytes(),),
            (rewrite_network, rewrite_network, damage_network_part),
        ),
        Target("link", lambda data: digits.find(data.decode("utf-8", "replace")), _links()),
    )


def _pictures(image: Image.Image, format: str, modes: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return a picture in each mode, and as an animation where the format has them."""
    files = [saved(image.convert(mode), format) for mode in modes]
    if format in {"GIF", "WEBP"}:
        files.append(saved(image, format, save_all=True, append_images=[image.rotate(90)], duration=9))
    return tuple(files)


def _links() -> tuple[bytes, ...]:
    drawing, upload = digits.from_strokes([[(0.3, 0.2), (0.5, 0.8)]]), digits.from_pixels(digits.samples()[0].pixels)
    return tuple(key.encode() for key in (drawing.key, upload.key, "project-3a"))


# Read each input in its own process


def attempt(read: Callable[[bytes], object], data: bytes, megabytes: int = MEGABYTES) -> Outcome:
    """Read one input in a child process that may take so much memory, and return the outcome."""
    sys.stdout.flush()
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _read_and_tell(read, data, megabytes, sending)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        told = pipe.read()  # ends with the child
    _, status = os.waitpid(child, 0)
    if told:
        return Outcome(*json.loads(told))
    code = os.waitstatus_to_exitcode(status)
    ended = f"ended by signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return Outcome("hang" if -code in {signal.SIGALRM, signal.SIGXCPU} else "crash", ended, 0)


def _read_and_tell(read: Callable[[bytes], object], data: bytes, megabytes: int, sending: int) -> None:
    """Read within limits, write the outcome into a pipe, and end this process."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))  # a signal at the first limit, a kill at the second
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(_CLOCK)
    warnings.simplefilter("ignore")  # Pillow warns about damage
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
    if what in _FINE and taken > megabytes and sys.platform == "linux":
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
    """Yield the valid files, and then damaged ones without end."""
    yield from target.whole
    while True:
        data = chance.choice(target.whole)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            damage = chance.choice([*target.own, chance.choice(GENERAL)])
            try:
                data = damage(data, chance)
            except (
                ValueError,
                RecursionError,
                zipfile.BadZipFile,
                zlib.error,
                NotImplementedError,
                RuntimeError,
                EOFError,
            ):
                continue  # it is too damaged for this kind of damage
        yield data


def run(seconds: float, most: int, seed: int, kept: Path) -> int:
    """Fuzz all targets in turn, print the outcomes, and return the number of faults."""
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
            outcome = attempt(target.read, data, target.megabytes)
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
    """Fuzz everything that reads files."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="duration (%(default)s)")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="the largest number of inputs")
    parser.add_argument("--seed", type=int, default=0, help="seed of all damage (%(default)s)")
    parser.add_argument("--kept", type=Path, default=Path("runs/fuzz"), help="folder for faulty inputs (%(default)s)")
    given = parser.parse_args()
    found = run(given.seconds, given.inputs, given.seed, given.kept)
    sys.exit(f"{found} inputs were neither read nor refused." if found else 0)


if __name__ == "__main__":
    main()
