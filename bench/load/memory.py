"""The memory of a server: for each session, and after many sessions have ended."""

from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from bench.load.figures import FiguresError
from bench.load.people import arrive, look_about

_STEP = 10  # new people between two measurements


@dataclass(frozen=True, slots=True)
class Held:
    """MB of one process: without people, for each person, after the first have left, and after all others have left."""

    process: float
    session: float
    held: float
    growth: float


def process_at(address: str) -> int:
    """Return the id of the process that serves an address, found by its port."""
    option = f"--server.port={urlsplit(address).port}".encode()
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            if option in place.read_bytes().split(b"\0"):
                return int(place.parent.name)
    raise FiguresError(f"No process in /proc serves {address}. Only Linux has /proc: measure there.")


def resident(process: int) -> float:
    """Return the memory of a process in MB."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["VmRSS"].split()[0]) * 1024 / 1e6


async def held(address: str, pages: Sequence[str], digits: Sequence[str], people: int, kept: int, come: int) -> Held:
    """Open sessions that stay; then open and close many others.

    Args:
        address: A server of this computer.
        pages: The pages that they open; all are opened once before, so that caches are full.
        digits: The digits that they choose.
        people: How many stay.
        kept: How many come and leave first, so that Streamlit keeps as many sessions as it can.
        come: How many come and leave after these.
    """
    process = process_at(address)
    await look_about([address], pages, digits)
    before = resident(process)
    session = await _each_session(address, process, pages, digits, people)
    await _come_and_go(address, pages, digits, kept)
    first = resident(process)
    await _come_and_go(address, pages, digits, come)
    return Held(before, session, first - before, resident(process) - first)


async def _each_session(address: str, process: int, pages: Sequence[str], digits: Sequence[str], people: int) -> float:
    """Return the MB for each person who stays: the slope of a line through all measurements."""
    counts, sizes = [], []
    async with AsyncExitStack() as stack:
        for number in range(people + 1):
            if number % _STEP == 0:
                counts.append(number)
                sizes.append(resident(process))
            (visitor,) = await arrive(stack, address, 1)
            for turn in range(3):
                await visitor.run(pages[(number + turn // 2) % len(pages)], {"digit": digits[turn % len(digits)]})
    return float(np.polyfit(counts, sizes, 1)[0])


async def _come_and_go(address: str, pages: Sequence[str], digits: Sequence[str], count: int) -> None:
    for number in range(count):
        page, digit = pages[number % len(pages)], digits[number % len(digits)]
        await look_about([address], [page], [digit])
