"""The links to all pages, in groups."""

from itertools import groupby
from urllib.parse import urlencode

import streamlit as st

from viz.app import address, components, page_list


def show(current: st.Page) -> None:
    """Draw the links, which carry all choices.

    Args:
        current: The page that is shown.
    """
    link = address.link()
    query = f"?{urlencode(link)}" if link else ""
    components.page_links(_GROUPS, current.url_path, query, _open)


def _open(path: str) -> None:
    if path in map(page_list.path, page_list.PAGES):
        address.go_to(path)


def _groups() -> list[dict[str, object]]:
    """Return the groups of the list of pages: each its name, and of its pages the address, title, symbol and help."""
    entries = [(entry, page_list.path(file)) for file, entry in page_list.PAGES.items()]
    return [
        {
            "name": group,
            "pages": [{"path": path, "title": e.title, "icon": e.icon, "shows": e.shows} for e, path in members],
        }
        for group, members in groupby(entries, lambda each: each[0].group)
    ]


_GROUPS = _groups()
