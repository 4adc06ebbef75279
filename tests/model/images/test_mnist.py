"""MNIST: read only when it is whole, fetched from a mirror however that misbehaves, and never half of a file."""

import errno
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import MNIST

from model.errors import DataError
from model.images import mnist
from tests.mirror import (
    NAMES,
    Answer,
    Mirror,
    cut_off,
    drip,
    idx,
    no_http,
    nonsense_length,
    not_found,
    other_content,
    serving,
    stand_in,
    web_page,
    well,
)


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder, not yet made, where MNIST's four files belong."""
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path / "data"))
    return tmp_path / "data" / "MNIST" / "raw"


# Reading


@pytest.fixture
def blank(raw: Path) -> Path:
    """Return a folder whose test split is whole, though all its images are blank."""
    raw.mkdir(parents=True)
    for name, data in zip(NAMES, (b"", b"", idx((10_000, 28, 28)), idx((10_000,))), strict=True):
        (raw / name).write_bytes(data)
    return raw


def test_images_and_labels_are_read_as_they_were_published(blank: Path) -> None:
    data = bytearray(idx((10_000, 28, 28)))
    data[16 + 784 + 28] = 200  # of the second image, the second row begins with this
    (blank / NAMES[2]).write_bytes(data)
    images, labels = mnist.read("test")
    assert images.shape == (10_000, 28, 28)
    assert labels.shape == (10_000,)
    assert np.argwhere(images).tolist() == [[1, 1, 0]]
    assert images.max() == 200


def test_without_a_file_it_is_not_present(blank: Path) -> None:
    assert mnist.is_present()
    (blank / NAMES[0]).unlink()
    assert not mnist.is_present()


@pytest.mark.parametrize("missing", [NAMES, NAMES[:1], NAMES[3:]], ids=["all", "one of train", "one of test"])
def test_if_files_are_missing_the_folder_is_named(missing: list[str], blank: Path) -> None:
    for name in missing:
        (blank / name).unlink()
    with pytest.raises(DataError, match=r"not complete in '.*data'.* set MNIST_ROOT"):
        mnist.read("test")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(NAMES[2], b"", id="empty"),
        pytest.param(NAMES[2], idx((10_000, 28, 28))[:16], id="nothing but a header"),
        pytest.param(NAMES[2], idx((10_000, 28, 28))[:-1], id="one byte short"),
        pytest.param(NAMES[2], idx((9_999, 28, 28)), id="one image short"),
        pytest.param(NAMES[2], b"\x1f\x8b" + idx((10_000, 28, 28))[2:], id="wrong magic"),
        pytest.param(NAMES[2], idx((10_000, 28, 28), kind=10), id="unknown type"),
        pytest.param(NAMES[2], idx((10_000,)), id="labels for images"),
        pytest.param(NAMES[3], idx((10_000,))[:-1], id="one label short"),
        pytest.param(NAMES[3], idx((10_000,), kind=9), id="labels of another type"),
    ],
)
def test_if_a_file_is_damaged_the_folder_is_named(name: str, content: bytes, blank: Path) -> None:
    (blank / name).write_bytes(content)
    with pytest.raises(DataError, match=r"test files of MNIST in '.*data' are damaged.* Delete"):
        mnist.read("test")


# Fetching


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Return a mirror that torchvision names as its only one."""
    with serving(whole(*NAMES)) as server:
        stand_in(server, monkeypatch)
        yield server


def files_in(raw: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in raw.iterdir()}


def whole(*names: str) -> dict[str, bytes]:
    return {name: name.encode() * 9 for name in names}


@pytest.mark.usefixtures("mirror")
def test_it_fetches_the_four_files_and_says_how_far_it_is(raw: Path) -> None:
    shares: list[float] = []
    mnist.download(shares.append)
    assert files_in(raw) == whole(*NAMES)
    assert mnist.is_present()
    assert shares == sorted(shares)
    assert {0.25, 0.5, 0.75, 1.0} <= set(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (not_found, "Not Found"),
        (cut_off, "arrived damaged"),
        (other_content, "arrived damaged"),
        (no_http, "what do you mean"),
        (nonsense_length, "arrived damaged"),
        (web_page, "arrived damaged"),
    ],
)
def test_if_a_mirror_misbehaves_nothing_half_written_is_left(
    answer: Answer, reason: str, mirror: Mirror, raw: Path
) -> None:
    mirror.answer = answer
    with pytest.raises(DataError, match=rf"(?s){NAMES[1]}.gz could not be downloaded \(.*{reason}.*\)"):
        mnist.download(lambda _: None)
    assert files_in(raw) == whole(NAMES[0])
    mirror.answer = well
    mnist.download(lambda _: None)
    assert files_in(raw) == whole(*NAMES)


def gush(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Promise nothing, and send for as long as somebody listens."""
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(bytes(1 << 16))


