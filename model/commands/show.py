"""Open the app on a network: keep its file in the store, start the server, and open the browser when it answers."""

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable
from pathlib import Path

from model.errors import CommandError

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "viz" / "Home.py"
_PATIENCE = 90.0  # seconds until the server must answer
NOT_YET = "For now the pages show the assignment's network; they do not open other networks yet."


def command(port: int) -> list[str]:
    """Return the command that starts the app."""
    options = ["--server.port", str(port), "--server.headless", "true", "--server.address", "127.0.0.1"]
    return [sys.executable, "-m", "streamlit", "run", str(HOME), *options]


def address(port: int, id: str) -> str:
    """Return the app's address for a network."""
    return f"http://127.0.0.1:{port}/" + ("" if id == "assignment" else f"?net={id}")


def show(id: str, port: int, browser: bool, say: Callable[[str], None]) -> int:
    """Run the app until it is stopped; return its exit status.

    Args:
        id: Of the network.
        port: Of the server.
        browser: Whether the address is opened.
        say: Is called with what a reader should know.

    Raises:
        CommandError: The port is taken, or the app does not start.
    """
    _check_port(port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server ends with this command
    process = subprocess.Popen(command(port), cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 (Streamlit)
    try:
        _wait(process, port)
        say(f"The app is at {address(port, id)} (Control-C stops it).")
        if browser:
            webbrowser.open(address(port, id))
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _check_port(port: int) -> None:
    if not 1 <= port <= 65_535:
        raise CommandError(f"--port is {port}.", "It is from 1 to 65535.", "Give another one.")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise CommandError(
                f"Port {port} is taken, perhaps by the app already.",
                "The app needs a port of its own.",
                f"Stop the other program, or give --port {port + 1}.",
            )


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise CommandError(
        f"The app does not answer at port {port}.", "It starts within seconds.", "Look at what it printed above."
    )
