"""One map put to the tests as the pieces come, one of them in full; and all methods, line by line."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from model.images.records import Digit
from model.saliency import METHODS
from model.saliency.records import AttributionPlan, Collapse, PixelCurves, Reaction, Robustness
from model.sanity_checks import evidence, robustness
from model.trace.records import Trace
from viz.app import address, tables, widgets
from viz.app.charts import mount
from viz.saliency import cache as maps
from viz.saliency import controls
from viz.saliency import figures as saliency
from viz.sanity_checks import cache as cached
from viz.sanity_checks import figures, noise, verdicts
from viz.sanity_checks.verdicts import Evidence

VIEW = "doubt_view"
VIEWS = {"one": "One map", "all": "All methods", "round": "Which is untrained?"}
SEED, EVERY, TEST = "doubt_seed", "doubt_all", "doubt_test"
_SEEDS = [str(number) for number in range(100)]
_SEED = "Random weights, random orders of pixels and noise are drawn from it."
_OFTEN, _SELDOM = 0.1, 0.5  # seconds between two pictures of what there is so far, and between two charts of it


@dataclass(frozen=True, slots=True)
class _Test:
    """What a test asks, and its name among the others."""

    short: str
    question: str


TESTS = {
    "weights": _Test("Random weights", "Does it react when the network forgets?"),
    "order": _Test("Order of pixels", "Is its order of pixels better than chance?"),
    "noise": _Test("A little noise", "Is it steady, and does it foretell the score?"),
    "edges": _Test("Edges", "Is it more than edges?"),
    "sums": _Test("Sum", "Does it add up?"),
}


def allowed(trace: Trace) -> dict[str, Iterable[str]]:
    """Return what the page's parameters can be in the link, but for those of the rounds."""
    return {**controls.allowed(trace), SEED: _SEEDS, EVERY: [address.YES], TEST: TESTS}


def seed() -> int:
    """Let the person draw the tests' random numbers anew: weights, orders of pixels, noise."""
    return int(address.bind(st.selectbox, "Seed of the tests", SEED, _SEEDS, "0", help=_SEED))


def test() -> str:
    """Let the person choose which test is shown in full."""
    return widgets.segments("What a test found", TEST, {name: each.short for name, each in TESTS.items()})


class Trial:
    """A map while it is put to the tests: their verdicts as they come, and one of the tests in full."""

    def __init__(self, digit: Digit, plan: AttributionPlan, seed: int, cards: Any, words: Any) -> None:
        self.digit, self.plan, self.seed = digit, plan, seed
        self.cards, self.words = cards, words
        self.method = METHODS[plan.method]
        found = maps.attribute(digit, plan)
        self.tested = Evidence(found, evidence.edge_control(found, digit.pixels))
        self.told = time.monotonic()

    def run(self, shown: str) -> None:
        """Put the map to every test, the one that is shown first."""
        st.subheader(TESTS[shown].question)
        if shown == "sums":
            self._show_sums()
        elif shown == "edges":
            self._show_edges()
        tests = {"weights": self._weights, "order": self._order, "noise": self._noise}
        for name in sorted(tests, key=lambda name: name != shown):
            tests[name](shown=name == shown)
        self._tell(at_once=True)

    def _tell(self, *, at_once: bool = False, **known: Any) -> None:
        """Add to what is known, and show all of it now and then."""
        self.tested = replace(self.tested, **known)
        if at_once or time.monotonic() - self.told > _OFTEN:
            found = verdicts.findings(self.tested, self.method)
            self.cards.html(verdicts.cards(found))
            self.words.write(verdicts.say(found, self.method.title))
            self.told = time.monotonic()

    def _offer(self, label: str, name: str, text: Callable[[], str]) -> None:
        """Offer numbers as CSV."""
        tables.offer(label, text, self._file(name))

    def _file(self, name: str) -> str:
        return f"{name}-{self.plan.method}.csv"

    def _show_sums(self) -> None:
        """Show whether the map adds up."""
        found = self.tested.attribution
        left, right = st.columns(2, gap="large")
        with left:
            st.html(saliency.sums(found, self.method))
        with right:
            st.write(saliency.say_sums(found, self.method))

    def _show_edges(self) -> None:
        """Show the map beside plain edges."""
        found, control = self.tested.attribution, self.tested.edges
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.html(figures.beside_edges(found, control, self.digit.pixels))
        with right:
            st.write(figures.say_edges(control))
            self._offer("Download edges and map as CSV", "edges", partial(figures.edges_csv, found, control))

    def _weights(self, *, shown: bool) -> None:
        """Let the network forget row by row, and show what becomes of the map."""
        rows = cached.rows()
        view = _Fall(rows) if shown else None

        def show(found: Collapse, reaction: Reaction | None = None) -> None:
            if view:
                view.show(found, reaction)
            self._tell()

        found = cached.collapse(self.digit, self.plan, self.seed, show)
        reaction = cached.reaction(self.digit, self.plan, self.seed, lambda _others: show(found))
        self.tested = replace(self.tested, reaction=reaction)
        show(found, reaction)
        if shown:
            columns, name = figures.fall_columns(found), "How alike the maps stay"
            files: dict[str, tables.Text] = {
                name: tables.text_of(columns),
                "With all digits": partial(figures.fall_csv, found, reaction),
                "Every map": partial(figures.strip_csv, rows, found),
            }
            tables.unfolding(name, columns, files, title="The numbers, row by row", key="fall_numbers")

    def _order(self, *, shown: bool) -> None:
        """Take pixels away, and bring them back, in the map's order and by chance."""
        view = _Removal(self.plan.target) if shown else None

        def show(found: PixelCurves) -> None:
            if view:
                view.show(found)
            self._tell()

        found = cached.curves(self.digit, self.plan, self.seed, show)
        self._tell(curves=found)
        if view:
            view.show(found, ended=True)
            files: dict[str, tables.Text] = {"Every order": partial(figures.curves_csv, found)}
            columns = partial(figures.curve_columns, found)
            tables.unfolding("Both curves", columns, files, title="The numbers, step by step", key="order_numbers")

    def _noise(self, *, shown: bool) -> None:
        """Add a little noise, and see what it does to the map, and whether the map foretells the score."""
        view = _Noise() if shown else None

        def show(changes: Sequence[float]) -> None:
            if view:
                view.show(changes)
            self._tell()

        found, changes = cached.robustness(self.digit, self.plan, self.seed, show)
        self._tell(robustness=found)
        if view:
            view.show(changes, found)
            files: dict[str, tables.Text] = {"Both measures": partial(noise.robustness_csv, found, changes)}
            columns = partial(noise.trial_columns, changes)
            tables.unfolding("What moved", columns, files, title="The numbers", key="noise_numbers")


