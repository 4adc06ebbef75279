"""Run several replicas of the app behind nginx, in the foreground: ``python -m deploy.replicas --count 3``.

Each replica is a Streamlit server on one of the ports after nginx's. Processes that die are restarted; Control-C ends
all of them.
"""

import argparse
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn
from urllib.error import HTTPError

from deploy import nginx

_ROOT = Path(__file__).parents[1]
_HERE = "127.0.0.1"  # replicas accept connections from this computer only; nginx may be open to others
_MOST = 64
_START_UP = 300  # seconds
_PAUSE = 1.0  # seconds between two checks for dead processes


class Server:
    """A process that is restarted when it dies."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self._command = name, command
        self._start()

    def _start(self) -> None:
        # On standard output Streamlit only prints its port, which is not for people; errors go to standard error.
        self.process = subprocess.Popen(self._command, cwd=_ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 (our own)
        _say(f"{self.name} is process {self.process.pid}.")

    def keep(self) -> None:
        """Restart it if it died."""
        if self.process.poll() is not None:
            _say(f"{self.name} ended with exit code {self.process.returncode}: restarting it.")
            self._start()

    def end(self) -> None:
        """Terminate it, and wait for its end."""
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Start all processes, and keep them alive until Control-C or SIGTERM."""
    chosen = _chosen(arguments)
    executable = nginx.executable() or _stop(
        "nginx is missing. On Debian: sudo apt-get install nginx. Or use one process: make app."
    )
    first, *ports = range(chosen.port, chosen.port + chosen.count + 1)
    _check_free(chosen.address, first)
    for port in ports:
        _check_free(_HERE, port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for background processes
    servers: list[Server] = []
    with TemporaryDirectory(prefix="glass-network-") as folder:
        written = nginx.configuration(f"{chosen.address}:{first}", [f"{_HERE}:{port}" for port in ports])
        (Path(folder) / "nginx.conf").write_text(written, encoding="utf-8")
        try:
            for number, port in enumerate(ports, start=1):
                servers.append(Server(f"Replica {number}, port {port},", _streamlit(port, chosen.images)))
            for server, port in zip(servers, ports, strict=True):
                _wait_for(server, port)
            servers.append(Server("nginx", [executable, "-p", folder, "-c", "nginx.conf", "-e", "stderr"]))
            _say(f"Serving at http://{chosen.address}:{first} with {chosen.count} replicas. Control-C ends all.")
            while True:
                time.sleep(_PAUSE)
                for server in servers:
                    server.keep()
        except KeyboardInterrupt:
            _say("Ending.")
        finally:
            for server in reversed(servers):
                server.end()


def _chosen(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make replicas", description="Run replicas of the app behind nginx.")
    parser.add_argument("--count", type=int, default=2, help="number of replicas (%(default)s)")
    parser.add_argument("--address", default=_HERE, help="nginx's address (%(default)s; 0.0.0.0: network)")
    parser.add_argument("--port", type=int, default=8501, help="nginx's port; replicas use the next ones (%(default)s)")
    parser.add_argument("--images", type=Path, help="a folder of pictures, with a sub-folder for each class")
    chosen = parser.parse_args(arguments)
    if chosen.images and not chosen.images.is_dir():
        parser.error(f"--images '{chosen.images}' is not possible. It can be a folder with pictures.")
    if not 1 <= chosen.count <= _MOST:
        parser.error(f"--count {chosen.count} is not possible. It can be 1 to {_MOST}: one per core is enough.")
    highest = 65_535 - chosen.count
    if not 1 <= chosen.port <= highest:
        parser.error(
            f"--port {chosen.port} is not possible. It can be 1 to {highest}; replicas use the ports after it."
        )
    return chosen


def _check_free(address: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            _stop(f"Cannot listen at {address}, port {port}: {error.strerror}. Choose another --address or --port.")


def _say(sentence: str) -> None:
    print(sentence, flush=True)  # without delay, also into a file


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(1)


def _streamlit(port: int, images: Path | None = None) -> list[str]:
    options = {
        "server.address": _HERE,
        "server.port": port,
        "server.headless": "true",
        "server.scriptHealthCheckEnabled": "true",
        "server.fileWatcherType": "none",
        "logger.level": "warning",
    }
    command = [sys.executable, "-m", "streamlit", "run", "viz/Home.py"]
    given = ["--", "--images", str(images.absolute())] if images else []
    return [*command, *(f"--{name}={value}" for name, value in options.items()), *given]


def _wait_for(server: Server, port: int) -> None:
    """Wait until a replica has run the app once, so that it is warm for the first person."""
    deadline = time.monotonic() + _START_UP
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            _stop(f"{server.name} ended at once with exit code {server.process.returncode}: see the reason above.")
        try:
            with urllib.request.urlopen(f"http://{_HERE}:{port}/_stcore/script-health-check"):
                return
        except HTTPError:  # it answers; the page shows the error
            return
        except OSError:
            time.sleep(0.1)
    _stop(f"{server.name} does not answer within {_START_UP} s.")


if __name__ == "__main__":
    main()
