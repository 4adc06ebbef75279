"""Many people at the same time, in their own process: their choices, and the server's time for each."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from bench.load.drawings import drawing
from bench.load.visitor import Run, Visitor, visiting

T = TypeVar("T")
Choose = Callable[[int, random.Random], Mapping[str, str]]  # of the number of a person: what her link says

MOST = 200  # people
_TURNS = 0.2  # the share of choices that open another page; the others choose another digit


class Ask(Protocol):
    """Runs work of people and returns the results."""

    def __call__(self, work: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
        """Call ``work`` with the arguments, and wait for the result."""


@contextmanager
def apart() -> Iterator[Ask]:
    """Start a process for people's work, so that it does not share our interpreter."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        yield lambda work, *arguments: process.submit(_work, work, arguments).result()


def _work(work: Callable[..., Coroutine[Any, Any, T]], arguments: Sequence[Any]) -> T:
    return asyncio.run(work(*arguments))


async def choosing(address: str, page: str, digits: Sequence[str], warm_up: int) -> list[Run]:
    """Return the runs of one person who opens a page and chooses digits one after another, without the first ones."""
    async with visiting(address) as visitor:
        runs = [await visitor.run(page, {"digit": digit}) for digit in digits]
    return runs[warm_up:]


async def look_about(addresses: Sequence[str], pages: Sequence[str], digits: Sequence[str]) -> None:
    """Open every page of each server with every digit, to fill the caches."""

    async def look(address: str) -> None:
        async with visiting(address) as visitor:
            for page in pages:
                for digit in digits:
                    await visitor.run(page, {"digit": digit})

    await asyncio.gather(*map(look, addresses))


async def ladder(
    address: str, pages: Sequence[str], digits: Sequence[str], rungs: Sequence[int], seconds: float, thinking: float
) -> list[list[Run]]:
    """Return the runs on each rung: a number of people, each on a page, who choose and think in turn.

    Args:
        address: The address of the server.
        pages: Their names; people spread evenly over them.
        digits: The keys of the digits to choose from.
        rungs: The numbers of people; people stay for the next rungs.
        seconds: The duration of each rung; runs that started in time are waited for.
        thinking: Seconds between the end of a run and the next choice, drawn from half to one and a half times this.
    """

    def choose(_number: int, chance: random.Random) -> dict[str, str]:
        return {"digit": chance.choice(digits)}

    return await _climb(address, pages, choose, lambda _number: {}, rungs, seconds, thinking)


async def ladder_of_a_class(
    address: str, pages: Sequence[str], networks: Sequence[str], rungs: Sequence[int], seconds: float, thinking: float
) -> list[list[Run]]:
    """Return the runs on each rung: as ``ladder``, but each has a network of her own, and draws a new digit each time.

    Before that, one person has opened every page with the network that comes along, and everybody her own network.

    Args:
        address: The address of the server.
        pages: Their names; people spread evenly over them.
        networks: The id of the network of each.
        rungs: The numbers of people; people stay for the next rungs.
        seconds: The duration of each rung; runs that started in time are waited for.
        thinking: Seconds between the end of a run and the next choice, drawn from half to one and a half times this.
    """
    await look_about([address], pages, ["project-3a"])

    def choose(number: int, chance: random.Random) -> dict[str, str]:
        return {"net": networks[number], "digit": drawing(chance)}

    return await _climb(address, pages, choose, lambda number: {"net": networks[number]}, rungs, seconds, thinking)


async def ladder_of_designers(
    address: str, designs: Sequence[Sequence[str]], seconds: float, thinking: float
) -> list[Run]:
    """Return the runs of people who each change a setting of a design of their own, and think, in turn.

    Args:
        address: The address of the server.
        designs: For each person the links of her designs, one after another.
        seconds: The duration; runs that started in time are waited for.
        thinking: Seconds between the end of a run and the next choice, drawn from half to one and a half times this.
    """
    turns = [*map(cycle, designs)]

    def change(number: int, _chance: random.Random | None = None) -> dict[str, str]:
        return {"design": next(turns[number])}

    (runs,) = await _climb(address, ["design"], change, change, [len(designs)], seconds, thinking)
    return runs


async def _climb(
    address: str,
    pages: Sequence[str],
    choose: Choose,
    first: Callable[[int], Mapping[str, str]],
    rungs: Sequence[int],
    seconds: float,
    thinking: float,
) -> list[list[Run]]:
    found: list[list[Run]] = []
    async with AsyncExitStack() as stack:
        there: list[Visitor] = []
        for count in rungs:
            for visitor in await arrive(stack, address, count - len(there)):
                await visitor.run(pages[len(there) % len(pages)], first(len(there)))
                there.append(visitor)
            plans = [_Person(visitor, pages, partial(choose, number), number) for number, visitor in enumerate(there)]
            each = await asyncio.gather(*(person.stay(seconds, thinking) for person in plans))
            found.append([run for runs in each for run in runs])
    return found


async def arrive(stack: AsyncExitStack, address: str, count: int) -> list[Visitor]:
    """Add people; they stay until the stack closes."""
    if count > MOST:
        raise ValueError(f"{count} people are too many; at most {MOST} are possible.")
    return [await stack.enter_async_context(visiting(address)) for _ in range(count)]


class _Person:
    """The choices of one person, seeded by the person's number."""

    def __init__(
        self,
        visitor: Visitor,
        pages: Sequence[str],
        choose: Callable[[random.Random], Mapping[str, str]],
        number: int,
    ) -> None:
        self._visitor, self._pages, self._choose = visitor, pages, choose
        self._chance = random.Random(number)  # noqa: S311 (not for security)
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
            runs.append(await self._visitor.run(self._page, self._choose(self._chance)))
