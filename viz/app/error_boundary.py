"""Show a sentence in the place of a part of a page that cannot be shown."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from model.errors import GlassError, InputError
from viz.app.markdown import escape_markdown

T = TypeVar("T")


def or_show_error(compute: Callable[[], T]) -> T | None:
    """Return what a function returns; if it raises a ``GlassError``, show its message here and return None."""
    try:
        return compute()
    except GlassError as error:
        st.error(escape_markdown(str(error)))
        return None


def or_say(compute: Callable[[], T]) -> T | None:
    """Return what a function returns; if this network or picture does not allow it, say why here and return None.

    Any other ``GlassError``, such as that of a damaged file, is shown as an error.
    """
    try:
        return compute()
    except GlassError as error:
        show = st.info if isinstance(error, InputError) else st.error
        show(escape_markdown(str(error)))
        return None
