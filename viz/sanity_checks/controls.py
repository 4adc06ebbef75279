"""The checks of one map, one of them in detail, and of all methods, line by line, each shown as soon as it is ready."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from model.images.records import Digit
from model.saliency import METHODS
from model.saliency.records import AttributionPlan
from model.sanity_checks import robustness
from model.sanity_checks.records import CheckResults, PixelCurves, Randomization, Robustness, WeightDependence
from model.trace.records import Trace
from viz.app import address, current, shared, sidebar, tables, widgets
from viz.app.charts import mount
from viz.app.markdown import escape_markdown
from viz.saliency import cache as maps
from viz.saliency import controls
from viz.saliency import figures as saliency
from viz.sanity_checks import cache, figures, noise, verdicts

VIEW = "doubt_view"
VIEWS = {"one": "One map", "all": "All methods", "round": "Comparison quiz"}
SEED, EVERY, CHECK = "doubt_seed", "doubt_all", "doubt_test"
_SEEDS = [str(number) for number in range(100)]
_SEED_HELP = "For random weights, random orders of pixels, and noise."
_INTERVAL = 0.1  # seconds between two updates of the verdicts
_CHART_INTERVAL = 0.5  # seconds between two updates of a chart


@dataclass(frozen=True, slots=True)
class _Check:
    """The short name of a check, and its question."""

    name: str
    question: str


CHECKS = {
    "weights": _Check("Random weights", "Does it depend on the weights?"),
    "order": _Check("Order of pixels", "Is its order of pixels better than chance?"),
    "noise": _Check("Noise", "Is it stable, and does it predict the score?"),
    "edges": _Check("Edges", "Is it more than edges?"),
    "sums": _Check("Sum", "Does it add up?"),
}


def allowed(trace: Trace) -> dict[str, Iterable[str]]:
    """Return the values that the address can hold for each parameter of the page, except those of the quiz."""
    return {**controls.allowed(trace), SEED: _SEEDS, EVERY: [address.YES], CHECK: CHECKS}


def seed() -> int:
    """Let the user choose other random numbers for the checks."""
    return int(address.bind(st.selectbox, "Seed of the checks", SEED, _SEEDS, "0", help=_SEED_HELP))


def choose_check() -> str:
    """Let the user choose the check that is shown in detail."""
    return widgets.segments("Check in detail", CHECK, {key: each.name for key, each in CHECKS.items()})


class Checks:
    """The checks of one map: they update the verdicts, and one of them is shown in detail.

    Args:
        digit: The digit explained.
        plan: For the map.
        seed: For the checks.
        cards: An empty place for the verdicts.
        words: An empty place for their summary.
    """

    def __init__(self, digit: Digit, plan: AttributionPlan, seed: int, cards: Any, words: Any) -> None:
        self.digit, self.plan, self.seed = digit, plan, seed
        self.cards, self.words = cards, words
        self.method = METHODS[plan.method]
        found = maps.attribute(digit, plan)
        self.results = CheckResults(found, cache.edges_of(digit, plan))
        self.updated = time.monotonic()

    def run(self, shown: str) -> None:
        """Run all checks, first the one that is shown in detail."""
        st.subheader(CHECKS[shown].question)
        if shown == "sums":
            self._show_sums()
        elif shown == "edges":
            self._show_edges()
        checks = {"weights": self._weights, "order": self._order, "noise": self._noise}
        for name in sorted(checks, key=lambda name: name != shown):
            checks[name](shown=name == shown)
        self._update(at_once=True)

    def _update(self, *, at_once: bool = False, **results: Any) -> None:
        """Add results, and show all verdicts at intervals."""
        self.results = replace(self.results, **results)
        if at_once or time.monotonic() - self.updated > _INTERVAL:
            found = verdicts.verdicts(self.results, self.method)
            self.cards.html(verdicts.cards(found))
            self.words.write(verdicts.say(found, self.method.title))
            self.updated = time.monotonic()

    def _offer(self, label: str, name: str, text: Callable[[], str]) -> None:
        """Offer numbers as CSV."""
        tables.offer(label, text, self._file(name))

    def _file(self, name: str) -> str:
        return f"{name}-{self.plan.method}.csv"

    def _show_sums(self) -> None:
        """Show whether the map adds up."""
        found = self.results.attribution
        left, right = st.columns(2, gap="large")
        with left:
            st.html(saliency.sums(found, self.method))
        with right:
            st.write(saliency.say_sums(found, self.method))

    def _show_edges(self) -> None:
        """Show the map beside the edges of its picture."""
        found, compared = self.results.attribution, self.results.edges
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.html(figures.edge_images(found, compared, self.digit.pixels))
        with right:
            st.write(figures.say_edges(compared))
            self._offer("Download edges and map as CSV", "edges", partial(figures.edges_csv, found, compared))

    def _weights(self, *, shown: bool) -> None:
        """Randomize the weights row by row, and compare the maps."""
        rows = cache.rows()
        view = _RandomizationView(rows) if shown else None

        def show(found: Randomization, dependence: WeightDependence | None = None) -> None:
            if view:
                view.show(found, dependence)
            self._update()

        found = cache.randomized(self.digit, self.plan, self.seed, show)
        dependence = cache.dependence(self.digit, self.plan, self.seed, lambda _others: show(found))
        self.results = replace(self.results, dependence=dependence)
        show(found, dependence)
        if shown:
            columns, name = figures.randomization_columns(found), "Similarity of the maps"
            files: dict[str, tables.Text] = {
                name: tables.text_of(columns),
                "With all digits": partial(figures.randomization_csv, found, dependence),
                "Every map": partial(figures.stages_csv, rows, found),
            }
            tables.expandable_table(name, columns, files, title="The numbers, row by row", key="randomization_numbers")

    def _order(self, *, shown: bool) -> None:
        """Compute deletion and insertion in the map's order of pixels and in random orders."""
        found = self.results.attribution
        view = _PixelView(escape_markdown(found.class_name(found.target))) if shown else None

        def show(curves: PixelCurves) -> None:
            if view:
                view.show(curves)
            self._update()

        curves = cache.curves(self.digit, self.plan, self.seed, show)
        self._update(curves=curves)
        if view:
            view.show(curves, ended=True)
            files: dict[str, tables.Text] = {"Every order": partial(figures.curves_csv, curves)}
            columns = partial(figures.curve_columns, curves)
            tables.expandable_table(
                "Both curves", columns, files, title="The numbers, step by step", key="order_numbers"
            )

    def _noise(self, *, shown: bool) -> None:
        """Compute how noise changes the map, and whether the map predicts the change of the score."""
        view = _NoiseView() if shown else None

        def show(changes: Sequence[float]) -> None:
            if view:
                view.show(changes)
            self._update()

        found, changes = cache.robust(self.digit, self.plan, self.seed, show)
        self._update(robustness=found)
        if view:
            view.show(changes, found)
            files: dict[str, tables.Text] = {"Both measures": partial(noise.robustness_csv, found, changes)}
            columns = partial(noise.trial_columns, changes)
            tables.expandable_table("Changes of the map", columns, files, title="The numbers", key="noise_numbers")


