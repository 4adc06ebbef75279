"""Numbers as real tables."""

from functools import partial

import numpy as np
import streamlit as st

from model.records import Activation, Explanation, Trace
from viz.figures import swatches, words, workings


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


def download_kernel(kernel: Activation, name: str) -> None:
    """Offer one kernel (C_in, kH, kW) as CSV, a line for each weight."""
    lines = [("from map", "y", "x", "weight"), *((*place, float(kernel[place])) for place in np.ndindex(kernel.shape))]
    table = swatches.as_csv(lines)
    st.download_button("Download this kernel as CSV", table, f"{name}.csv", "text/csv", on_click="ignore")


def download_terms(explained: Explanation) -> None:
    """Offer what a unit was made of as CSV."""
    name = "-".join([explained.name, *map(str, explained.unit)])
    table = partial(workings.terms_csv, explained)
    st.download_button("Download what it is made of as CSV", table, f"{name}.csv", "text/csv", on_click="ignore")
