"""How much is measured: a whole run, and a short one that only shows that everything can be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is measured.

    Attributes:
        pages: How many pages of the sidebar; None for all.
        starts: Servers started for the first content, cold.
        visits: Visits for the first content, warm.
        choices: Digits chosen on each page for the server time.
        clicks: Digits clicked on each page in the browser.
        warm_up: Of both, how many are left out at the beginning.
        staying: People who stay, for the memory of each.
        kept: People who come and go first: at least 128, for Streamlit keeps so many sessions for two minutes.
        coming: People who come and go then.
        known: How many digits every page has shown before many people come; None for all of the project's.
        rungs: People at once.
        seconds: How long each rung lasts.
        thinking: Seconds that a person thinks, on average.
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


REPLICAS = 2  # one for each core of the machine that the goals name

# 480 is what forty people make in an hour if each comes anew every five minutes.
WHOLE = Settings(None, 3, 9, 14, 11, 2, 60, 140, 480, None, (1, 5, 10, 20, 40, 80), 14, 2)
SHORT = Settings(2, 1, 1, 2, 2, 0, 10, 2, 3, 1, (1, 3), 1.5, 0.3)
