"""The figures of one run, and the file that keeps them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

FORM = 2  # of the file; another one cannot be compared
COMMITTED = Path(__file__).with_name("results.json")


class FiguresError(Exception):
    """A file of figures cannot be read; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Both:
    """One figure of the app, and of the empty page in the same run."""

    app: float
    empty: float

    @property
    def ratio(self) -> float:
        """How many times the empty page's it is."""
        return self.app / self.empty

    @property
    def more(self) -> float:
        """How much above the empty page's it is."""
        return self.app - self.empty


@dataclass(frozen=True, slots=True)
class Times:
    """How long many runs took: how many there were, and the time within which so many per cent of them ended, in ms."""

    runs: int
    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        """Sum up times; between two of them percentiles are interpolated."""
        p50, p95 = np.percentile(np.asarray(seconds, dtype=np.float64) * 1000, [50, 95])
        return cls(len(seconds), round(float(p50), 1), round(float(p95), 1))


@dataclass(frozen=True, slots=True)
class PageFigures:
    """One page: its server time, the time until a click is painted (ms), and what is sent (bytes, as transferred).

    Attributes:
        server: Of a run.
        painted: From a click.
        first_load: By the app itself, which compresses nothing, to somebody new.
        rerun: For another choice.
        compressed: As ``first_load``, by nginx in front of it; None where it was not measured.
    """

    server: Times
    painted: float
    first_load: int
    rerun: int
    compressed: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What the server's process holds, in MB of 10^6 bytes.

    Attributes:
        process: With all pages warm and nobody there.
        session: More for each person who is there.
        held: More when many have come and gone for the first time; Streamlit keeps the last of them for two minutes.
        growth: More after the others have come and gone, too.
        came: How many those others were.
    """

    process: Both
    session: Both
    held: Both
    growth: Both
    came: int


@dataclass(frozen=True, slots=True)
class Rung:
    """So many people at once: the server time of what they chose, and how many of their runs failed.

    Attributes:
        people: How many.
        app: One process serves them.
        replicas: Several do, behind nginx; None where there is no nginx.
        empty: One process serves them the empty page.
        errors: Runs that failed, of all of these.
    """

    people: int
    app: Times
    replicas: Times | None
    empty: Times
    errors: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of one run; the first contents are in seconds."""

    date: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    cold: Both
    warm: Both
    empty: PageFigures
    pages: Mapping[str, PageFigures]
    memory: Memory
    replicas: int
    ladder: Sequence[Rung]

    def as_json(self) -> str:
        """Return the text of the file."""
        return json.dumps({"form": FORM, **asdict(self)}, indent=1) + "\n"


def read(text: str, name: str) -> Figures:
    """Return the figures that a file holds.

    Args:
        text: What is in it.
        name: What to call it in a message.

    Raises:
        FiguresError: It is no JSON, of another form, or something in it is missing.
    """
    again = "Measure anew with 'make load ARGS=--write'."
    try:
        found = json.loads(text)
        form = found.pop("form", None)
    except (ValueError, TypeError, AttributeError) as error:
        raise FiguresError(f"{name} holds no figures: it is not a JSON object. {again}") from error
    if form != FORM:
        raise FiguresError(f"{name} is of form {form!r}, and only form {FORM} can be read here. {again}")
    try:
        return _figures(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise FiguresError(f"{name} lacks figures, or has some that are unknown ({error}). {again}") from error


def _figures(found: dict[str, Any]) -> Figures:
    memory = found.pop("memory")
    came = memory.pop("came")
    return Figures(
        cold=Both(**found.pop("cold")),
        warm=Both(**found.pop("warm")),
        empty=_page(found.pop("empty")),
        pages={name: _page(page) for name, page in found.pop("pages").items()},
        memory=Memory(came=came, **{name: Both(**pair) for name, pair in memory.items()}),
        ladder=[_rung(rung) for rung in found.pop("ladder")],
        **found,
    )


def _rung(found: dict[str, Any]) -> Rung:
    times = {name: found[name] and Times(**found[name]) for name in ("app", "replicas", "empty")}
    return Rung(**{**found, **times})


def _page(found: dict[str, Any]) -> PageFigures:
    return PageFigures(**{**found, "server": Times(**found["server"])})