class _Growing:
    """A place for a chart that is drawn now and then in one run, and in the end, when it has the name for itself."""

    def __init__(self, name: str) -> None:
        with st.container(key=f"{name}-place"):
            self._name, self._place, self._count, self._drawn = name, st.empty(), 0, time.monotonic()

    def draw(self, chart: Callable[[], go.Figure], words: str, *, ended: bool) -> None:
        """Draw the chart in place of the one before; where that is too early, leave it."""
        if not ended and time.monotonic() - self._drawn < _SELDOM:
            return
        self._count += 1
        with self._place:
            mount(chart(), self._name if ended else f"{self._name}-{self._count}", words)
        self._drawn = time.monotonic()


class _Fall:
    """The map while the network forgets."""

    def __init__(self, rows: Sequence[str]) -> None:
        st.write(
            "The last row gets random weights, then the one before it too, up to the first: in the end the network "
            "never learned anything. A map that explains what was learned must fall apart."
        )
        self._rows, self._strip = rows, st.empty()
        left, right = st.columns([3, 2], gap="large")
        with left:
            self._chart = _Growing("similarity-by-row")
        with right, st.container(key="doubt_fall"):
            self._words = st.empty()

    def show(self, found: Collapse, reaction: Reaction | None) -> None:
        """Show how far it is; it ends with how the map reacted."""
        words = figures.say_fall(found, reaction)
        self._strip.html(figures.strip(self._rows, found))
        self._chart.draw(partial(figures.fall, self._rows, found, reaction), words, ended=reaction is not None)
        self._words.write(words)


class _Removal:
    """The target's probability while pixels are taken away, and while they are brought back."""

    def __init__(self, target: int) -> None:
        self._target = target
        left, right = st.columns(2, gap="large")
        with left:
            self._gone = _Growing("deletion")
        with right:
            self._back = _Growing("insertion")
        with st.container(key="doubt_order"):
            self._words = st.empty()

    def show(self, found: PixelCurves, *, ended: bool = False) -> None:
        """Show what there is so far."""
        words = figures.say_curves(found, self._target)
        self._gone.draw(partial(figures.deletion, found), f"Taking pixels away. {words}", ended=ended)
        self._back.draw(partial(figures.insertion, found), f"Bringing pixels back. {words}", ended=ended)
        self._words.write(words)


class _Noise:
    """What a little noise does to the map, and to the score."""

    def __init__(self) -> None:
        left, right = st.columns(2, gap="large")
        with left:
            self._bars, self._steady = _Growing("map-under-noise"), st.empty()
        with right:
            self._share, self._foretell = st.empty(), st.empty()

    def show(self, changes: Sequence[float], found: Robustness | None = None) -> None:
        """Show what there is so far; it ends with both measures."""
        chart = partial(noise.trials, changes, robustness.TRIALS, verdicts.SHAKY)
        words = noise.say_sensitivity(found) if found else f"{len(changes)} changed digits so far."
        self._bars.draw(chart, words, ended=found is not None)
        if found:
            self._steady.write(words)
            self._share.html(noise.foretold(found))
            self._foretell.write(noise.say_infidelity(found))


def all_methods(digit: Digit, plans: Mapping[str, AttributionPlan], seed: int, bar: Any) -> dict[str, Evidence]:
    """Put many maps to the test; show a line for each when it is done, and meanwhile how far it is.

    Args:
        digit: That is explained.
        plans: By method.
        seed: Of the tests.
        bar: An empty place that shows how far it is.
    """
    place, link = st.empty(), partial(controls.link_alone, "lie_detector", VIEW)
    found: dict[str, Evidence] = {}

    def show(name: str, what: str) -> None:
        bar.progress(len(found) / len(plans), f"{METHODS[name].title}: {what}")

    for name, plan in plans.items():
        place.html(verdicts.table(METHODS, found, link))
        found[name] = _tested(digit, plan, seed, partial(show, name))
    bar.progress(1.0, f"All {len(found)} methods are tested.")  # it stays, so that nothing moves up
    place.html(verdicts.table(METHODS, found, link))
    return found


def _tested(digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[str], object]) -> Evidence:
    attribution = maps.attribute(digit, plan)
    rows = len(cached.rows())
    cached.collapse(digit, plan, seed, lambda found: show(f"row {len(found.rows)} of {rows} random"))
    reaction = cached.reaction(digit, plan, seed, lambda others: show(f"other digit {len(others)}"))
    curves = cached.curves(digit, plan, seed, lambda _found: show("pixels taken away"))
    robust, _ = cached.robustness(digit, plan, seed, lambda _changes: show("a little noise"))
    edges = evidence.edge_control(attribution, digit.pixels)
    return Evidence(attribution, edges, reaction, curves, robust)
