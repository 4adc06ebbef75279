"""The links to all pages, in groups."""

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from viz.app import address, components, page_list


def show(pages: Sequence[st.Page]) -> None:
    """Draw the links, which carry all choices; what a page shows is the help of its link.

    Args:
        pages: In the order of the list of pages.
    """
    components.close_menu()
    link = address.link()
    with st.container(key="pages"):
        for group, members in groupby(zip(page_list.PAGES.values(), pages, strict=True), lambda each: each[0].group):
            st.html(f'<p class="group">{group}</p>')
            for entry, page in members:
                st.page_link(page, icon=f":material/{entry.icon}:", query_params=link, width="stretch")
