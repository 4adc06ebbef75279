"""A mirror of MNIST on this computer, which answers as well or as badly as a test wants.

``python -m tests.mirror run viz/Home.py`` is Streamlit in a process where torchvision knows this mirror alone.
"""

import gzip
import hashlib
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from streamlit.web import cli
from torchvision.datasets import MNIST

NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
TOLD = "GLASS_MIRROR"
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


def idx(shape: tuple[int, ...], kind: int = 8) -> bytes:
    """Return zeros as MNIST's files hold them: a magic number, the size of each axis, the values."""
    header = bytes([0, 0, kind, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)
    return header + bytes(int(np.prod(shape)))


def blank() -> dict[str, bytes]:
    """Return the four files whole, all images blank and all labels 0."""
    shapes: list[tuple[int, ...]] = [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
    return {name: idx(shape) for name, shape in zip(NAMES, shapes, strict=True)}


def well(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Send it whole."""
    begin(request, len(data))
    request.wfile.write(data)


def begin(request: BaseHTTPRequestHandler, length: object) -> None:
    """Promise so much, and send nothing yet."""
    request.send_response(200)
    request.send_header("Content-Length", str(length))
    request.end_headers()


def not_found(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Refuse it."""
    request.send_error(404)


def cut_off(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Break off in the middle."""
    begin(request, len(data))
    request.wfile.write(data[: len(data) // 2])


def other_content(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Send another file."""
    well(request, gzip.compress(b"something else"))


def no_http(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Speak another language."""
    request.wfile.write(b"what do you mean?\r\n\r\n")


def nonsense_length(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Promise what is no number, and send half."""
    begin(request, "much")
    request.wfile.write(data[: len(data) // 2])


def drip(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Send byte by byte, for as long as somebody listens."""
    begin(request, 10_000)
    for _ in range(10_000):
        request.wfile.write(b".")
        time.sleep(0.02)


def web_page(request: BaseHTTPRequestHandler, data: bytes) -> None:
    """Lead to a page that asks to log in, as public networks do."""
    if request.path.endswith(".gz"):
        request.send_response(302)
        request.send_header("Location", "/login")
        request.end_headers()
    else:
        well(request, b"<html>Who are you?</html>")


class Mirror(ThreadingHTTPServer):
    """Serves files on a free port, in its own way, and counts what it was asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.answer: Answer = well
        self.asked = Counter[str]()
        self.packed = {f"{name}.gz": gzip.compress(data, 1, mtime=0) for name, data in files.items()}
        super().__init__(("127.0.0.1", 0), _Answering)

    @property
    def address(self) -> str:
        """The address of its folder."""
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def resources(self) -> list[tuple[str, str]]:
        """The names and MD5 sums of its files, as torchvision lists them."""
        return [(name, hashlib.md5(data, usedforsecurity=False).hexdigest()) for name, data in self.packed.items()]


class _Answering(BaseHTTPRequestHandler):
    """Answers as its mirror does, without a log."""

    server: Mirror

    def do_GET(self) -> None:
        """Answer well for the first file, so that a failure comes when one is already there."""
        name = self.path.strip("/")
        self.server.asked[name] += 1
        answer = well if name.startswith(NAMES[0]) else self.server.answer
        answer(self, self.server.packed.get(name, b""))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Take it calmly when whoever asked has gone away."""
        with suppress(ConnectionError):
            super().handle()


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Mirror]:
    """Serve files until the block ends."""
    with Mirror(files) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def stand_in(server: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let torchvision know this mirror alone, in this process."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(MNIST, "resources", server.resources)
    monkeypatch.setattr(MNIST, "mirrors", [server.address])


def told(server: Mirror) -> dict[str, str]:
    """Return the environment in which this module's process knows a mirror."""
    return {TOLD: json.dumps({"mirrors": [server.address], "resources": server.resources}), "no_proxy": "127.0.0.1"}


if __name__ == "__main__":
    for key, value in json.loads(os.environ[TOLD]).items():
        setattr(MNIST, key, value)
    cli.main()