def test_a_mirror_that_drips_is_noticed_and_given_up(
    mirror: Mirror, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist, "_PATIENCE", 0.1)
    mirror.answer = drip
    shares: list[float] = []
    with pytest.raises(DataError, match=r"it is too slow"):
        mnist.download(shares.append)
    assert len({share for share in shares if 0.25 < share < 0.5}) > 1, "what trickles in is told meanwhile"
    assert files_in(raw) == whole(NAMES[0])


def test_a_mirror_that_sends_without_end_is_given_up(mirror: Mirror, raw: Path) -> None:
    mirror.answer = gush
    with pytest.raises(DataError, match="more than the file can hold"):
        mnist.download(lambda _: None)
    assert files_in(raw) == whole(NAMES[0])


class Left(BaseException):
    """What a person who goes away raises in the middle of a run, as Streamlit does."""


def leave(share: float) -> None:
    if share != 0.25:  # after the first file
        raise Left


def test_who_leaves_ends_the_download_and_can_begin_again(mirror: Mirror, raw: Path) -> None:
    mirror.answer = drip
    with pytest.raises(Left):
        mnist.download(leave)
    assert files_in(raw).items() <= whole(NAMES[0]).items()
    mirror.answer = well
    mnist.download(lambda _: None)
    assert files_in(raw) == whole(*NAMES)


def test_who_waits_for_somebody_elses_download_can_leave(raw: Path) -> None:
    with mnist._downloading, pytest.raises(Left):
        mnist.download(leave)
    assert not mnist._downloading.locked()


def test_if_one_mirror_refuses_the_next_is_asked(mirror: Mirror, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as deaf:  # bound, so that nobody else gets the port, but not listening
        deaf.bind(("127.0.0.1", 0))
        refusing = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        monkeypatch.setattr(MNIST, "mirrors", [refusing])
        with pytest.raises(DataError, match="refused"):
            mnist.download(lambda _: None)
        assert files_in(raw) == {}
        monkeypatch.setattr(MNIST, "mirrors", [refusing, mirror.address])
        mnist.download(lambda _: None)
    assert files_in(raw) == whole(*NAMES)


def test_files_that_are_there_are_kept(mirror: Mirror, raw: Path) -> None:
    raw.mkdir(parents=True)
    (raw / NAMES[2]).write_bytes(b"mine")
    mnist.download(lambda _: None)
    assert files_in(raw) == {**whole(*NAMES), NAMES[2]: b"mine"}
    assert f"{NAMES[2]}.gz" not in mirror.asked


def test_two_people_who_ask_at_once_fetch_each_file_once(mirror: Mirror, raw: Path) -> None:
    with ThreadPoolExecutor(2) as people:
        for _ in people.map(mnist.download, [lambda _: None] * 2):
            pass
    assert files_in(raw) == whole(*NAMES)
    assert mirror.asked == {f"{name}.gz": 1 for name in NAMES}


@pytest.mark.usefixtures("mirror")
def test_a_folder_that_cannot_be_made_is_named(raw: Path) -> None:
    raw.parents[1].write_text("a file, where the folder should be")
    with pytest.raises(DataError, match=r"could not be saved in '.*data' \(Not a directory\)"):
        mnist.download(lambda _: None)


@pytest.mark.usefixtures("mirror")
def test_a_full_device_leaves_nothing_half_written(raw: Path) -> None:
    """Linux has a device that is always full."""
    if not Path("/dev/full").exists():
        pytest.skip("This system has no device that is always full.")
    raw.mkdir(parents=True)
    (raw / f"{NAMES[0]}.part").symlink_to("/dev/full")
    with pytest.raises(DataError, match="No space left on device"):
        mnist.download(lambda _: None)
    assert files_in(raw) == {}


@pytest.mark.usefixtures("mirror")
def test_a_full_disk_leaves_nothing_half_written(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(file: Path, data: bytes) -> None:
        with file.open("wb") as stream:
            stream.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(DataError, match="No space left on device"):
        mnist.download(lambda _: None)
    assert files_in(raw) == {}
