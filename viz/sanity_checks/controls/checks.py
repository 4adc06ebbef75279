"""The checks of one map: the verdicts, and one of the checks in detail, each shown as soon as it is ready."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from model.images.records import Digit
from model.saliency import METHODS
from model.saliency.records import Attribution, AttributionPlan
from model.sanity_checks import weight_dependence
from model.sanity_checks.records import CheckResults, PixelCurves
from viz.app import tables
from viz.app.markdown import escape_markdown
from viz.saliency import cache as maps
from viz.saliency import figures as saliency
from viz.sanity_checks import cache, figures, noise, verdicts
from viz.sanity_checks.controls import CHECKS
from viz.sanity_checks.controls.progress import NoiseView, PixelView, RandomizationView

_INTERVAL = 0.1  # seconds between two updates of the verdicts


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
        """Run all checks, first the one that is shown in detail; none is if it has no name."""
        if shown:
            st.subheader(CHECKS[shown].question)
        if shown == "sums":
            self._show_sums()
        elif shown == "edges":
            self._show_edges()
        self._update(at_once=True)  # what needs no more maps
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
        view = RandomizationView(rows) if shown else None

        def show(stages: Sequence[Attribution]) -> None:
            if view:
                view.show(weight_dependence.compare(rows, stages))
            self._update()

        asked = self.digit, self.plan, self.seed
        found = cache.randomized(*asked, show)
        dependence = cache.dependence(*asked, found, lambda _others: show(found.attributions))
        self._update(dependence=dependence)
        if view:
            view.show(found, dependence)
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
        view = PixelView(escape_markdown(found.class_name(found.target))) if shown else None

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
        view = NoiseView() if shown else None

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