class _ChartInProgress:
    """A place for a chart that is updated at intervals during a run; the last one gets the plain key."""

    def __init__(self, name: str) -> None:
        with st.container(key=f"{name}-place"):
            self._name, self._place, self._count, self._drawn = name, st.empty(), 0, time.monotonic()

    def draw(self, chart: Callable[[], go.Figure], words: str, *, ended: bool) -> None:
        """Replace the chart by a new one; do nothing if the last update is too recent."""
        if not ended and time.monotonic() - self._drawn < _CHART_INTERVAL:
            return
        self._count += 1
        with self._place:
            mount(chart(), self._name if ended else f"{self._name}-{self._count}", words)
        self._drawn = time.monotonic()


class _RandomizationView:
    """The map while the weights are randomized."""

    def __init__(self, rows: Sequence[str]) -> None:
        st.write(
            "The last row gets random weights, then also the row before it, and so on up to the first: at the end "
            "all weights are random. A map that explains what the network learned must become a different map."
            f"{figures.say_kept(cache.kept_rows())}"
        )
        self._rows, self._stages = rows, st.empty()
        left, right = st.columns([3, 2], gap="large")
        with left:
            self._chart = _ChartInProgress("similarity-by-row")
        with right, st.container(key="check_randomization"):
            self._words = st.empty()

    def show(self, found: Randomization, dependence: WeightDependence | None) -> None:
        """Show the stages that are ready; the weight dependence is known at the end."""
        words = figures.say_randomization(found, dependence)
        chart = partial(figures.randomization_chart, self._rows, found, dependence)
        self._stages.html(figures.stages(self._rows, found))
        self._chart.draw(chart, words, ended=dependence is not None)
        self._words.write(words)


