"""Words that open where a page uses them: what they mean, and where one sees it."""

import streamlit as st

from model.graph.records import Op
from viz.about import figures
from viz.about.glossary import Term
from viz.app import address, current, page_list


def show(*names: str) -> None:
    """Show words of the glossary; each opens what it means when it is pressed.

    Args:
        names: As in the glossary.
    """
    st.html(figures.opening(names, link, meanings()))


def link(term: Term) -> tuple[str, str]:
    """Return the address of the view that shows a term, with the choices of this one, and the title of its page."""
    return address.address(page_list.path(term.page), **term.link), page_list.PAGES[term.page].title


def meanings() -> dict[str, str]:
    """Return what can be said of words about the network that is shown."""
    rows = [node.name for node in current.structure().graph.rows if node.op == Op.CONV]
    return {"row": figures.say_row(rows[min(2, len(rows) - 1)])} if rows else {}
