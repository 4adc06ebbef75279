"""A real server and a real browser, for tests and benchmarks."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, Error, Page, Playwright, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "viz" / "Home.py"
PATIENCE = 120_000  # milliseconds for whatever a page is waited for; only what never comes takes as long
_START_UP = 120  # seconds
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Chromium draws a window around each context, and in it two more pages: what drops down below its address bar. Nobody
# looks at them, and they double what it costs to open a page. The other names are Playwright's, which this replaces.
_SWITCHED_OFF = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "MediaRouter"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "NetworkTimeServiceQuerying", "OptimizationHints"),
    *("PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect"),
)
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_SWITCHED_OFF)}",
]
# A page of a test lives for seconds: what V8 spends on compiling its scripts well, a fifth of all, is not earned back.
# All pages of a context share a process, which keeps what it has compiled.
FOR_SHORT_VISITS = ("--js-flags=--no-opt --no-maglev --no-flush-bytecode", "--process-per-site")


@contextmanager
def serving(
    script: Path = HOME,
    environment: Mapping[str, str] | None = None,
    module: str = "streamlit",
    options: Sequence[str] = (),
) -> Iterator[str]:
    """Serve a Streamlit script on a free port of 127.0.0.1 and yield its address; the server ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", module, "run", str(script), "--server.headless=true"]
    server = subprocess.Popen(  # noqa: S603 (our own command)
        [*command, f"--server.port={port}", *options],
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
        _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


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


def launch(playwright: Playwright, *options: str) -> Browser | None:
    """Start an installed Chromium or Chrome, or Playwright's own; None where there is neither."""
    installed = next(filter(None, map(shutil.which, _NAMES)), None)
    try:
        return playwright.chromium.launch(executable_path=installed, args=[*_QUIET, *options])
    except Error:
        return None


class Runs:
    """Whether runs that a page has asked for are still pending, told from what it and the app say to each other."""

    def __init__(self, socket: WebSocket) -> None:
        self.pending, self._begun, self._uploading = False, False, False
        socket.on("framesent", self._note_sent)
        socket.on("framereceived", self._note_received)

    def _note_sent(self, frame: bytes | str) -> None:
        said = BackMsg.FromString(frame).WhichOneof("type") if isinstance(frame, bytes) else None
        if said == "file_urls_request":  # a file is sent, and then a run is asked for
            self.pending, self._uploading = True, True
        elif said == "rerun_script":
            self.pending, self._begun, self._uploading = True, False, False

    def _note_received(self, frame: bytes | str) -> None:
        said = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        if said.WhichOneof("type") == "new_session":
            self.pending, self._begun = True, True
        elif said.WhichOneof("type") == "script_finished":
            if said.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._begun = False  # another follows
            self.pending = self._uploading or not self._begun  # what ends before it has begun is the run before it


_RUNS: WeakKeyDictionary[Page, Runs] = WeakKeyDictionary()
# A busy browser draws a page piece by piece, and timers run in between: only when it is idle has it done all it had to.
# A page that nobody looks at may never be called idle: then it must do that nothing else waits for its turn.
_STATES = f"""
  const idle = () => Promise.race([
    new Promise((resolve) => requestIdleCallback(resolve)),
    scheduler.postTask(() => {{}}, {{ priority: "background", delay: 200 }}),
  ]);
  const rest = async () => {{
    const begun = performance.now();
    while (!document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        || document.querySelector('[data-testid="stSkeleton"]')) {{  // the code of an element is on its way
      if (performance.now() - begun > {PATIENCE}) throw new Error("the app does not come to rest");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }}
  }};"""
# A run for what was just done has been asked for by then.
_ASKED = f"""async () => {{
  {_STATES}
  await rest();
  await idle();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await idle();
}}"""
# The page shows what came last once nothing in it has changed for a while; what plays never stops changing.
_SHOWN = f"""async () => {{
  {_STATES}
  const [STILL, AT_MOST] = [60, 200];
  await document.fonts.ready;
  await idle();
  await new Promise((resolve) => {{
    const done = () => {{ observer.disconnect(); resolve(); }};
    let timer = setTimeout(done, STILL);
    const observer = new MutationObserver(() => {{ clearTimeout(timer); timer = setTimeout(done, STILL); }});
    observer.observe(document.body, {{ subtree: true, childList: true, attributes: true, characterData: true }});
    setTimeout(done, AT_MOST);
  }});
  await idle();
  await rest();
  return document.querySelectorAll('[data-testid="stException"]').length;
}}"""


def watch(page: Page) -> None:
    """Let ``settle`` know of each run of a page that has not been opened yet."""

    def listen(socket: WebSocket) -> None:
        if "/_stcore/stream" in socket.url:
            _RUNS[page] = Runs(socket)

    page.on("websocket", listen)


def settle(page: Page) -> None:
    """Wait until the app has finished all runs that the page has asked for, and fail if it shows an exception.

    A page that is not watched is judged by its looks alone: that will do where nothing was clicked.
    """
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        _in_page(page, _ASKED)
        while _is_pending(page):
            assert time.monotonic() < deadline, "the run does not end"
            page.wait_for_timeout(10)
        exceptions = _in_page(page, _SHOWN)
        if not _is_pending(page):  # what a run has brought may ask for another
            break
    assert exceptions == 0, page.locator("body").inner_text()


def _is_pending(page: Page) -> bool:
    return page in _RUNS and _RUNS[page].pending


def _in_page(page: Page, script: str) -> object:
    """Return what a script finds in a page; where the page is loaded anew meanwhile, it begins again there."""
    while True:
        try:
            return page.evaluate(script)
        except Error as error:
            if "context was destroyed" not in error.message:
                raise


def show_sidebar(page: Page) -> None:
    """Open the sidebar where a small screen has folded it away."""
    fold = page.get_by_test_id("stExpandSidebarButton")
    if fold.count() and fold.is_visible():
        fold.click()
        settle(page)


def choose_source(page: Page, name: str) -> None:
    """Choose where the digit comes from: ``Samples``, ``MNIST``, ``Draw`` or ``Upload``."""
    if page.locator("[data-testid=stMain] .st-key-picker").count() == 0:
        show_sidebar(page)
    source = page.get_by_role("radiogroup", name="Choose a digit").get_by_role("radio", name=name)
    if source.get_attribute("aria-checked") != "true":  # a second click closes it
        source.click()
    settle(page)