class _PixelView:
    """The probability of the target during the deletion and the insertion of pixels."""

    def __init__(self, target: str) -> None:
        self._target = target
        left, right = st.columns(2, gap="large")
        with left:
            self._deletion = _ChartInProgress("deletion")
        with right:
            self._insertion = _ChartInProgress("insertion")
        with st.container(key="check_order"):
            self._words = st.empty()

    def show(self, found: PixelCurves, *, ended: bool = False) -> None:
        """Show the orders that are ready."""
        words = figures.say_curves(found, self._target)
        self._deletion.draw(partial(figures.deletion, found), f"Deletion of pixels. {words}", ended=ended)
        self._insertion.draw(partial(figures.insertion, found), f"Insertion of pixels. {words}", ended=ended)
        self._words.write(words)


class _NoiseView:
    """The effect of noise on the map and on the score."""

    def __init__(self) -> None:
        left, right = st.columns(2, gap="large")
        with left:
            self._bars = _ChartInProgress("map-under-noise")
        with right:
            self._share = st.empty()
        left, right = st.columns(2, gap="large")
        self._sensitivity, self._infidelity = left.empty(), right.empty()

    def show(self, changes: Sequence[float], found: Robustness | None = None) -> None:
        """Show the changes that are ready; both measures are known at the end."""
        chart = partial(noise.trials, changes, robustness.TRIALS, verdicts.UNSTABLE)
        words = (
            noise.say_sensitivity(found, shared.network().input.std)
            if found
            else f"{len(changes)} changed pictures so far."
        )
        self._bars.draw(chart, words, ended=found is not None)
        if found:
            self._sensitivity.write(words)
            self._share.html(noise.predicted_share(found))
            self._infidelity.write(noise.say_infidelity(found))


def all_methods(digit: Digit, plans: Mapping[str, AttributionPlan], seed: int, bar: Any) -> dict[str, CheckResults]:
    """Check many maps; show a line for each as soon as it is done, and the progress.

    Args:
        digit: The digit explained.
        plans: By method.
        seed: For the checks.
        bar: An empty place for the progress bar.
    """
    place, link = st.empty(), partial(controls.link_to_method, "lie_detector", VIEW)
    methods = controls.applicable()
    found: dict[str, CheckResults] = {}

    def show(name: str, what: str) -> None:
        bar.progress(len(found) / len(plans), f"{METHODS[name].title}: {what}")

    for name, plan in plans.items():
        place.html(verdicts.table(methods, found, link))
        found[name] = _check(digit, plan, seed, partial(show, name))
    bar.progress(1.0, f"All {len(found)} methods are checked.")  # it stays, so that nothing moves up
    place.html(verdicts.table(methods, found, link))
    return found


def _check(digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[str], object]) -> CheckResults:
    attribution = maps.attribute(digit, plan)
    rows, other = len(cache.rows()), f"other {current.picture_word()}"
    cache.randomized(digit, plan, seed, lambda found: show(f"{len(found.rows)} of {rows} rows randomized"))
    dependence = cache.dependence(digit, plan, seed, lambda others: show(f"{other} {len(others)}"))
    curves = cache.curves(digit, plan, seed, lambda _found: show("deletion and insertion"))
    robust, _ = cache.robust(digit, plan, seed, lambda _changes: show("noise"))
    return CheckResults(attribution, cache.edges_of(digit, plan), dependence, curves, robust)


def say_cost(plans: Mapping[str, AttributionPlan]) -> str:
    """Say how many maps the checks of some methods compute."""
    each = 1 + len(cache.rows()) + robustness.TRIALS
    maps = len(plans) * (each + len(cache.other_pictures(sidebar.current_digit())))
    return f"This computes {maps:,} maps and takes a while. Each line appears as soon as it is done."
