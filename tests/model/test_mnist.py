"""MNIST: read only when it is whole, fetched from a mirror however that misbehaves, and never half of a file."""

import errno
import gzip
import hashlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import MNIST

from model import mnist
from model.errors import DataError

NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder, not yet made, where MNIST's four files belong."""
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path / "data"))
    return tmp_path / "data" / "MNIST" / "raw"


# Reading


def idx(shape: tuple[int, ...], kind: int = 8) -> bytes:
    """Return zeros as MNIST's files hold them: a magic number, the size of each axis, the values."""
    header = bytes([0, 0, kind, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)
    return header + bytes(int(np.prod(shape)))


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

CONTENTS = {f"{name}.gz": gzip.compress(name.encode() * 9) for name in NAMES}
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


def well(request: BaseHTTPRequestHandler, data: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)


def not_found(request: BaseHTTPRequestHandler, data: bytes) -> None:
    request.send_error(404)


def cut_off(request: BaseHTTPRequestHandler, data: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data[: len(data) // 2])


def other_content(request: BaseHTTPRequestHandler, data: bytes) -> None:
    well(request, gzip.compress(b"something else"))


def no_http(request: BaseHTTPRequestHandler, data: bytes) -> None:
    request.wfile.write(b"what do you mean?\r\n\r\n")


class Mirror(ThreadingHTTPServer):
    """Serves the four files on a free port, in its own way, and counts what it was asked for."""

    def __init__(self) -> None:
        self.answer: Answer = well
        self.asked = Counter[str]()
        super().__init__(("127.0.0.1", 0), Answering)

    @property
    def address(self) -> str:
        """The address of its folder."""
        return f"http://127.0.0.1:{self.server_port}/"


class Answering(BaseHTTPRequestHandler):
    """Answers as its mirror does, without a log."""

    server: Mirror

    def do_GET(self) -> None:
        """Answer well for the first file, so that a failure comes when one is already there."""
        name = self.path.strip("/")
        self.server.asked[name] += 1
        answer = well if name.startswith(NAMES[0]) else self.server.answer
        answer(self, CONTENTS[name])

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Return a mirror that torchvision names as its only one."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    sums = [(name, hashlib.md5(data, usedforsecurity=False).hexdigest()) for name, data in CONTENTS.items()]
    monkeypatch.setattr(MNIST, "resources", sums)
    with Mirror() as server:
        monkeypatch.setattr(MNIST, "mirrors", [server.address])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


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
    assert mirror.asked == dict.fromkeys(CONTENTS, 1)


@pytest.mark.usefixtures("mirror")
def test_a_folder_that_cannot_be_made_is_named(raw: Path) -> None:
    raw.parents[1].write_text("a file, where the folder should be")
    with pytest.raises(DataError, match=r"could not be saved in '.*data' \(Not a directory\)"):
        mnist.download(lambda _: None)


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
