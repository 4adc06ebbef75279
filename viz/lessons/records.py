"""A lesson and its stations."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Station:
    """One view of a lesson.

    Texts have places such as ``{field[Conv2d-7]}``, which ``viz.lessons.cache`` fills with the network's own numbers.

    Args:
        title: A few words.
        page: The address of the page.
        minutes: How long it takes.
        ask: The question to the class.
        usual: What people usually answer.
        point: What to point at.
        link: The other parameters of the address.
        hides: What the question asks for, covered until it is told: ``answer``, what the network answers, or
            ``field``, the size of the field that a page shows; else empty.
    """

    title: str
    page: str
    minutes: float
    ask: str
    usual: tuple[str, ...]
    point: str
    link: Mapping[str, str] = field(default_factory=dict)
    hides: str = ""


@dataclass(frozen=True, slots=True)
class Lesson:
    """An ordered list of stations.

    Args:
        id: What the address calls it.
        title: A few words.
        about: What it is, in one or two sentences.
        stations: In their order.
    """

    id: str
    title: str
    about: str
    stations: tuple[Station, ...]

    @property
    def minutes(self) -> float:
        """How long it takes."""
        return sum(each.minutes for each in self.stations)
