"""Numbers as real tables, and as files."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from model.records import Activation, Explanation, Trace
from viz.figures import words, workings
from viz.figures.panels import tabled
from viz.figures.swatches import as_csv, columns_as_csv

Text = str | Callable[[], str]  # what is not there yet is made when somebody asks for the file


def offer(label: str, text: Text, file: str, kind: str = "text/csv") -> None:
    """Offer a file of numbers, CSV unless said otherwise; taking it starts no run, which could drop it meanwhile."""
    st.download_button(label, text, file, kind, on_click="ignore")


def offer_columns(label: str, columns: Mapping[str, Sequence[str]], file: str) -> None:
    """Offer columns as CSV."""
    offer(label, partial(columns_as_csv, columns), file)


def unfolding(
    name: str,
    columns: Mapping[str, Sequence[str]],
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
        st.html(tabled(columns, name))
        with st.container(horizontal=True):
            for file, text in (files or {name: partial(columns_as_csv, columns)}).items():
                offer(f"{file} (CSV)", text, f"{file}.csv")


def rows(trace: Trace) -> None:
    """Show the rows of the network with their measured shapes and parameters, and the sum."""
    measured = [(row.name, words.shape(row.output.shape), f"{row.parameter_count:,}") for row in trace.rows]
    total = f"{sum(row.parameter_count for row in trace.rows):,}"
    names, shapes, counts = zip(*measured, ("all rows", "", total), strict=True)
    st.table({"row": names, "output shape (C × H × W)": shapes, "parameters": counts}, hide_index=True)


def offer_map(values: Activation, name: str) -> None:
    """Offer one feature map (H, W) as CSV, a line for each y."""
    offer("Download this map as CSV", partial(as_csv, [[f"{x:.6g}" for x in line] for line in values]), f"{name}.csv")


def offer_kernel(kernel: Activation, name: str) -> None:
    """Offer one kernel (C_in, kH, kW) as CSV, a line for each weight."""
    lines = [("from map", "y", "x", "weight"), *((*place, float(kernel[place])) for place in np.ndindex(kernel.shape))]
    offer("Download this kernel as CSV", partial(as_csv, lines), f"{name}.csv")


def offer_terms(explained: Explanation) -> None:
    """Offer what a unit was made of as CSV."""
    name = "-".join([explained.name, *map(str, explained.unit)])
    offer("Download what it is made of as CSV", partial(workings.terms_csv, explained), f"{name}.csv")
