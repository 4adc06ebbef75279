"""Numbers as real tables, and as files."""

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
from viz.layers import workings
from viz.overview import figures
from viz.pictures import words
from viz.pictures.panels import tabled
from viz.pictures.swatches import as_csv, columns_as_csv, maps_as_csv

Text = str | Callable[[], str]  # what is not there yet is made when somebody asks for the file
Made = Mapping[str, Sequence[str]]
Columns = Made | Callable[[], Made]  # likewise


def offer(label: str, text: Text, file: str, kind: str = "text/csv") -> None:
    """Offer a file of numbers, CSV unless said otherwise; taking it starts no run, which could drop it meanwhile."""
    st.download_button(label, text, file, kind, type="tertiary", on_click="ignore")


def made(columns: Columns) -> Made:
    """Return columns that may have yet to be made."""
    return columns() if callable(columns) else columns


def text_of(columns: Columns) -> Callable[[], str]:
    """Return what makes the CSV of columns."""
    return lambda: columns_as_csv(made(columns))


def offer_columns(label: str, columns: Columns, file: str) -> None:
    """Offer columns as CSV."""
    offer(label, text_of(columns), file)


def unfolding(
    name: str,
    columns: Columns,
    files: Mapping[str, Text] | None = None,
    *,
    title: str = "The numbers",
    key: str = "numbers",
) -> None:
    """Show numbers as a table that can be unfolded, and offer files with it; folded away it is not made.

    Args:
        name: Of the table.
        columns: Of the table.
        files: Gives the CSV of each file, by its name; by default the table itself.
        title: What the person unfolds.
        key: Tells it from others on the same page.
    """
    with st.expander(title, key=key, on_change="rerun") as place:
        if not place.open:
            return
        found = made(columns)
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
class File:
    """A CSV file of a figure's numbers; ``text`` is made when somebody takes it."""

    label: str
    text: Text
    name: str

    def show(self) -> None:
        """Offer it."""
        offer(self.label, self.text, self.name)


@dataclass(frozen=True, slots=True)
class Files:
    """Several files of a figure's numbers, side by side, and ``beside`` them what else stands in their line."""

    files: Sequence[File]
    beside: Callable[[], object] | None = None

    def show(self) -> None:
        """Offer them."""
        with st.container(horizontal=True, vertical_alignment="center"):
            for file in self.files:
                file.show()
            if self.beside:
                self.beside()


@dataclass(frozen=True, slots=True)
class Folded:
    """A table of a figure's numbers that can be unfolded; its parts are those of ``unfolding``."""

    name: str
    columns: Columns
    files: Mapping[str, Text] | None = None
    title: str = "The numbers"
    key: str = "numbers"

    def show(self) -> None:
        """Show it, folded."""
        unfolding(self.name, self.columns, self.files, title=self.title, key=self.key)


class Without:
    """No numbers beneath a figure: see ``ITSELF`` and ``LEFT_OUT``."""

    def show(self) -> None:
        """Show nothing."""


ITSELF = Without()  # the figure is a table: every number stands in a cell
LEFT_OUT = Without()  # numbers would give an answer away, or there are none yet
Numbers = File | Files | Folded | Without


def map_file(values: Activation | Values, name: str, label: str = "Download this map as CSV") -> File:
    """Return one feature map (H, W) as CSV, a line for each y."""
    return File(label, lambda: as_csv([[f"{x:.6g}" for x in line] for line in values]), f"{name}.csv")


def maps_file(label: str, maps: Mapping[str, Activation | Values], name: str) -> File:
    """Return several maps (H, W) as one CSV, a line for each value."""
    return File(label, partial(maps_as_csv, maps), f"{name}.csv")


def kernel_file(kernel: Activation, name: str) -> File:
    """Return one kernel (C_in, kH, kW) as CSV, a line for each weight."""

    def text() -> str:
        lines = ((*place, float(weight)) for place, weight in np.ndenumerate(kernel))
        return as_csv([("from map", "y", "x", "weight"), *lines])

    return File("Download this kernel as CSV", text, f"{name}.csv")


def pixels_file(pixels: Pixels, box: Box, name: str) -> File:
    """Return the pixels (H, W) of a digit that lie in a box as CSV, a line for each."""
    return File("Download these pixels as CSV", partial(workings.pixels_csv, pixels, box), f"{name}.csv")


def columns_file(label: str, columns: Columns, name: str) -> File:
    """Return columns as CSV."""
    return File(label, text_of(columns), f"{name}.csv")


def answer_file(trace: Trace, name: str = "answer") -> File:
    """Return what a network puts out for each class as CSV."""
    return File("Download the answer as CSV", partial(figures.answer_csv, trace), f"{name}.csv")


def terms_file(explained: Explanation) -> File:
    """Return what a unit was made of as CSV."""
    name = "-".join([explained.name, *map(str, explained.unit)])
    return File("Download what it is made of as CSV", partial(workings.terms_csv, explained), f"{name}.csv")
