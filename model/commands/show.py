"""Open the app on a network: use the app that runs already or start it, and open the browser when it answers."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from model.errors import CommandError
from model.networks import identity

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "viz" / "Home.py"
_ANSWER = 5.0  # seconds in which a program says what it is
_PATIENCE = 90.0  # seconds until the server must answer


def command(port: int) -> list[str]:
    """Return the command that starts the app."""
    options = ["--server.port", str(port), "--server.headless", "true", "--server.address", "127.0.0.1"]
    return [sys.executable, "-m", "streamlit", "run", str(HOME), *options]


def address(port: int, id: str) -> str:
    """Return the address that shows a network; it has ``net=`` even if the app was started with this network."""
    return f"http://127.0.0.1:{port}/?net={id}"


def show(id: str, port: int, browser: bool, say: Callable[[str], None]) -> int:
    """Open a network in the app that runs at the port; where none does, run it until it is stopped.

    Return the exit status.

    Args:
        id: Of the network.
        port: Of the server.
        browser: Whether the address is opened.
        say: Is called with what a reader should know.

    Raises:
        CommandError: The port is taken, or the app does not start.
    """
    if _is_running(port):
        say(f"The app runs already. The network is at {address(port, id)}.")
        if browser:
            webbrowser.open(address(port, id))
        return 0
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


def _is_running(port: int) -> bool:
    """Tell whether this app runs at a port, with the same networks.

    Raises:
        CommandError: The port is none, or belongs to another program or to an app with other networks.
    """
    if not 1 <= port <= 65_535:
        raise CommandError(f"--port is {port}.", "It is from 1 to 65535.", "Give another one.")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return False
    found = _identity(port)
    if found == identity.of_this_app():
        return True
    whose = "by an app that keeps its networks in another folder" if "app" in found else "by another program"
    raise CommandError(
        f"Port {port} is taken {whose}.",
        "The app needs a port of its own.",
        f"Stop the other program, or give --port {port + 1 if port < 65_535 else 8501}.",
    )


def _identity(port: int) -> dict[str, str]:
    """Return what the program at a port says that it is; nothing where it is no app of this kind."""
    with contextlib.suppress(OSError, ValueError, HTTPException):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{identity.PATH}", timeout=_ANSWER) as answer:
            found = json.loads(answer.read(1000))
        if isinstance(found, dict):
            return found
    return {}


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
