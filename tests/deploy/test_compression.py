"""What nginx compresses, asked of a server behind it."""

import gzip
import http.server
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy import nginx
from tests.deploying import answers, free_ports

TEXT = b"the same words, again and again; " * 500
KINDS = {
    "a.js": "text/javascript",
    "a.css": "text/css",
    "a.svg": "image/svg+xml",
    "a.json": "application/json",
    "a.woff2": "font/woff2",
}


class Files(http.server.BaseHTTPRequestHandler):
    """Answers each name with the same text, of the kind that the name says."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", KINDS[self.path.strip("/")])
        self.send_header("Content-Length", str(len(TEXT)))
        self.end_headers()
        self.wfile.write(TEXT)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving_files() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def address(nginx_executable: str, tmp_path: Path) -> Iterator[str]:
    """Give the address of nginx in front of a server of files."""
    listen = f"127.0.0.1:{free_ports(1)}"
    with serving_files() as port:
        configuration = nginx.configuration(listen, [f"127.0.0.1:{port}"])
        (tmp_path / "nginx.conf").write_text(configuration, encoding="utf-8")
        command = [nginx_executable, "-p", str(tmp_path), "-c", "nginx.conf"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as started:  # noqa: S603 (our own command)
            deadline = time.monotonic() + 60
            while not answers(f"http://{listen}/a.js"):
                assert started.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"http://{listen}"
            started.terminate()


@pytest.mark.parametrize("name", KINDS)
def test_text_is_compressed_and_what_is_compressed_already_is_not(address: str, name: str) -> None:
    asked = urllib.request.Request(f"{address}/{name}", headers={"Accept-Encoding": "gzip"})  # noqa: S310 (our own)
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 (our own server)
        body, encoding = answer.read(), answer.headers["Content-Encoding"]
    if name == "a.woff2":
        assert encoding is None
        assert body == TEXT
    else:
        assert encoding == "gzip"
        assert gzip.decompress(body) == TEXT
        assert len(body) < len(TEXT) / 10
