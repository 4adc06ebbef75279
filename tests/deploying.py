"""What tests of several replicas share: nginx's word on a configuration, and ports that are free."""

import random
import socket
import subprocess
import urllib.request
from pathlib import Path


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
