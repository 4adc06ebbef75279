"""The figures of the batch norm page, each with its words and its numbers."""

from functools import partial

import plotly.graph_objects as go
import streamlit as st

from model.batch_norm.fold_errors import fold_errors
from model.batch_norm.normalisation import normalisation
from model.batch_norm.records import (
    BatchStatistics,
    Fold,
    FoldComparison,
    Normalisation,
    RunningAverage,
    TrainingModeBatch,
)
from model.trace.records import Trace
from viz.app import current, tables
from viz.batch_norm import figures, folding, statistics
from viz.batch_norm.controls import choices

Shown = tuple[str, str, tables.Numbers]  # a figure, its words and its numbers, as ``widgets.figure`` takes them
Chart = tuple[go.Figure, str, str, tables.Numbers]  # as ``charts.chart`` takes them


def steps(normal: Normalisation) -> Shown:
    """Return the four operations on one map."""
    words = f"{figures.say_stage(normal, current.picture_word())} {figures.say_scale(normal)}"
    name = f"{normal.name}-map-{normal.channel}-steps.csv"
    numbers = tables.CsvFile("Download these steps as CSV", partial(figures.steps_csv, normal), name)
    return figures.stage(normal), words, numbers


def histograms(normal: Normalisation) -> Chart:
    """Return the values of the map after each step."""
    columns = partial(figures.bin_columns, normal)
    numbers = tables.ExpandableTable("Values in each bin", columns, title="Values in each bin")
    return figures.histograms(normal), "values-after-each-step", figures.say_histograms(normal), numbers


def zeros(trace: Trace, name: str) -> Shown:
    """Return the share of zeros in the input of each batch norm behind a ReLU."""
    numbers = tables.columns_file("Download these shares as CSV", partial(figures.zeros_columns, trace), "zeros")
    return figures.zeros(trace, name), figures.say_zeros(trace, current.picture_word()), numbers


def logits(trace: Trace, batch: TrainingModeBatch) -> Shown:
    """Return the logits in evaluation mode and in training mode."""
    words = statistics.say_logits(trace, batch, current.picture_word())
    return statistics.logits(trace, batch), words, tables.IN_FIGURE


def maps(trace: Trace, batch: TrainingModeBatch, name: str, channel: int) -> Shown:
    """Return one map in evaluation mode and in training mode."""
    both = statistics.both_maps(trace, batch, name, channel)
    numbers = tables.maps_file("Download both maps as CSV", both, f"{name}-map-{channel}-both")
    words = statistics.say_maps(trace, batch, name, channel, current.picture_word())
    return statistics.maps(trace, batch, name, channel), words, numbers


def variances(found: BatchStatistics, channel: int, size: int) -> None:
    """Show both variances of a map, and how this batch would change its averages."""
    st.header("Two variances")
    st.write(f"This is how this batch of {size} would change the averages of map {channel}, measured on a copy.")
    st.html(statistics.variances(found, channel))


def running_average(found: RunningAverage, channel: int, size: int) -> Chart:
    """Return how the running average of a map follows batches of a size."""
    numbers = tables.ExpandableTable("The running average", partial(statistics.running_columns, found, channel))
    words = statistics.say_running(found, channel, size)
    return statistics.running_chart(found, channel), "running-mean", words, numbers


def folds(every: FoldComparison, name: str) -> None:
    """Show where each batch norm goes."""
    st.html(folding.table(every, name))
    tables.offer("Download every gain and offset as CSV", partial(folding.table_csv, every), "folding.csv")


def fold(trace: Trace, found: Fold, channel: int) -> None:
    """Show the arithmetic of one fold, and why it is exact or not."""
    st.html(folding.worked(found, normalisation(trace, found.name, channel)))
    st.write(folding.say_path(found))


def errors(trace: Trace, found: Fold) -> None:
    """Ask and say when a fold is exact."""
    measured = fold_errors(current.network().module, trace, found)
    choices.ask_padding(found, measured)
    if folding.drops_between(found):
        st.write(folding.say_dropout(found, measured))
