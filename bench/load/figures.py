"""The measurements of one run, and their file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

FORM = 2  # the version of the file; other versions cannot be compared
COMMITTED = Path(__file__).with_name("results.json")


class FiguresError(Exception):
    """A file of measurements cannot be read; the message has the file and what to do."""


@dataclass(frozen=True, slots=True)
class Both:
    """One measurement of the app, and of the empty page in the same run."""

    app: float
    empty: float

    @property
    def ratio(self) -> float:
        """The ratio to the empty page."""
        return self.app / self.empty

    @property
    def more(self) -> float:
        """The difference to the empty page."""
        return self.app - self.empty


@dataclass(frozen=True, slots=True)
class Times:
    """The times of many runs: their number, and the 50th and 95th percentile in ms."""

    runs: int
    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        """Summarise times, with interpolated percentiles."""
        p50, p95 = np.percentile(np.asarray(seconds, dtype=np.float64) * 1000, [50, 95])
        return cls(len(seconds), round(float(p50), 1), round(float(p95), 1))


@dataclass(frozen=True, slots=True)
class PageFigures:
    """One page: its server time, the time until a click is painted (ms), and the bytes transferred.

    Attributes:
        server: Time of a run.
        painted: Time from a click.
        first_load: In a new session, from the app itself, which does not compress.
        rerun: For another choice.
        compressed: As ``first_load``, through nginx, which compresses; None where it was not measured.
    """

    server: Times
    painted: float
    first_load: int
    rerun: int
    compressed: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of the server process, in MB of 10^6 bytes.

    Attributes:
        process: With all pages warm and no session.
        session: The increase for each session.
        held: The increase after the first sessions have ended; Streamlit keeps the last of them for two minutes.
        growth: The further increase after all others have ended.
        came: The number of these others.
    """

    process: Both
    session: Both
    held: Both
    growth: Both
    came: int


@dataclass(frozen=True, slots=True)
class Rung:
    """A number of people at the same time: the server time of their choices, and the failed runs.

    Attributes:
        people: The number of people.
        app: With one process.
        replicas: With several processes behind nginx; None without nginx.
        empty: With one process and the empty page.
        errors: The number of failed runs in all three.
    """

    people: int
    app: Times
    replicas: Times | None
    empty: Times
    errors: int


@dataclass(frozen=True, slots=True)
class NewDigits:
    """New digits on networks of their own: the times until the first figure, and until the end of a run."""

    first: Times
    end: Times


@dataclass(frozen=True, slots=True)
class OwnRung:
    """A number of people at the same time who each draw new digits on a network of their own.

    Attributes:
        people: The number of people.
        served: The time until the end of a run; on a page that shows one result after another, until the first figure.
        errors: The number of failed runs.
    """

    people: int
    served: Times
    errors: int


@dataclass(frozen=True, slots=True)
class OwnNetworks:
    """The second ladder: new digits on networks of their own; each page is as on the last rung."""

    rungs: Sequence[OwnRung]
    pages: Mapping[str, NewDigits]


@dataclass(frozen=True, slots=True)
class DesignRung:
    """A number of people at the same time who each change a design of their own, while others train theirs.

    Attributes:
        people: The number of people.
        served: The time until the end of a run.
        errors: The number of failed runs.
        steps: How many steps of training the server did meanwhile.
        seconds: How long that took, with the arrival of the people.
    """

    people: int
    served: Times
    errors: int
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All measurements of one run; the first contents are in seconds; ``own`` is None where it was not measured."""

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
    own: OwnNetworks | None = None

    def as_json(self) -> str:
        """Return the text of the file."""
        return json.dumps({"form": FORM, **asdict(self)}, indent=1) + "\n"


def read(text: str, name: str) -> Figures:
    """Return the measurements in a file.

    Args:
        text: The content of the file.
        name: Its name for messages.

    Raises:
        FiguresError: It is not JSON, has another form, or is incomplete.
    """
    again = "Measure again with 'make load ARGS=--write'."
    try:
        found = json.loads(text)
        form = found.pop("form", None)
    except (ValueError, TypeError, AttributeError) as error:
        raise FiguresError(f"{name} has no measurements: it is not a JSON object. {again}") from error
    if form != FORM:
        raise FiguresError(f"{name} has the form {form!r}; only form {FORM} can be read. {again}")
    try:
        return _figures(found)
    except (KeyError, TypeError, AttributeError) as error:
        raise FiguresError(f"{name} lacks measurements, or has unknown ones ({error}). {again}") from error


def _figures(found: dict[str, Any]) -> Figures:
    memory = found.pop("memory")
    came = memory.pop("came")
    own = found.pop("own", None)
    return Figures(
        cold=Both(**found.pop("cold")),
        warm=Both(**found.pop("warm")),
        empty=_page(found.pop("empty")),
        pages={name: _page(page) for name, page in found.pop("pages").items()},
        memory=Memory(came=came, **{name: Both(**pair) for name, pair in memory.items()}),
        ladder=[_rung(rung) for rung in found.pop("ladder")],
        own=own and _own(own),
        **found,
    )


def _own(found: dict[str, Any]) -> OwnNetworks:
    rungs = [OwnRung(**{**rung, "served": Times(**rung["served"])}) for rung in found["rungs"]]
    pages = {name: NewDigits(Times(**page["first"]), Times(**page["end"])) for name, page in found["pages"].items()}
    return OwnNetworks(rungs, pages)


def _rung(found: dict[str, Any]) -> Rung:
    times = {name: found[name] and Times(**found[name]) for name in ("app", "replicas", "empty")}
    return Rung(**{**found, **times})


def _page(found: dict[str, Any]) -> PageFigures:
    return PageFigures(**{**found, "server": Times(**found["server"])})
