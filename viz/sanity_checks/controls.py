"""The checks of one map, section by section, and of all methods, line by line, each shown as soon as it is ready."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from model.images.records import Digit
from model.saliency import METHODS
from model.saliency.records import AttributionPlan
from model.sanity_checks import edges, robustness
from model.sanity_checks.records import CheckResults, PixelCurves, Randomization, WeightDependence
from model.trace.records import Trace
from viz.app import address, tables
from viz.saliency import cache as maps
from viz.saliency import controls
from viz.saliency import figures as saliency
from viz.sanity_checks import cache, figures, noise, verdicts

VIEW = "doubt_view"
VIEWS = {"one": "One map", "all": "All methods", "round": "Comparison quiz"}
SEED, EVERY = "doubt_seed", "doubt_all"
_SEEDS = [str(number) for number in range(100)]
_SEED_HELP = "For random weights, random orders of pixels, and noise."
_INTERVAL = 0.1  # seconds between two updates of the verdicts


def allowed(trace: Trace) -> dict[str, Iterable[str]]:
    """Return the values that the address can hold for each parameter of the page, except those of the quiz."""
    return {**controls.allowed(trace), SEED: _SEEDS, EVERY: [address.YES]}


def seed() -> int:
    """Let the user choose other random numbers for the checks."""
    return int(address.bind(st.selectbox, "Seed of the checks", SEED, _SEEDS, "0", help=_SEED_HELP))


class Checks:
    """The checks of one map; each section runs and shows one check, and updates the verdicts.

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
        self.results = CheckResults(found, edges.compare(found, digit.pixels))
        self.updated = time.monotonic()

    def update(self, **results: Any) -> None:
        """Add results, and show all verdicts at intervals and at the end."""
        self.results = replace(self.results, **results)
        found = verdicts.verdicts(self.results, self.method)
        if self.results.robustness or time.monotonic() - self.updated > _INTERVAL:
            self.cards.html(verdicts.cards(found))
            self.words.write(verdicts.say(found, self.method.title))
            self.updated = time.monotonic()

    def offer(self, label: str, name: str, text: Callable[[], str]) -> None:
        """Offer numbers as CSV."""
        tables.offer(label, text, f"{name}-{self.plan.method}.csv")

    def sums(self) -> None:
        """Show whether the map adds up."""
        found = self.results.attribution
        st.subheader("Does it add up?")
        left, right = st.columns(2, gap="large")
        with left:
            st.html(saliency.sums(found, self.method))
        with right:
            st.write(saliency.say_sums(found, self.method))

    def weights(self) -> None:
        """Show the map while the weights are randomized."""
        st.subheader("Does it depend on the weights?")
        st.write(
            "The last row gets random weights, then also the row before it, and so on up to the first: at the end "
            "all weights are random. A map that explains what the network learned must become a different map."
        )
        rows, stages = cache.rows(), st.empty()
        left, right = st.columns([3, 2], gap="large")
        with left:
            chart = st.empty()
        with right, st.container(key="check_randomization"):
            words = st.empty()

        def show(found: Randomization, dependence: WeightDependence | None = None) -> None:
            stages.html(figures.stages(rows, found))
            chart.html(figures.randomization_chart(rows, found, dependence))
            words.write(figures.say_randomization(found, dependence))
            self.update(dependence=dependence)

        found = cache.randomized(self.digit, self.plan, self.seed, show)
        dependence = cache.dependence(self.digit, self.plan, self.seed, lambda _others: show(found))
        show(found, dependence)
        with right:
            csv = partial(figures.randomization_csv, found, dependence)
            self.offer("Download the correlations as CSV", "randomization", csv)
        columns, name = figures.randomization_columns(found), "Similarity of the maps"
        files: dict[str, tables.Text] = {
            name: tables.text_of(columns),
            "Every map": partial(figures.stages_csv, rows, found),
        }
        tables.expandable_table(name, columns, files, title="The numbers, row by row", key="randomization_numbers")

    def edges(self) -> None:
        """Show the map beside the edges of the digit."""
        st.subheader("Is it more than edges?")
        found, compared = self.results.attribution, self.results.edges
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.html(figures.edge_images(found, compared, self.digit.pixels))
        with right:
            st.write(figures.say_edges(compared))
            self.offer("Download edges and map as CSV", "edges", partial(figures.edges_csv, found, compared))

    def order(self) -> None:
        """Show deletion and insertion in the map's order of pixels."""
        st.subheader("Is its order of pixels better than chance?")
        left, right = st.columns(2, gap="large")
        with left:
            deletion = st.empty()
        with right:
            insertion = st.empty()
        with st.container(key="check_order"):
            words = st.empty()

        def show(found: PixelCurves) -> None:
            deletion.html(figures.deletion(found))
            insertion.html(figures.insertion(found))
            words.write(figures.say_curves(found, self.plan.target))
            self.update()

        found = cache.curves(self.digit, self.plan, self.seed, show)
        show(found)
        self.update(curves=found)
        self.offer("Download the curves as CSV", "curves", partial(figures.curves_csv, found))

    def noise(self) -> None:
        """Show how noise changes the map, and whether the map predicts the change of the score."""
        st.subheader("Is it stable, and does it predict the score?")
        left, right = st.columns(2, gap="large")
        with left:
            bars, sensitivity = st.empty(), st.empty()
        with right:
            share, infidelity = st.empty(), st.empty()

        def show(changes: Any) -> None:
            bars.html(noise.trials(changes, robustness.TRIALS, verdicts.UNSTABLE))
            self.update()

        found, changes = cache.robust(self.digit, self.plan, self.seed, show)
        show(changes)
        sensitivity.write(noise.say_sensitivity(found))
        with left:
            self.offer("Download the changes as CSV", "changes", partial(noise.trials_csv, changes))
        share.html(noise.predicted_share(found))
        infidelity.write(noise.say_infidelity(found))
        self.update(robustness=found)
        with right:
            self.offer("Download both measures as CSV", "noise", partial(noise.robustness_csv, found, changes))


def all_methods(digit: Digit, plans: Mapping[str, AttributionPlan], seed: int, bar: Any) -> dict[str, CheckResults]:
    """Check many maps; show a line for each as soon as it is done, and the progress.

    Args:
        digit: The digit explained.
        plans: By method.
        seed: For the checks.
        bar: An empty place for the progress bar.
    """
    place, link = st.empty(), partial(controls.link_to_method, "lie_detector", VIEW)
    found: dict[str, CheckResults] = {}

    def show(name: str, what: str) -> None:
        bar.progress(len(found) / len(plans), f"{METHODS[name].title}: {what}")

    for name, plan in plans.items():
        place.html(verdicts.table(METHODS, found, link))
        found[name] = _check(digit, plan, seed, partial(show, name))
    bar.progress(1.0, f"All {len(found)} methods are checked.")  # it stays, so that nothing moves up
    place.html(verdicts.table(METHODS, found, link))
    return found


def _check(digit: Digit, plan: AttributionPlan, seed: int, show: Callable[[str], object]) -> CheckResults:
    attribution = maps.attribute(digit, plan)
    rows = len(cache.rows())
    cache.randomized(digit, plan, seed, lambda found: show(f"{len(found.rows)} of {rows} rows randomized"))
    dependence = cache.dependence(digit, plan, seed, lambda others: show(f"other digit {len(others)}"))
    curves = cache.curves(digit, plan, seed, lambda _found: show("deletion and insertion"))
    robust, _ = cache.robust(digit, plan, seed, lambda _changes: show("noise"))
    return CheckResults(attribution, edges.compare(attribution, digit.pixels), dependence, curves, robust)
