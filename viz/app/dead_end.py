"""What a page says of a network that lacks what it shows."""

import streamlit as st

from viz.app import address, sidebar
from viz.app.markdown import escape_markdown


def show(missing: str, page: str, label: str) -> None:
    """Say that this network lacks what a page shows, and link to the page for the assignment's network.

    Args:
        missing: What it lacks, as plain text.
        page: The address of the page.
        label: Of the link.
    """
    st.info(escape_markdown(missing))
    (shown,) = (each for each in sidebar.all_pages() if each.url_path == page)
    st.page_link(shown, label=label, query_params=address.link(**{address.NET: "", address.DIGIT: ""}))
