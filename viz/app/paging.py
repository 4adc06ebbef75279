"""A long list of pictures in the sidebar, a page at a time: where it begins, and buttons to the other pages."""

import random
from collections.abc import Callable

import streamlit as st

from viz.app import address

SHOWN = 20  # pictures of a page


def start(name: str, count: int, position: int) -> int:
    """Return where the page that is shown begins.

    Args:
        name: Of the list.
        count: How many pictures there are now.
        position: Of the picture whose page is shown at first.
    """
    first: int = st.session_state.setdefault(_key(name), position // SHOWN * SHOWN)
    return min(first, max(count - 1, 0) // SHOWN * SHOWN)  # the list may be shorter now


def from_the_start(name: str) -> dict[str, str]:
    """Show the first page again, for another list; nothing else in the address changes."""
    st.session_state[_key(name)] = 0
    return {}


def buttons(name: str, count: int, at: int, key_of: Callable[[int], str]) -> None:
    """Show buttons to the page before, to a picture at random, and to the page after.

    Args:
        name: Of the list.
        count: How many pictures there are.
        at: Where the page that is shown begins.
        key_of: Returns what an address calls the picture at a position.
    """

    def go(to: int) -> None:
        st.session_state[_key(name)] = to

    def pick_at_random() -> None:
        position = random.randrange(count)  # noqa: S311 (not for security)
        go(position // SHOWN * SHOWN)
        address.write(digit=key_of(position))

    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.button("Back", on_click=go, args=(max(at - SHOWN, 0),), disabled=at == 0, key=f"{name}-back")
        st.button("Random", on_click=pick_at_random, disabled=not count, key=f"{name}-random")
        st.button("More", on_click=go, args=(at + SHOWN,), disabled=at + SHOWN >= count, key=f"{name}-more")


def _key(name: str) -> str:
    return f"{name}-start"
