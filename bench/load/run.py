"""One benchmark run: the app and the empty page on two servers of this computer, measured in turn."""

import datetime
import importlib.metadata
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from bench.load import edits, first_content, memory, own_networks, people, trainers
from bench.load.figures import (
    Both,
    DesignRung,
    Figures,
    Memory,
    NewDigits,
    OwnNetworks,
    OwnRung,
    PageFigures,
    Rung,
    Times,
)
from bench.load.people import Ask
from bench.load.settings import REPLICAS, Settings
from bench.load.visitor import Run
from bench.repaint import NOTHING, addresses_of, measure, opened, serving_nothing
from deploy import nginx
from model.design.presets import preset
from model.images.samples import SKETCHES
from tests.deploying import serving_by_replicas
from tests.serving import serving
from viz.app import page_list

STREAMED = ("lie_detector",)  # pages that show one result after another: 34 maps for each new digit
DESIGNS = ("assignment", "padded", "residual", "lenet")  # to begin with
TRAINERS = 4
DIGITS = tuple(f"project-{sketch.key}" for sketch in SKETCHES)
_PACKAGES = ("streamlit", "torch", "numpy", "plotly")


class FailedRunsError(Exception):
    """Runs of a page failed for a single person; the message has the reason."""


def figures(browser: Browser, ask: Ask, settings: Settings, say: Callable[[str], None]) -> Figures:
    """Measure everything.

    Args:
        browser: Opens the pages.
        ask: Runs work of people without a browser.
        settings: The extent of the measurement.
        say: Called before each part with its name.
    """
    machine = _machine()
    say("first content, cold")
    before = [_cold(browser) for _ in range(settings.starts - 1)]
    with serving_nothing() as empty, serving() as app:
        cold = _medians([*before, _first_contents(browser, app, empty)])
        addresses = addresses_of(app)
        addresses = {NOTHING: empty, **dict([*addresses.items()][: settings.pages])}
        say("each page on the server")
        served = {name: _served(ask, address, settings) for name, address in addresses.items()}
        say("first content, warm, and bytes")
        loads = {name: first_content.visit(browser, address).received for name, address in addresses.items()}
        warm = _medians([_first_contents(browser, app, empty) for _ in range(settings.visits)])
        say("each page in the browser")
        painted = _painted(browser, addresses, settings)
        pages = [_page_name(address) for name, address in addresses.items() if name != NOTHING]
        say("many people, one process")
        ours = _ladder(ask, app, [app], pages, settings)
        nothing = _ladder(ask, empty, [empty], [""], settings)
    say(f"many people, {REPLICAS} replicas")
    replicas, compressed = _by_replicas(browser, ask, pages, settings)
    say("memory")
    with (
        serving_nothing() as empty,
        serving() as app,
    ):  # new servers: sessions that have ended still take memory in the others
        held = _memory(ask, app, empty, pages, settings)
    say("many people, new digits on networks of their own")
    own = of_own_networks(ask, settings)
    measured = {
        name: _figures_of_page(served[name], painted[name], loads[name], compressed.get(_page_name(address)))
        for name, address in addresses.items()
    }
    return Figures(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        machine=machine,
        versions={"python": platform.python_version(), "chromium": browser.version, **_versions()},
        cold=cold,
        warm=warm,
        empty=measured.pop(NOTHING),
        pages=measured,
        memory=held,
        replicas=REPLICAS,
        ladder=[_rung(*each) for each in zip(settings.rungs, ours, replicas, nothing, strict=True)],
        own=own,
    )


def of_own_networks(ask: Ask, settings: Settings) -> OwnNetworks:
    """Measure people who each draw digits that no page has shown, on a network of their own, on one new process."""
    with (
        own_networks.kept(max(settings.own_rungs)) as (folder, ids),
        serving(environment={"GLASS_NETWORKS": str(folder)}) as app,
    ):
        pages = [*map(page_list.path, page_list.PAGES)][: settings.pages]
        how = settings.own_rungs, settings.own_seconds, settings.thinking
        rungs = ask(people.ladder_of_a_class, app, pages, ids, *how)
    return own_networks_of(rungs, settings.own_rungs, pages)


def own_networks_of(rungs: Sequence[Sequence[Run]], people: Sequence[int], pages: Sequence[str]) -> OwnNetworks:
    """Summarise the runs on each rung.

    Args:
        rungs: The runs on each.
        people: The number of people on each.
        pages: The names of the pages in the address; those that were not opened on the last rung are left out.
    """
    every = [OwnRung(count, _served_of(runs), _failed(runs)) for count, runs in zip(people, rungs, strict=True)]
    found = {}
    for page in pages:
        if runs := [run for run in rungs[-1] if run.page == page]:
            found[page] = NewDigits(Times.of([run.first for run in runs]), _times(runs))
    return OwnNetworks(every, found)


