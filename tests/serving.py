"""A real server and a real browser, for tests and benchmarks."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, Playwright

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "viz" / "Home.py"
_START_UP = 60  # seconds
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def serving(script: Path = HOME, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve a Streamlit script on a free port of 127.0.0.1 and yield its address; the server ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
    options = [f"--server.port={port}", "--server.fileWatcherType=none"]
    server = subprocess.Popen(  # noqa: S603 (our own command)
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(server, f"{address}/_stcore/health")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(server: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _START_UP
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended at once, with exit code {server.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=1):  # noqa: S310 (our own server)
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer within {_START_UP} s")


def launch(playwright: Playwright) -> Browser | None:
    """Start an installed Chromium or Chrome, or Playwright's own; None where there is neither."""
    installed = next(filter(None, map(shutil.which, _NAMES)), None)
    try:
        return playwright.chromium.launch(executable_path=installed, args=_QUIET)
    except Error:
        return None


def settle(page: Page) -> None:
    """Wait until the app has finished its run, and fail if it shows an exception."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_timeout(250)  # a run that was just asked for has begun by then
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    assert page.locator('[data-testid="stException"]').count() == 0, page.locator("body").inner_text()


def show_sidebar(page: Page) -> None:
    """Open the sidebar where a small screen has folded it away."""
    fold = page.get_by_test_id("stExpandSidebarButton")
    if fold.count() and fold.is_visible():
        fold.click()
        settle(page)


def choose_source(page: Page, name: str) -> None:
    """Choose in the sidebar where the digit comes from: ``Samples``, ``MNIST``, ``Draw`` or ``Upload``."""
    show_sidebar(page)
    page.get_by_role("radiogroup", name="Choose a digit").get_by_role("radio", name=name).click()
    settle(page)
