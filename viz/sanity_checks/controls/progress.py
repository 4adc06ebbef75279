"""The checks in detail while they run: charts and words that are updated with each result."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from model.sanity_checks import robustness
from model.sanity_checks.records import PixelCurves, Randomization, Robustness, WeightDependence
from viz.app import shared
from viz.app.charts import mount
from viz.sanity_checks import cache, figures, noise, verdicts

_CHART_INTERVAL = 0.5  # seconds between two updates of a chart


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


class RandomizationView:
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

    def show(self, found: Randomization, dependence: WeightDependence | None = None) -> None:
        """Show the stages that are ready; the weight dependence is known at the end."""
        words = figures.say_randomization(found, dependence)
        chart = partial(figures.randomization_chart, self._rows, found, dependence)
        self._stages.html(figures.stages(self._rows, found))
        self._chart.draw(chart, words, ended=dependence is not None)
        self._words.write(words)


class PixelView:
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


class NoiseView:
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
