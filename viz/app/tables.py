"""Numbers as tables on the page and as CSV files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from model.layers.records import Explanation
from model.receptive_field.records import Box
from model.records import Activation, Pixels
from model.records import Numbers as Values
from model.trace.records import Trace
from viz.layers import worked_unit
from viz.overview import figures
from viz.pictures import words
from viz.pictures.panels import tabled
from viz.pictures.swatches import as_csv, columns_as_csv, maps_as_csv

Text = str | Callable[[], str]  # a function is called when the file is downloaded
ColumnTexts = Mapping[str, Sequence[str]]
Columns = ColumnTexts | Callable[[], ColumnTexts]  # likewise


def offer(label: str, text: Text, file: str, kind: str = "text/csv") -> None:
    """Offer a file of numbers, by default CSV. The download starts no run, because a run could remove the file."""
    st.download_button(label, text, file, kind, type="tertiary", on_click="ignore")


def evaluated(columns: Columns) -> ColumnTexts:
    """Return columns, and compute them first if they are a function."""
    return columns() if callable(columns) else columns


def text_of(columns: Columns) -> Callable[[], str]:
    """Return a function that writes columns as CSV."""
    return lambda: columns_as_csv(evaluated(columns))


def offer_columns(label: str, columns: Columns, file: str) -> None:
    """Offer columns as CSV."""
    offer(label, text_of(columns), file)


def expandable_table(
    name: str,
    columns: Columns,
    files: Mapping[str, Text] | None = None,
    *,
    title: str = "The numbers",
    key: str = "numbers",
) -> None:
    """Show a table in an expander, with files to download. A closed expander computes nothing.

    Args:
        name: The name of the table.
        columns: Its columns.
        files: The CSV text of each file by name; by default the table itself.
        title: The label of the expander.
        key: Distinguishes it from others on the same page.
    """
    with st.expander(title, key=key, on_change="rerun") as place:
        if not place.open:
            return
        found = evaluated(columns)
        st.html(tabled(found, name))
        with st.container(horizontal=True, vertical_alignment="center"):
            for file, text in (files or {name: text_of(found)}).items():
                offer(f"{file} (CSV)", text, f"{file}.csv")


def rows(trace: Trace) -> None:
    """Show the rows of the network with their measured shapes and parameters, and the sum."""
    measured = [(row.name, words.shape(row.output.shape), f"{row.parameter_count:,}") for row in trace.rows]
    total = f"{sum(row.parameter_count for row in trace.rows):,}"
    names, shapes, counts = zip(*measured, ("all rows", "", total), strict=True)
    st.table({"row": names, "output shape (C × H × W)": shapes, "parameters": counts}, hide_index=True)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file of a figure's numbers; ``text`` is computed at the download."""

    label: str
    text: Text
    name: str

    def show(self) -> None:
        """Show the download button."""
        offer(self.label, self.text, self.name)


@dataclass(frozen=True, slots=True)
class CsvFiles:
    """Several files of a figure's numbers side by side; ``beside`` draws more in the same line."""

    files: Sequence[CsvFile]
    beside: Callable[[], object] | None = None

    def show(self) -> None:
        """Show the download buttons."""
        with st.container(horizontal=True, vertical_alignment="center"):
            for file in self.files:
                file.show()
            if self.beside:
                self.beside()


@dataclass(frozen=True, slots=True)
class ExpandableTable:
    """A figure's numbers in an expander, with the arguments of ``expandable_table``."""

    name: str
    columns: Columns
    files: Mapping[str, Text] | None = None
    title: str = "The numbers"
    key: str = "numbers"

    def show(self) -> None:
        """Show it, closed."""
        expandable_table(self.name, self.columns, self.files, title=self.title, key=self.key)


class NoNumbers:
    """A figure without numbers below it: see ``IN_FIGURE`` and ``LEFT_OUT``."""

    def show(self) -> None:
        """Show nothing."""


IN_FIGURE = NoNumbers()  # the figure is a table that contains every number
LEFT_OUT = NoNumbers()  # the numbers would reveal an answer, or do not exist yet
Numbers = CsvFile | CsvFiles | ExpandableTable | NoNumbers


def map_file(values: Activation | Values, name: str, label: str = "Download this map as CSV") -> CsvFile:
    """Return one feature map (H, W) as CSV, one line for each y."""
    return CsvFile(label, lambda: as_csv([[f"{x:.6g}" for x in line] for line in values]), f"{name}.csv")


def maps_file(label: str, maps: Mapping[str, Activation | Values], name: str) -> CsvFile:
    """Return several maps (H, W) as one CSV, one line for each value."""
    return CsvFile(label, partial(maps_as_csv, maps), f"{name}.csv")


def kernel_file(kernel: Activation, name: str) -> CsvFile:
    """Return one kernel (C_in, kH, kW) as CSV, one line for each weight."""

    def text() -> str:
        lines = ((*place, float(weight)) for place, weight in np.ndenumerate(kernel))
        return as_csv([("from map", "y", "x", "weight"), *lines])

    return CsvFile("Download this kernel as CSV", text, f"{name}.csv")


def pixels_file(pixels: Pixels, box: Box, name: str) -> CsvFile:
    """Return the pixels of a digit (H, W) inside a box as CSV, one line for each."""
    return CsvFile("Download these pixels as CSV", partial(worked_unit.pixels_csv, pixels, box), f"{name}.csv")


def columns_file(label: str, columns: Columns, name: str) -> CsvFile:
    """Return columns as CSV."""
    return CsvFile(label, text_of(columns), f"{name}.csv")


def prediction_file(trace: Trace, name: str = "prediction") -> CsvFile:
    """Return a network's output for each class as CSV."""
    return CsvFile("Download the prediction as CSV", partial(figures.answer_csv, trace), f"{name}.csv")


def terms_file(explained: Explanation) -> CsvFile:
    """Return the terms of a unit as CSV."""
    name = "-".join([explained.name, *map(str, explained.unit)])
    return CsvFile("Download its terms as CSV", partial(worked_unit.terms_csv, explained), f"{name}.csv")
