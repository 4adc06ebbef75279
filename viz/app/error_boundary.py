"""What a part of a page shows in place of what cannot be had."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from model.errors import GlassError
from viz.app.markdown import plain

T = TypeVar("T")


def or_say_why(make: Callable[[], T]) -> T | None:
    """Return what a function makes; where it is refused, say why in this place and return None."""
    try:
        return make()
    except GlassError as error:
        st.error(plain(str(error)))
        return None
