"""Choose how many passes there are, predict what they do, and measure the accuracy on many pictures."""

from collections.abc import Sequence
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from model.dropout.passes import digest_of_passes, digest_of_weights
from model.dropout.records import Convergence, DropoutAccuracy, DropoutPlan, Passes
from model.images import digits
from viz.app import address, current, prediction, shared, tables, widgets
from viz.app.error_boundary import or_say
from viz.dropout import cache, charts, passes
from viz.dropout.controls import SEED, VIEW

Chart = tuple[go.Figure, str, str, tables.Numbers]  # as ``charts.chart`` takes them
PASSES, MANY, GUESS = "passes", "many", "changes"
_COUNTS = ("10", "30", "100", "300", "1000")
_GUESSES = {"none": "None", "few": "At most one in ten", "many": "More than one in ten"}
_ASKED = ("no", "yes")
ALLOWED = {PASSES: _COUNTS, GUESS: prediction.allowed(_GUESSES), MANY: _ASKED}


def pass_count() -> int:
    """Let the person choose the number of passes."""
    default = "100" if shared.is_small(current.network()) else _COUNTS[0]
    return int(widgets.segments("Passes", PASSES, {each: f"{int(each):,}" for each in _COUNTS}, default))


def predict(found: Passes) -> bool:
    """Ask in how many passes the prediction changes; once answered, say what was measured, and return True."""
    return prediction.ask(
        GUESS,
        "In how many passes does the predicted class change?",
        _GUESSES,
        passes.changed_answer(found),
        f"It changed in {found.changed:,} of {len(found.probabilities):,} passes.",
    )


def offer_next_steps(found: Passes) -> None:
    """Offer the mask that gives the predicted class the lowest probability; for digits also an ambiguous one."""
    seed = found.least_confident
    with st.container(horizontal=True):
        st.button(
            f"Show mask {seed:,}, the least confident",
            on_click=lambda: address.write(**{SEED: str(seed), VIEW: "journey"}),
        )
        if current.takes_digits():
            ambiguous = next(sample for sample in digits.samples() if sample.label is None)
            st.button("Choose an ambiguous digit", on_click=lambda: address.write(digit=ambiguous.key))


def spread(found: Passes, chosen: DropoutPlan) -> Chart:
    """Return the spread of the probabilities, with a file of every single pass."""
    shown = current.network()
    digests, names = (digest_of_passes(found), digest_of_weights(shown.module)), shown.classes
    columns = partial(passes.passes_columns, found, names)
    files: dict[str, tables.Text] = {
        "Many masks": tables.text_of(columns),
        "Every pass": partial(passes.passes_csv, found, names),
    }
    numbers = tables.ExpandableTable("Many masks", columns, files)
    words = passes.say_passes(found, chosen.p, names)
    return passes.spread(found, digests, names), "probabilities-of-many-masks", words, numbers


def mean(found: Convergence, *, of_vector: bool) -> Chart:
    """Return how the mean over masks converges to the value without dropout."""
    words = f"{charts.say_convergence(found, of_vector=of_vector)}\n\n{charts.say_variance(found)}"
    numbers = tables.ExpandableTable("Mean over masks", partial(charts.convergence_columns, found))
    return charts.convergence(found), "mean-over-masks", words, numbers


def accuracy(found: Sequence[DropoutAccuracy], own: float) -> Chart:
    """Return the accuracy on many pictures as p grows; ``own`` is the p of the training."""
    words = charts.say_accuracies(found, cache.accuracy_source())
    numbers = tables.ExpandableTable("Many digits", partial(charts.accuracies_columns, found))
    return charts.accuracies(found, own), "accuracy-by-p", words, numbers


def measure_accuracies(chosen: DropoutPlan) -> bool:
    """Offer to classify many pictures for every p, and return whether the person asked for it."""
    source = or_say(cache.accuracy_source)
    if source is None:
        return False
    asked = address.read_one_of(MANY, _ASKED, "no") == "yes"
    if not asked:
        what = "whole channels" if chosen.whole_channels else "single values"
        where = "all rows" if chosen.rows is None else chosen.rows[0]
        st.write(f"{source}, each classified with ten values of p: {what} of {where}.")
        st.button("Measure", on_click=lambda: address.write(**{MANY: "yes"}))
    return asked
