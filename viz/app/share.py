"""Hand this view on: its link to copy, a code for a class to scan, and what stands at the foot of a printed page."""

import functools
import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st

from model.errors import GlassError
from viz.app import address, components, current
from viz.app.markdown import escape_markdown
from viz.open.own_machine import LOOPBACK

_LONGEST = 1_000  # characters in a code that a phone still reads from a screen
_ANSWERS, _QUESTIONS = {"before", "after"}, "/ten_questions"
_FOOT = 100  # characters of the link at the foot of a page
_EVERYWHERE = {"", "0.0.0.0", "::", None}  # noqa: S104 (where the server may listen, not where it does)


def show(offer: Callable[[], None]) -> None:
    """Show how to hand this view on; what is folded computes nothing.

    Args:
        offer: Shows what can be given to others as a file.
    """
    with st.popover("Share or print", key="share", width="stretch", on_change="rerun") as place:
        if not place.open:
            return
        base, reaches = address_for_others(str(st.context.url or ""), st.get_option("server.address"))
        link = with_choices(base, address.link())
        components.copy_link(link)
        if not reaches:
            st.write(
                "Only this computer can open this link, because the app was started for it alone. Show the view on a "
                "projector, or give people the file below. To let a class open links, start the app for the network: "
                "the guide to deployment says how."
            )
        elif code := code_of(link):
            st.html(f'<figure class="code"><img src="{code}" alt="A QR code of this link"></figure>')
            st.caption(escape_markdown(f"Scan it to open this view at {urlsplit(link).netloc}."))
        else:
            st.write(
                f"The link has {len(link):,} characters: too many for a code that a phone can read. Copy it, or choose "
                f"a sample in place of a drawing."
            )
        offer()


def on_paper() -> None:
    """Put the network and the link at the foot of each printed page."""
    try:
        title = current.network().title
    except GlassError:
        title = ""
    link = with_choices(str(st.context.url or ""), address.link())
    short = link if len(link) <= _FOOT else f"{link[:_FOOT]}…"
    said = " · ".join(part for part in (title, short) if part)
    components.printing()
    st.html(f"<style>@media print {{ @page {{ @bottom-left {{ content: {css_string(said)} }} }} }}</style>")


def with_choices(base: str, choices: Mapping[str, str]) -> str:
    """Return a link with the choices of a view. What a person answered to ten questions goes with that page alone.

    >>> with_choices("http://10.0.0.2:8501/head", {"digit": "test-3", "before": "abcd"})
    'http://10.0.0.2:8501/head?digit=test-3'
    """
    kept = {name: value for name, value in choices.items() if name not in _ANSWERS or base.endswith(_QUESTIONS)}
    return f"{base}?{urlencode(kept)}" if kept else base


def address_for_others(url: str, listens_at: str | None) -> tuple[str, bool]:
    """Return the address of a page as other computers open it, and whether they can.

    What the browser says is right, also behind a proxy, unless it is on the machine of the server: then the address
    of this machine in its network takes the place of ``localhost``.

    Args:
        url: Of the page in the browser.
        listens_at: The setting ``server.address``; empty where the server listens at every address.
    """
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK:
        return url, bool(parts.hostname)
    host = own_address() if listens_at in _EVERYWHERE else listens_at
    if not host or host in LOOPBACK:
        return url, False
    port = f":{parts.port}" if parts.port else ""
    named = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{named}{port}", *parts[2:])), True


@functools.lru_cache(maxsize=1)
def own_address() -> str:
    """Return the address of this computer in its network; nothing where it is in none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documents alone: the route to it tells our own
        except OSError:
            return ""
        return str(probe.getsockname()[0])


@functools.lru_cache(maxsize=64)
def code_of(link: str) -> str:
    """Return a QR code as the source of an image, or nothing where the link is too long for one."""
    if len(link) > _LONGEST:
        return ""
    return str(segno.make_qr(link, error="l").svg_data_uri(border=4, dark="#000", light="#fff", omitsize=True))


def css_string(text: str) -> str:
    r"""Return a text as a string of a style sheet; it may come from a stranger.

    >>> css_string('a"b</style>')
    '"a\\22 b\\3c /style\\3e "'
    """
    marks = "\"\\<>&'{}"
    kept = (each if each.isprintable() and each not in marks else f"\\{ord(each):x} " for each in text)
    return f'"{"".join(kept)}"'
