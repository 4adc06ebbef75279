"""The time until a new visitor sees content in Chromium, and the bytes until the page is complete."""

from contextlib import closing
from dataclasses import dataclass

from playwright.sync_api import Browser, WebSocket

from tests.serving import PATIENCE, settle

# Record when a heading of the app, or the empty page's line, was painted, counted from the navigation.
_WATCH = """
(() => {
  const look = () => {
    const found = document.querySelector('[data-testid="stMain"] :is(h1, .run)');
    if (!found || !found.textContent.trim()) return requestAnimationFrame(look);
    requestAnimationFrame(() => requestAnimationFrame(() => { window.firstContent = performance.now() / 1000; }));
  };
  look();
})();
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """Seconds until the first content was painted, and bytes received until the page was idle."""

    seconds: float
    received: int


def visit(browser: Browser, address: str) -> Visit:
    """Open a page as a new visitor with an empty browser cache."""
    with closing(browser.new_context(viewport={"width": 1280, "height": 800})) as context:
        context.set_default_timeout(3 * PATIENCE)  # a server that has just started may still import PyTorch
        page = context.new_page()
        received: list[float] = []
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))

        def listen(socket: WebSocket) -> None:
            socket.on("framereceived", lambda frame: received.append(len(frame)))

        page.on("websocket", listen)
        page.add_init_script(_WATCH)
        page.goto(address)
        page.wait_for_function("() => window.firstContent")
        settle(page)
        page.wait_for_load_state("networkidle")
        return Visit(float(page.evaluate("window.firstContent")), round(sum(received)))
