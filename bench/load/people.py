"""Many people at once, in a process of their own: what they choose, and how long the server takes for it."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from bench.load.visitor import Run, Visitor, visiting

T = TypeVar("T")

MOST = 200  # people
_TURNS = 0.2  # of the choices are of another page, the others of another digit


class Ask(Protocol):
    """Has people do their work, and returns what they found."""

    def __call__(self, work: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """Call ``work`` with the arguments, and wait for it."""


@contextmanager
def apart() -> Iterator[Ask]:
    """Give people a Python of their own for their work, which takes no turns with ours."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        yield lambda work, *arguments: process.submit(_work, work, arguments).result()


def _work(work: Callable[..., Coroutine[Any, Any, T]], arguments: Sequence[Any]) -> T:
    return asyncio.run(work(*arguments))


async def choosing(address: str, page: str, digits: Sequence[str], warm_up: int) -> list[Run]:
    """Return the runs of one person who opens a page and chooses one digit after another, the first ones left out."""
    async with visiting(address) as visitor:
        runs = [await visitor.run(page, {"digit": digit}) for digit in digits]
    return runs[warm_up:]


async def look_about(addresses: Sequence[str], pages: Sequence[str], digits: Sequence[str]) -> None:
    """Let somebody open every page of each server, and choose every digit there: of that each keeps what it can."""

    async def look(address: str) -> None:
        async with visiting(address) as visitor:
            for page in pages:
                for digit in digits:
                    await visitor.run(page, {"digit": digit})

    await asyncio.gather(*map(look, addresses))


async def ladder(
    address: str, pages: Sequence[str], digits: Sequence[str], rungs: Sequence[int], seconds: float, thinking: float
) -> list[list[Run]]:
    """Return the runs on each rung: so many people, each on a page, who choose, and think before they choose again.

    Args:
        address: Of the server.
        pages: Their names; people spread over them evenly.
        digits: Keys to choose from.
        rungs: How many people; they stay for the rungs above.
        seconds: How long each rung lasts; what is asked for by then is waited for.
        thinking: Seconds between the end of a run and the next choice, half as much or half as much again by chance.
    """
    found: list[list[Run]] = []
    async with AsyncExitStack() as stack:
        there: list[Visitor] = []
        for count in rungs:
            for visitor in await arrive(stack, address, count - len(there)):
                await visitor.run(pages[len(there) % len(pages)], {})
                there.append(visitor)
            plans = [_Person(visitor, pages, digits, number) for number, visitor in enumerate(there)]
            each = await asyncio.gather(*(person.stay(seconds, thinking) for person in plans))
            found.append([run for runs in each for run in runs])
    return found


async def arrive(stack: AsyncExitStack, address: str, count: int) -> list[Visitor]:
    """Let so many more people come; they stay until the stack closes."""
    if count > MOST:
        raise ValueError(f"{count} people are too many; at most {MOST} can come.")
    return [await stack.enter_async_context(visiting(address)) for _ in range(count)]


class _Person:
    """What one person does, the same each time: chance is seeded by the person's number."""

    def __init__(self, visitor: Visitor, pages: Sequence[str], digits: Sequence[str], number: int) -> None:
        self._visitor, self._pages, self._digits = visitor, pages, digits
        self._chance = random.Random(number)  # noqa: S311 (nothing secret)
        self._page = pages[number % len(pages)]

    async def stay(self, seconds: float, thinking: float) -> list[Run]:
        """Think and choose until the time is over."""
        clock = asyncio.get_running_loop().time
        over = clock() + seconds
        runs: list[Run] = []
        while True:
            pause = thinking * self._chance.uniform(0.5, 1.5)
            if clock() + pause > over:
                return runs
            await asyncio.sleep(pause)
            if self._chance.random() < _TURNS:
                self._page = self._chance.choice(self._pages)
            runs.append(await self._visitor.run(self._page, {"digit": self._chance.choice(self._digits)}))
