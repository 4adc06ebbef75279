"""Tables of the measurements for docs/speed.md, and a comparison with earlier measurements.

``python -m bench.load.report`` writes the tables from the saved file, and measures nothing.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.load.figures import COMMITTED, DesignRung, Figures, FiguresError, OwnNetworks, PageFigures, Rung, read
from tests.serving import ROOT

DOCUMENT = ROOT / "docs" / "speed.md"
BEGIN, END = "<!-- bench.load writes this -->", "<!-- bench.load ends here -->"
NOT_YET = "There are no measurements yet: `make load ARGS=--write` measures, and writes the numbers here."
WARM_GOAL, COLD_GOAL = 1.5, 4.0  # ratio to the empty page; seconds more
OWN_PEOPLE, OWN_GOAL = 40, 300  # who draw new digits on networks of their own: milliseconds for 95 of 100
PEOPLE_GOALS: Mapping[int, float] = {40: 150, 80: 500}  # people: milliseconds for 95 of 100
SESSION_GOAL = 2.0  # MB more than the empty page
_LOADS = ("first load", "compressed by nginx")
GROWTH_GOAL = 0.02  # MB for each person who came and left


def tables(figures: Figures) -> str:
    """Return Markdown: the machine, and the tables of goals, pages and people."""
    what = ", ".join(f"{name.capitalize()} {version}" for name, version in figures.versions.items())
    machine = "{cores} cores ({processor}), {memory}, load average before {load}".format(**figures.machine)
    goals = [[name, found, goal] for name, found, goal, _ in goals_of(figures)]
    every = {"empty page": figures.empty, **figures.pages}
    behind = any(page.compressed for page in every.values())
    pages = [[name.replace("_", " "), *_page(page, figures.empty, behind=behind)] for name, page in every.items()]
    rungs = [_rung(rung) for rung in figures.ladder]
    head = ["people", "one process", "95 in 100", f"{figures.replicas} replicas", "95 in 100", "empty page", "failed"]
    own = [of_own_networks(figures.own)] if figures.own else []
    return "\n\n".join(
        [
            f"Measured on {figures.date}, {machine}; {what}.",
            _table(["against an empty Streamlit page", "measured", "goal"], goals),
            _table(["page", "server", "95 in 100", "painted", *_LOADS[: len(pages[0]) - 5], "rerun"], pages),
            _table(head, rungs),
            _carried(figures),
            *own,
        ]
    )


def of_own_networks(own: OwnNetworks) -> str:
    """Return the tables of people who draw new digits on networks of their own."""
    rungs = [[f"{each.people}", _ms(each.served.p50), _ms(each.served.p95), f"{each.errors}"] for each in own.rungs]
    pages = [
        [
            name.replace("_", " "),
            f"{page.end.runs}",
            *(_ms(time) for part in (page.first, page.end) for time in (part.p50, part.p95)),
        ]
        for name, page in own.pages.items()
    ]
    people = own.rungs[-1].people
    return "\n\n".join(
        [
            "**New digits on networks of their own**, one process:",
            _table(["people", "served", "95 in 100", "failed"], rungs),
            _table([f"page, {people} people", "choices", "first figure", "95 in 100", "end", "95 in 100"], pages),
        ]
    )


def of_designing(rungs: Sequence[DesignRung]) -> str:
    """Return the table of people who each change a design of their own, while others train theirs."""
    rows = [
        [
            f"{each.people}",
            f"{each.served.runs}",
            _ms(each.served.p50),
            _ms(each.served.p95),
            f"{each.errors}",
            f"{each.steps}",
            f"{each.steps / each.seconds:.1f}",
        ]
        for each in rungs
    ]
    return _table(["people", "choices", "served", "95 in 100", "failed", "steps trained", "a second"], rows)


def _rung(rung: Rung) -> list[str]:
    replicas = [_ms(rung.replicas.p50), _ms(rung.replicas.p95)] if rung.replicas else ["-", "-"]
    return [f"{rung.people}", _ms(rung.app.p50), _ms(rung.app.p95), *replicas, _ms(rung.empty.p95), f"{rung.errors}"]


def _carried(figures: Figures) -> str:
    """Return the memory and the number of people of a replica."""

    def most(goal: float) -> str:
        people = max((rung.people for rung in figures.ladder if rung.app.p95 <= goal), default=0)
        return f"{people} people within {_ms(goal)}"

    memory = figures.memory
    return (
        f"A replica takes {memory.process.app:.0f} MB with every page warm, and {memory.session.app:.2f} MB for each "
        f"person. Of the numbers tried it carried {' and '.join(map(most, sorted(PEOPLE_GOALS.values())))}, for 95 in "
        "100 choices."
    )


def goals_of(figures: Figures) -> Iterator[tuple[str, str, str, bool]]:
    """Yield the name of each goal, the measurement, the goal, and whether it is reached."""
    warm, cold, memory = figures.warm, figures.cold, figures.memory
    yield (
        "first content",
        f"{warm.ratio:.2f} times ({warm.app:.2f} s)",
        f"{WARM_GOAL} times",
        warm.ratio <= WARM_GOAL,
    )
    yield (
        "first content, server just started",
        f"{cold.more:.1f} s more ({cold.app:.1f} s)",
        f"{COLD_GOAL:.0f} s more",
        cold.more <= COLD_GOAL,
    )
    for rung in figures.ladder:
        if rung.people in PEOPLE_GOALS:
            goal = PEOPLE_GOALS[rung.people]
            name = f"{rung.people} people at once, 95 in 100 choices served"
            for how, times in ((", by one process", rung.app), (f", by {figures.replicas} replicas", rung.replicas)):
                if times:
                    yield name + how, f"within {_ms(times.p95)}", _ms(goal), times.p95 <= goal
    own = figures.own.rungs if figures.own else []
    for own_rung in own:
        if own_rung.people == OWN_PEOPLE:
            name = f"{OWN_PEOPLE} people, new digits on networks of their own, 95 in 100 choices served"
            p95 = own_rung.served.p95
            yield name, f"within {_ms(p95)}", _ms(OWN_GOAL), p95 <= OWN_GOAL
    failed = sum(rung.errors for rung in figures.ladder) + sum(rung.errors for rung in own)
    yield "choices that failed", f"{failed}", "0", failed == 0
    more = memory.session.more
    yield "memory of a session", f"{more:.2f} MB more", f"{SESSION_GOAL:.0f} MB more", more <= SESSION_GOAL
    goal = GROWTH_GOAL * memory.came
    name = f"memory after {memory.came} more have come and gone"
    yield name, f"{memory.growth.app:+.1f} MB", f"{goal:+.1f} MB", memory.growth.app <= goal


def _page(page: PageFigures, empty: PageFigures, *, behind: bool) -> list[str]:
    loads = [page.first_load, page.compressed] if behind else [page.first_load]
    return [
        _ms(page.server.p50),
        _ms(page.server.p95),
        f"{_ms(page.painted)} ({page.painted / empty.painted:.2f})",
        *("-" if load is None else f"{load / 1e6:.2f} MB" for load in loads),
        f"{page.rerun / 1e3:.0f} kB",
    ]


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are right-aligned."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def placed(document: str, text: str) -> str:
    """Return the document with new tables between the two comments.

    Raises:
        FiguresError: A comment is missing.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise FiguresError(f"docs/speed.md has no place for the tables: it needs the lines '{BEGIN}' and '{END}'.")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def ratios(figures: Figures) -> dict[str, float]:
    """Return every measurement as a ratio to the empty page of the same run, by name."""
    found = {
        "first content": figures.warm.ratio,
        "first content, cold": figures.cold.ratio,
        "memory of the process": figures.memory.process.ratio,
        "memory of a session": figures.memory.session.ratio,
    }
    for rung in figures.ladder:
        found[f"{rung.people} people, p95"] = rung.app.p95 / rung.empty.p95
        if rung.replicas:
            found[f"{rung.people} people, replicas, p95"] = rung.replicas.p95 / rung.empty.p95
    for name, page in figures.pages.items():
        found[f"{name}, server"] = page.server.p50 / figures.empty.server.p50
        found[f"{name}, painted"] = page.painted / figures.empty.painted
        found[f"{name}, first load"] = page.first_load / figures.empty.first_load
        found[f"{name}, rerun"] = page.rerun / figures.empty.rerun
    return found


