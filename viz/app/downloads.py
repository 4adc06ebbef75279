"""A file that is made for a download stays until the browser has fetched it.

Streamlit makes the file when its button is clicked, and tells the browser its address. No page shows the file, so
Streamlit takes it for unused. When a run of anybody ends, Streamlit marks the unused files; when the next run ends, it
removes them. In a class that can be before the browser has asked: it then gets an error in place of the file.
"""

import functools
import math
import time

from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileMetadata

KEPT = 60.0  # seconds that the browser has to ask for the file; what is being sent already is not cut off


class _Metadata(MediaFileMetadata):
    """What Streamlit notes of a file, but with a mark that counts only after a while."""

    _marked_at = math.inf

    @property
    def is_marked_for_delete(self) -> bool:
        return time.monotonic() - self._marked_at > KEPT

    def mark_for_delete(self) -> None:
        self._marked_at = min(self._marked_at, time.monotonic())


@functools.cache
def install() -> None:
    """Keep the files of all downloads from now on."""
    media_file_manager.MediaFileMetadata = _Metadata  # type: ignore[misc]
