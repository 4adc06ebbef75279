"""Files for downloads in Streamlit's own manager: kept until the browser has fetched them, and no longer."""

import time
from collections.abc import Iterator

import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from viz.app import downloads

NAME = "numbers.csv"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = media_file_manager.MediaFileMetadata
    yield
    media_file_manager.MediaFileMetadata = before  # type: ignore[misc]
    downloads.install.cache_clear()


def clicked() -> tuple[MediaFileManager, MemoryMediaFileStorage, str]:
    """Return a manager that has just made a file for a click, its storage, and the file's address."""
    storage = MemoryMediaFileStorage("/media")
    manager = MediaFileManager(storage)
    button = manager.add_deferred(lambda: "1,2", "text/csv", "1.0", NAME)
    return manager, storage, manager.execute_deferred(button).removeprefix("/media/")


def test_streamlit_alone_removes_it_when_two_runs_have_ended() -> None:
    """If this fails, Streamlit keeps such files by itself, and the module can go."""
    media_file_manager.MediaFileMetadata = MediaFileMetadata  # type: ignore[misc]
    manager, storage, address = clicked()
    for _ in range(2):
        manager.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError):
        storage.get_file(address)


def test_it_is_there_after_many_runs_and_gone_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    downloads.install()
    manager, storage, address = clicked()
    start = time.monotonic()
    for seconds in (0, 1, downloads.KEPT - 1):
        monkeypatch.setattr(time, "monotonic", lambda at=start + seconds: at)
        manager.remove_orphaned_files()
        assert storage.get_file(address).filename == NAME
    monkeypatch.setattr(time, "monotonic", lambda: start + downloads.KEPT + 1)
    manager.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError):
        storage.get_file(address)


def test_a_second_click_keeps_it_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    downloads.install()
    manager, storage, address = clicked()
    manager.remove_orphaned_files()
    later = time.monotonic() + downloads.KEPT + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    button = manager.add_deferred(lambda: "1,2", "text/csv", "1.0", NAME)
    assert manager.execute_deferred(button) == f"/media/{address}"
    for _ in range(2):
        manager.remove_orphaned_files()
    assert storage.get_file(address).filename == NAME
