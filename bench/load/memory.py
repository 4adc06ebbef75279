"""What a server's process holds: for each person who is there, and after many have come and gone."""

from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from bench.load.figures import FiguresError
from bench.load.people import arrive, look_about

_STEP = 10  # people who come between two looks


@dataclass(frozen=True, slots=True)
class Held:
    """MB of one process: with nobody there, for each person, after the first have come and gone, and after the rest."""

    process: float
    session: float
    held: float
    growth: float


def process_at(address: str) -> int:
    """Return the number of the process that serves there: it was started for that port."""
    option = f"--server.port={urlsplit(address).port}".encode()
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            if option in place.read_bytes().split(b"\0"):
                return int(place.parent.name)
    raise FiguresError(f"No process that serves at {address} is in /proc, which only Linux has: measure there.")


def resident(process: int) -> float:
    """Return how many MB a process holds in memory."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["VmRSS"].split()[0]) * 1024 / 1e6


async def held(address: str, pages: Sequence[str], digits: Sequence[str], people: int, kept: int, come: int) -> Held:
    """Let people come, look about and stay; then let many come and go.

    Args:
        address: Where; a server of this computer.
        pages: What they open, one after another; all is opened once before, so that nobody fills a cache.
        digits: What they choose there.
        people: How many stay.
        kept: How many come and go first, so that Streamlit keeps as many as it will.
        come: How many come and go then.
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
    """Return by how many MB the process grows for each person who stays: the slope of a line through all looks."""
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
