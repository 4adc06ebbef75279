"""Numbers as real tables."""

import streamlit as st

from model.records import Activation, Trace
from viz.figures import words


def rows(trace: Trace) -> None:
    """Show the rows of the network with their measured shapes and parameters, and the sum."""
    measured = [(row.name, words.shape(row.output.shape), f"{row.parameter_count:,}") for row in trace.rows]
    total = f"{sum(row.parameter_count for row in trace.rows):,}"
    names, shapes, counts = zip(*measured, ("all rows", "", total), strict=True)
    st.table({"row": names, "output shape (C × H × W)": shapes, "parameters": counts}, hide_index=True)


def download_map(values: Activation, name: str) -> None:
    """Offer one feature map (H, W) as CSV, a line for each y."""
    lines = "\n".join(",".join(f"{value:.6g}" for value in line) for line in values)
    st.download_button("Download this map as CSV", lines + "\n", f"{name}.csv", "text/csv", on_click="ignore")
