"""Settings of the measurement: a full run, and a short one that shows that everything can be measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The extent of the measurement.

    Attributes:
        pages: How many pages of the sidebar; None for all.
        starts: Server starts for the first content, cold.
        visits: Visits for the first content, warm.
        choices: Digits chosen on each page for the server time.
        clicks: Digits clicked on each page in the browser.
        warm_up: How many of both are left out at the start.
        staying: People who stay, for the memory of each.
        kept: People who come and leave first: at least 128, because Streamlit keeps so many sessions for two minutes.
        coming: People who come and leave after these.
        known: How many digits every page has shown before; None for all samples.
        rungs: Numbers of people at the same time.
        seconds: The duration of each rung.
        thinking: The mean time between choices in seconds.
        own_rungs: Numbers of people at the same time who draw new digits on networks of their own.
        own_seconds: The duration of each of these rungs.
    """

    pages: int | None
    starts: int
    visits: int
    choices: int
    clicks: int
    warm_up: int
    staying: int
    kept: int
    coming: int
    known: int | None
    rungs: tuple[int, ...]
    seconds: float
    thinking: float
    own_rungs: tuple[int, ...]
    own_seconds: float


REPLICAS = 2  # one for each core of the machine in the goals

# 480: forty people who each open a new session every five minutes for an hour.
WHOLE = Settings(None, 3, 9, 14, 11, 2, 60, 140, 480, None, (1, 5, 10, 20, 40, 80), 14, 2, (10, 20, 40), 40)
SHORT = Settings(2, 1, 1, 2, 2, 0, 10, 2, 3, 1, (1, 3), 1.5, 0.3, (1, 2), 1.5)
