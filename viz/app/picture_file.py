"""A picture file from the person: by the uploader, the clipboard, a drag or the camera; and why one was refused."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from model.errors import GlassError
from model.images import upload
from viz.app import address
from viz.app.components import picture_source
from viz.app.markdown import escape_markdown
from viz.app.queued_cache import WORK_QUEUE

_REFUSED, _CAMERA = "why the last file was refused, for a", "whether the camera is shown"


def take(title: str, word: str, prefix: str, receive: Callable[[Any], object], below: Callable[[], object]) -> None:
    """Show the uploader, the camera where it is asked for, and why the last file was refused.

    Args:
        title: What the file should show.
        word: ``digit`` or ``picture``.
        prefix: Of the widgets' keys.
        receive: Takes a file; a GlassError refuses it.
        below: Draws what follows; what is open there stays open when a message goes.
    """

    def given(file: Any) -> None:
        allow(word)
        if file is None:
            return
        try:
            with WORK_QUEUE.turn():  # a large picture needs much memory
                receive(file)
        except GlassError as error:
            refuse(word, error)

    st.file_uploader(
        f"{title}: JPEG, PNG, WebP, BMP, GIF or HEIC, "
        f"at most {upload.MAX_MEGABYTES} MB and {upload.MAX_MEGAPIXELS} megapixels",
        type=list(upload.SUFFIXES),
        key=f"{prefix}upload",
        on_change=address.when_chosen(f"{prefix}upload", given),
    )
    picture_source(_switch_camera)
    with st.container():
        if st.session_state.get(_CAMERA):
            key = f"{prefix}camera"
            st.camera_input("Camera", key=key, on_change=address.when_chosen(key, given))
        if why := st.session_state.get(f"{_REFUSED} {word}"):
            st.error(escape_markdown(f"{why} The {word} before it stays."))
        below()


def refuse(word: str, error: GlassError) -> None:
    """Keep why a file, or a change of what it shows, was refused."""
    st.session_state[f"{_REFUSED} {word}"] = str(error)


def allow(word: str) -> None:
    """Forget why the last one was refused."""
    st.session_state.pop(f"{_REFUSED} {word}", None)


def _switch_camera() -> None:
    st.session_state[_CAMERA] = not st.session_state.get(_CAMERA)
