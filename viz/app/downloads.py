"""A file that is made for a download stays until the browser has fetched it.

Streamlit makes the file when its button is clicked and tells the browser where it lies. No page shows that file, and of
such files each run that ends, whoever asked for it, marks those that are new and removes those that are marked. Where
many people work, two runs end before the browser has asked, and the download brings an error in place of the file.
"""

import functools
import math
import time

from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileMetadata

KEPT = 60.0  # seconds for the browser to ask; to send a file to a slow one needs it no more


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
