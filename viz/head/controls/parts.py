"""The figures of the page on the head, each with its words and its numbers."""

from collections.abc import Sequence
from functools import partial

from model.head import logits
from model.head.records import Head, RowChange
from model.images.records import Digit
from model.trace.records import Step, Trace
from viz.app import shared, tables
from viz.head import contributions, figures, mixing, softmax
from viz.head.controls import POOLED, TARGET, choices

_FEW = 8  # lines of a table on a projector
Shown = tuple[str, str, tables.Numbers]  # a figure, its words and its numbers, as ``widgets.figure`` takes them


def every_class(head: Head, k: int) -> Shown:
    """Return the class maps of all classes, of which one is chosen by a click."""
    drawn = figures.all_classes(head, k, partial(choices.link, TARGET))
    return drawn, figures.say_class_map(head, k, shared.fields().get(head.source)), _class_maps(head)


def two_classes(head: Head, k: int, other: int, digit: Digit) -> Shown:
    """Return the class maps of two classes and their difference."""
    drawn = figures.two_classes(head, k, other, shared.fields().get(head.source), digit.pixels)
    return drawn, figures.say_two_classes(head, k, other), _class_maps(head)


def _class_maps(head: Head) -> tables.CsvFile:
    return tables.CsvFile("Download the class maps as CSV", partial(figures.class_maps_csv, head), "class-maps.csv")


def every_map(head: Head, k: int, pooled: int, *, few: bool) -> str:
    """Return the contribution of each map to a logit, of which one is chosen by a click; of few only the largest."""
    most = _FEW if few else contributions.MOST
    return contributions.contributions(head, k, pooled, partial(choices.link, POOLED), most)


def one_map(head: Head, k: int, pooled: int) -> Shown:
    """Return the arithmetic of one contribution, with a file of all."""
    text = partial(contributions.contributions_csv, head)
    numbers = tables.CsvFile("Download all contributions as CSV", text, "contributions.csv")
    return contributions.average(head, pooled, k), contributions.say_contributions(head, k), numbers


def weights(step: Step, channels: tuple[int, ...]) -> Shown:
    """Return the weights of a 1x1 convolution."""
    numbers = tables.CsvFile(
        "Download the weights as CSV", partial(mixing.weights_csv, step), f"{step.name.lower()}.csv"
    )
    return mixing.weights_table(step, channels), mixing.say_weights(step), numbers


def later_rows(changes: Sequence[RowChange], channels: tuple[int, ...], gain: float) -> Shown:
    """Return the changes in later rows when some input maps are multiplied by a gain."""
    numbers = tables.CsvFile(
        "Download every difference as CSV", partial(mixing.changes_csv, changes), "differences.csv"
    )
    return mixing.changes_table(changes), mixing.say_changes(changes, channels, gain), numbers


def both_predictions(trace: Trace, changed: Trace) -> Shown:
    """Return the probabilities before and after."""
    return mixing.probabilities_table(trace, changed), mixing.say_predictions(trace, changed), tables.IN_FIGURE


def probabilities(trace: Trace, temperature: float) -> Shown:
    """Return the arithmetic from logits to probabilities."""
    soft = logits.scaled_softmax(trace.logits, temperature)
    names, k = [trace.class_name(each) for each in range(len(trace.logits))], trace.prediction
    numbers = tables.CsvFile("Download the arithmetic as CSV", partial(softmax.as_csv, soft, names), "softmax.csv")
    return softmax.table(soft, names, k), softmax.say(soft, names[k], k), numbers
