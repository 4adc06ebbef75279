"""What tests and benchmarks of several replicas share: the replicas, nginx's word on a configuration, free ports."""

import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.serving import PATIENCE, ROOT

_START_UP = 300  # seconds


def said_by_nginx(executable: str, configuration: str, folder: Path) -> str:
    """Let nginx test a configuration, and return what it says of it."""
    (folder / "nginx.conf").write_text(configuration, encoding="utf-8")
    command = [executable, "-t", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stderr  # noqa: S603


def assert_accepted(executable: str, configuration: str, folder: Path) -> None:
    said = said_by_nginx(executable, configuration, folder)
    assert "test is successful" in said
    assert not [line for line in said.splitlines() if line.startswith("nginx: [")]  # no warning either


def free_ports(count: int) -> int:
    """Return the first of so many free ports of 127.0.0.1, all below those that the system hands out by itself.

    A server that comes back to its port would else find it taken now and then, by somebody's connection.
    """
    while True:
        first = random.randrange(20_000, 32_000)  # noqa: S311 (no secret)
        if all(map(_is_free, range(first, first + count))):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def answers(address: str) -> bool:
    """Say whether a server answers at an address of this computer."""
    try:
        with urllib.request.urlopen(address, timeout=1):  # noqa: S310 (our own server)
            return True
    except OSError:
        return False


class Replicas:
    """``make replicas``, and what it says.

    Args:
        log: Where that is written.
        count: How many there are.
    """

    def __init__(self, log: Path, count: int = 2) -> None:
        self.port, self._log = free_ports(1 + count), log
        self.address = f"http://127.0.0.1:{self.port}"
        self.each = [f"http://127.0.0.1:{self.port + number}" for number in range(1, count + 1)]  # without nginx
        with log.open("w") as written:
            self.process = subprocess.Popen(  # noqa: S603 (our own command)
                [sys.executable, "-m", "deploy.replicas", "--count", f"{count}", "--port", str(self.port)],
                cwd=ROOT,
                stdout=written,
                stderr=subprocess.STDOUT,
            )

    def expect(self, said: str, times: int = 1) -> list[str]:
        """Wait until it has said something so many times, and return the last group of each."""
        deadline = time.monotonic() + _START_UP
        while len(found := re.findall(said, self._log.read_text())) < times:
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)
        return found

    def processes(self, replica: str, times: int = 1) -> list[int]:
        """Wait until a replica has been started so many times, and return its processes."""
        return [int(process) for process in self.expect(rf"Replica {replica}, .+ is process (\d+)\.", times)]

    def expect_healthy(self, replica: str) -> None:
        """Wait until a replica answers, asked without nginx."""
        _expect_answer(self.each[int(replica) - 1])

    def end(self) -> int:
        """End all as Control-C does, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=3 * PATIENCE / 1000)  # each replica may take its own


def _expect_answer(address: str) -> None:
    deadline = time.monotonic() + _START_UP
    while not answers(f"{address}/_stcore/health"):
        assert time.monotonic() < deadline, f"{address} does not answer"
        time.sleep(0.1)


@contextmanager
def serving_by_replicas(folder: Path, count: int = 2) -> Iterator[Replicas]:
    """Start replicas, which write what they say into a folder, and wait until they serve; they end with the block."""
    started = Replicas(folder / "said.txt", count)
    try:
        started.expect("Serving at")
        _expect_answer(started.address)  # it is said when nginx has been started, before it listens
        yield started
    finally:
        if started.process.poll() is None:
            started.end()
