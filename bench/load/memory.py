"""What a server's process holds: for each person who is there, and after many have come and gone."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.load.figures import FiguresError
from bench.load.people import arrive
from tests.serving import Server

_STEP = 10  # people who come between two looks


@dataclass(frozen=True, slots=True)
class Held:
    """MB of one process: with nobody there, for each person, after the first have come and gone, and after the rest."""

    process: float
    session: float
    held: float
    growth: float


def resident(process: int) -> float:
    """Return how many MB a process holds in memory."""
    path = Path(f"/proc/{process}/status")
    if not path.is_file():
        raise FiguresError(f"Memory is read in {path}, which only Linux has: measure there.")
    fields = dict(line.split(":", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024 / 1e6


async def held(server: Server, pages: Sequence[str], digits: Sequence[str], people: int, kept: int, come: int) -> Held:
    """Let people come, look about and stay; then let many come and go.

    Args:
        server: Where.
        pages: What they open, one after another; all is opened once before, so that nobody fills a cache.
        digits: What they choose there.
        people: How many stay.
        kept: How many come and go first, so that Streamlit keeps as many as it will.
        come: How many come and go then.
    """
    await _look_about(server, 1, pages, [*digits])
    before = resident(server.process)
    session = await _each_session(server, pages, digits, people)
    await _come_and_go(server, pages, digits, kept)
    first = resident(server.process)
    await _come_and_go(server, pages, digits, come)
    return Held(before, session, first - before, resident(server.process) - first)


async def _look_about(server: Server, count: int, pages: Sequence[str], digits: Sequence[str]) -> None:
    """Let so many come at once, open every page, choose every digit there, and go."""
    async with AsyncExitStack() as stack:
        for visitor in await arrive(stack, server.address, count):
            for page in pages:
                for digit in digits:
                    await visitor.run(page, {"digit": digit})


async def _each_session(server: Server, pages: Sequence[str], digits: Sequence[str], people: int) -> float:
    """Return by how many MB the process grows for each person who stays: the slope of a line through all looks."""
    counts, sizes = [], []
    async with AsyncExitStack() as stack:
        for number in range(people + 1):
            if number % _STEP == 0:
                counts.append(number)
                sizes.append(resident(server.process))
            (visitor,) = await arrive(stack, server.address, 1)
            for turn in range(3):
                await visitor.run(pages[(number + turn // 2) % len(pages)], {"digit": digits[turn % len(digits)]})
    return float(np.polyfit(counts, sizes, 1)[0])


async def _come_and_go(server: Server, pages: Sequence[str], digits: Sequence[str], count: int) -> None:
    for number in range(count):
        page, digit = pages[number % len(pages)], digits[number % len(digits)]
        await _look_about(server, 1, [page], [digit])