def compared(before: Figures, now: Figures) -> str:
    """Return lines with each ratio before and now."""
    old, new = ratios(before), ratios(now)
    head = f"{'ratio to the empty page':<34}{before.date:>12}{'now':>10}{'change':>10}"
    return "\n".join([head, *(_line(name, old.get(name), new.get(name)) for name in dict.fromkeys([*new, *old]))])


def _line(name: str, before: float | None, now: float | None) -> str:
    change = f"{now / before - 1:+.0%}" if before and now else "-"
    was, is_now = ("-" if value is None else f"{value:.2f}" for value in (before, now))
    return f"{name:<34}{was:>12}{is_now:>10}{change:>10}"


def saved(path: Path = COMMITTED) -> str:
    """Return the tables of the saved measurements, or a sentence if there are none.

    Raises:
        FiguresError: The saved file cannot be read.
    """
    return tables(read(path.read_text(encoding="utf-8"), path.name)) if path.is_file() else NOT_YET


def write() -> None:
    """Write the saved measurements into docs/speed.md."""
    DOCUMENT.write_text(placed(DOCUMENT.read_text(encoding="utf-8"), saved()), encoding="utf-8")


if __name__ == "__main__":
    try:
        write()
    except (OSError, FiguresError) as reason:
        sys.exit(str(reason))
