"""One map put to the test, section by section, as the pieces come; and all methods, line by line."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from model.images.records import Digit
from model.saliency import METHODS
from model.saliency.records import AttributionPlan, PixelCurves
from model.sanity_checks import evidence, robustness
from model.trace.records import Trace
from viz.app import address, tables
from viz.saliency import cache as maps
from viz.saliency import controls
from viz.saliency import figures as saliency
from viz.sanity_checks import cache as cached
from viz.sanity_checks import figures, noise, verdicts
from viz.sanity_checks.verdicts import Evidence

VIEW = "doubt_view"
VIEWS = {"one": "One map", "all": "All methods", "round": "Which is untrained?"}
SEED, EVERY = "doubt_seed", "doubt_all"
_SEEDS = [str(number) for number in range(100)]
_SEED = "Random weights, random orders of pixels and noise are drawn from it."
_OFTEN = 0.1  # seconds between two pictures of what there is so far


def allowed(trace: Trace) -> dict[str, Iterable[str]]:
    """Return what the page's parameters can be in the link, but for those of the rounds."""
    return {**controls.allowed(trace), SEED: _SEEDS, EVERY: [address.YES]}


def seed() -> int:
    """Let the person draw the tests' random numbers anew: weights, orders of pixels, noise."""
    return int(address.bind(st.selectbox, "Seed of the tests", SEED, _SEEDS, "0", help=_SEED))


class Trial:
    """A map while it is put to the test; each section shows one test and adds to what is known."""

    def __init__(self, digit: Digit, plan: AttributionPlan, seed: int, cards: Any, words: Any) -> None:
        self.digit, self.plan, self.seed = digit, plan, seed
        self.cards, self.words = cards, words
        self.method = METHODS[plan.method]
        found = maps.attribute(digit, plan)
        self.tested = Evidence(found, evidence.edge_control(found, digit.pixels))
        self.told = time.monotonic()

    def tell(self, **known: Any) -> None:
        """Add to what is known, and show all of it now and then, and in the end."""
        self.tested = replace(self.tested, **known)
        found = verdicts.findings(self.tested, self.method)
        if self.tested.robustness or time.monotonic() - self.told > _OFTEN:
            self.cards.html(verdicts.cards(found))
            self.words.write(verdicts.say(found, self.method.title))
            self.told = time.monotonic()

    def offer(self, label: str, name: str, text: Callable[[], str]) -> None:
        """Offer numbers as CSV."""
        tables.offer(label, text, f"{name}-{self.plan.method}.csv")

    def sums(self) -> None:
        """Show whether the map adds up."""
        found = self.tested.attribution
        st.subheader("Does it add up?")
        left, right = st.columns(2, gap="large")
        with left:
            st.html(saliency.sums(found, self.method))
        with right:
            st.write(saliency.say_sums(found, self.method))

    def weights(self) -> None:
        """Show the map while the network forgets."""
        st.subheader("Does it react when the network forgets?")
        st.write(
            "The last row gets random weights, then the one before it too, up to the first: in the end the network "
            "never learned anything. A map that explains what was learned must fall apart."
        )
        rows, strip = cached.rows(), st.empty()
        left, right = st.columns([3, 2], gap="large")
        with left:
            chart = st.empty()
        with right, st.container(key="doubt_fall"):
            words = st.empty()

        def show(found: Any, reaction: Any = None) -> None:
            strip.html(figures.strip(rows, found))
            chart.html(figures.fall(rows, found, reaction))
            words.write(figures.say_fall(found, reaction))
            self.tell(**({"reaction": reaction} if reaction else {}))

        found = cached.collapse(self.digit, self.plan, self.seed, show)
        reaction = cached.reaction(self.digit, self.plan, self.seed, lambda _others: show(found))
        show(found, reaction)
        with right:
            self.offer("Download the fall as CSV", "fall", partial(figures.fall_csv, found, reaction))
        columns, name = figures.fall_columns(found), "How alike the maps stay"
        files: dict[str, tables.Text] = {
            name: tables.text_of(columns),
            "Every map": partial(figures.strip_csv, rows, found),
        }
        tables.unfolding(name, columns, files, title="The numbers, row by row", key="fall_numbers")

    def edges(self) -> None:
        """Show the map beside plain edges."""
        st.subheader("Is it more than edges?")
        found, control = self.tested.attribution, self.tested.edges
        left, right = st.columns([3, 2], gap="large")
        with left:
            st.html(figures.beside_edges(found, control, self.digit.pixels))
        with right:
            st.write(figures.say_edges(control))
            self.offer("Download edges and map as CSV", "edges", partial(figures.edges_csv, found, control))

    def order(self) -> None:
        """Show what the map's order of pixels is worth."""
        st.subheader("Is its order of pixels better than chance?")
        left, right = st.columns(2, gap="large")
        with left:
            gone = st.empty()
        with right:
            back = st.empty()
        with st.container(key="doubt_order"):
            words = st.empty()

        def show(found: PixelCurves) -> None:
            gone.html(figures.deletion(found))
            back.html(figures.insertion(found))
            words.write(figures.say_curves(found, self.plan.target))
            self.tell()

        found = cached.curves(self.digit, self.plan, self.seed, show)
        show(found)
        self.tell(curves=found)
        self.offer("Download the curves as CSV", "curves", partial(figures.curves_csv, found))

    def noise(self) -> None:
        """Show what a little noise does to the map, and whether the map foretells what it does to the score."""
        st.subheader("Is it steady, and does it foretell the score?")
        left, right = st.columns(2, gap="large")
        with left:
            bars, steady = st.empty(), st.empty()
        with right:
            share, foretell = st.empty(), st.empty()

        def show(changes: Any) -> None:
            bars.html(noise.trials(changes, robustness.TRIALS, verdicts.SHAKY))
            self.tell()

        found, changes = cached.robustness(self.digit, self.plan, self.seed, show)
        show(changes)
        steady.write(noise.say_sensitivity(found))
        with left:
            self.offer("Download what moved as CSV", "moved", partial(noise.trials_csv, changes))
        share.html(noise.foretold(found))
        foretell.write(noise.say_infidelity(found))
        self.tell(robustness=found)
        with right:
            self.offer("Download both measures as CSV", "noise", partial(noise.robustness_csv, found, changes))


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