def of_designing(ask: Ask, settings: Settings) -> list[DesignRung]:
    """Measure people who each change a design of their own, on one new process that trains all the time."""
    changes = int(settings.own_seconds / (settings.thinking / 2)) + 2  # no design is shown twice on a rung
    begun = [preset(name) for name in DESIGNS]
    every = {
        count: [edits.links(begun[each % len(begun)], _chance(f"{each} of {count}"), changes) for each in range(count)]
        for count in settings.own_rungs
    }
    trained = [edits.links(begun[0], _chance(f"trained {each}"), 1)[0] for each in range(TRAINERS)]
    rungs = []
    with (
        TemporaryDirectory() as folder,
        serving(environment={"GLASS_NETWORKS": f"{folder}/networks", "GLASS_RUNS": f"{folder}/runs"}) as app,
        trainers.training(app, trained) as steps,
    ):
        for count, designs in every.items():
            began, before = time.monotonic(), steps()
            runs = ask(people.ladder_of_designers, app, designs, settings.own_seconds, settings.thinking)
            taken, done = time.monotonic() - began, steps() - before
            rungs.append(DesignRung(count, _times(runs), _failed(runs), done, taken))
    return rungs


def _chance(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 (not for security)


def _served_of(runs: Sequence[Run]) -> Times:
    return Times.of([run.first if run.page in STREAMED else run.seconds for run in runs])


def _failed(runs: Sequence[Run]) -> int:
    return sum(bool(run.wrong) for run in runs)


def _cold(browser: Browser) -> tuple[float, float]:
    with serving_nothing() as empty, serving() as app:
        return _first_contents(browser, app, empty)


def _first_contents(browser: Browser, app: str, empty: str) -> tuple[float, float]:
    """Return the seconds until a new visitor sees content of both."""
    ours, nothing = (first_content.visit(browser, address).seconds for address in (app, empty))
    return ours, nothing


def _medians(pairs: Sequence[tuple[float, float]]) -> Both:
    return Both(*(_rounded(statistics.median(each)) for each in zip(*pairs, strict=True)))


def _page_name(address: str) -> str:
    return urlsplit(address).path.strip("/")


def _served(ask: Ask, address: str, settings: Settings) -> Sequence[Run]:
    """Return the runs of one page for a single person."""
    server, page = f"http://{urlsplit(address).netloc}", _page_name(address)
    digits = DIGITS[-settings.choices - settings.warm_up - 1 :]
    runs = ask(people.choosing, server, page, digits, 1 + settings.warm_up)
    wrong = {run.wrong for run in runs if run.wrong}
    if wrong:
        raise FailedRunsError(f"Page '{page}' fails for a single person: {'; '.join(sorted(wrong))}")
    return runs


def _painted(browser: Browser, addresses: Mapping[str, str], settings: Settings) -> dict[str, float]:
    pages = {name: opened(browser, address) for name, address in addresses.items()}
    painted = measure(pages, settings.clicks + settings.warm_up, settings.warm_up)
    for page in pages.values():
        page.close()
    return painted


def _figures_of_page(runs: Sequence[Run], painted: float, first_load: int, compressed: int | None) -> PageFigures:
    received = round(statistics.median(run.received for run in runs))
    return PageFigures(_times(runs), round(painted, 1), first_load, received, compressed)


def _ladder(
    ask: Ask, address: str, servers: Sequence[str], pages: Sequence[str], settings: Settings
) -> list[list[Run]]:
    """Return the runs on each rung, at the address of these servers."""
    ask(people.look_about, servers, pages, DIGITS[: settings.known])
    return ask(people.ladder, address, pages, DIGITS, settings.rungs, settings.seconds, settings.thinking)


def _by_replicas(
    browser: Browser, ask: Ask, pages: Sequence[str], settings: Settings
) -> tuple[Sequence[list[Run] | None], dict[str, int]]:
    """Return the runs on each rung with replicas, and the bytes of each page's first load; no values without nginx."""
    if nginx.executable() is None:
        return [None] * len(settings.rungs), {}
    with TemporaryDirectory() as folder, serving_by_replicas(Path(folder), REPLICAS) as replicas:
        ladder = _ladder(ask, replicas.address, replicas.each, pages, settings)
        loads = {page: first_content.visit(browser, f"{replicas.address}/{page}").received for page in pages}
        return ladder, loads


def _rung(count: int, ours: Sequence[Run], replicas: Sequence[Run] | None, nothing: Sequence[Run]) -> Rung:
    errors = _failed([*ours, *(replicas or []), *nothing])
    return Rung(count, _times(ours), _times(replicas) if replicas is not None else None, _times(nothing), errors)


def _times(runs: Sequence[Run]) -> Times:
    return Times.of([run.seconds for run in runs])


def _memory(ask: Ask, app: str, empty: str, pages: Sequence[str], settings: Settings) -> Memory:
    how = DIGITS[:2], settings.staying, settings.kept, settings.coming
    ours = ask(memory.held, app, pages, *how)
    nothing = ask(memory.held, empty, [""], *how)
    pairs = {
        name: Both(_rounded(getattr(ours, name)), _rounded(getattr(nothing, name)))
        for name in ("process", "session", "held", "growth")
    }
    return Memory(**pairs, came=settings.coming)


def _machine() -> dict[str, str]:
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory_bytes / 1e9:.0f} GB",
        "load": f"{os.getloadavg()[0]:.1f}",  # less than 1 on an idle machine
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def _rounded(value: float) -> float:
    return round(value, 3)
