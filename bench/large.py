"""How fast a large network is: ``python -m bench.large`` opens ResNet-18 at 3 x 224 x 224 and walks all views.

In Chromium, on a server of its own, which is started with the file as ``glass show`` does: the file is larger than an
upload may be. *Opened* is how much later than a server without a file it shows the network. For each view: seconds from
a click on another picture, whose results are not known, to the first figure and to the end of the run; before that the
same for the first look at the view. The bare forward pass, measured in the same run, tells what the machine can do:
only the ratios mean something on another one.
Its arguments are parts of names of views, by default all.
"""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, urlencode

import torch
from playwright.sync_api import Page, WebSocket, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from torchvision import models

from bench.load import memory
from bench.load.visitor import fault, is_result, is_title
from bench.repaint import digit_button, show_samples
from model import kept_files
from model.graph.capture import capture, to_bytes
from model.networks import load
from tests.serving import PATIENCE, launch, serving, settle
from tests.views import VIEWS

GOALS = {"opened": 10.0, "painted": 3.0, "after a choice": 1.5, "memory": 1500.0}
FIRST = 0.3  # seconds to the first figure where the end takes longer than after a choice it may
_TITLE = "ResNet-18"


class Watch:
    """The messages of a page's runs: when the last run was asked for, and when its first figure and its end came."""

    def __init__(self, page: Page) -> None:
        self.asked = self.first = self.end = 0.0
        self.wrong, self._titled = "", False
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        if "/_stcore/stream" in socket.url:
            socket.on("framesent", self._sent)
            socket.on("framereceived", self._received)

    def begin(self) -> None:
        """Begin to wait for a run."""
        self.asked, self.first, self.end, self._titled = time.perf_counter(), 0.0, 0.0, False

    def _sent(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes) and BackMsg.FromString(frame).WhichOneof("type") == "rerun_script":
            self.first, self.end, self._titled = 0.0, 0.0, False

    def _received(self, frame: bytes | str) -> None:
        message = ForwardMsg.FromString(frame) if isinstance(frame, bytes) else ForwardMsg()
        self.wrong = self.wrong or fault(message)
        self._titled = self._titled or is_title(message)
        if self._titled and not self.first and is_result(message):
            self.first = time.perf_counter() - self.asked
        if message.WhichOneof("type") == "script_finished":
            self.end = time.perf_counter() - self.asked

    def wait(self, page: Page) -> tuple[float, float]:
        """Wait for the end of the run, and return the seconds to its first figure and to its end."""
        deadline = time.perf_counter() + PATIENCE / 1000
        while not self.end:
            assert time.perf_counter() < deadline, "the run does not end"  # noqa: S101 (a benchmark)
            page.wait_for_timeout(5)
        found = self.first or self.end, self.end
        settle(page)
        return found


@dataclass(frozen=True, slots=True)
class Look:
    """Seconds to the first figure and to the end, at the first look at a view and after a choice."""

    name: str
    new: tuple[float, float]
    chosen: tuple[float, float]

    @property
    def is_fast(self) -> bool:
        """Whether a choice is served in time, or at least its first figure."""
        return self.chosen[1] <= GOALS["after a choice"] or self.chosen[0] <= FIRST


def main(arguments: Sequence[str]) -> None:
    """Print a line for each view, and the goals."""
    torch.set_num_threads(1)
    with TemporaryDirectory() as place:
        folder, file = Path(place), Path(place) / "resnet18.glass"
        torch.manual_seed(0)
        file.write_bytes(to_bytes(capture(models.resnet18(weights=None).eval(), (3, 224, 224), title=_TITLE)))
        bare = bare_seconds(file)
        print(f"load average {os.getloadavg()[0]:.1f}; the bare forward pass of a picture takes {bare:.3f} s")
        kept = {"GLASS_NETWORKS": str(folder / "kept")}
        with sync_playwright() as playwright:
            browser = launch(playwright)
            if browser is None:
                sys.exit("No Chromium or Chrome is installed: 'make test' installs one.")
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            watch = Watch(page)
            begin = time.perf_counter()
            with serving(environment=kept) as address:
                show(page, address)
                without_file = time.perf_counter() - begin
                page.goto(f"{address}/saliency")  # Captum is imported late
                settle(page)
                before = memory.resident(memory.process_at(address))
            begin = time.perf_counter()
            with serving(environment=kept, options=["--", str(file)]) as address:
                show(page, address)
                opened = time.perf_counter() - begin - without_file
                page.get_by_text(f"{load(file).graph.used:,} parameters").first.wait_for()
                net = kept_files.hash_of(file.read_bytes())
                painted = look(page, watch, with_net(address, "overview", net))[1]
                wanted = {name: link for name, link in VIEWS.items() if any(part in name for part in arguments or [""])}
                looks = [
                    walk(page, watch, name, number, with_net(address, link, net), bare)
                    for number, (name, link) in enumerate(wanted.items())
                ]
                report(opened, painted, looks, memory.resident(memory.process_at(address)) - before)
            browser.close()


def bare_seconds(file: Path) -> float:
    """Return the seconds of one forward pass of a picture, the best of five."""
    network, taken = load(file).module, []
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        for _ in range(5):
            begin = time.perf_counter()
            network(x)
            taken.append(time.perf_counter() - begin)
    return min(taken)


def show(page: Page, address: str) -> None:
    """Open the app without choices: it shows the network that its server was started with."""
    page.goto(f"{address}/overview")
    settle(page)


def with_net(address: str, link: str, net: str) -> str:
    """Return the address of a view with a network, without the digit that the link names."""
    page, _, query = link.partition("?")
    chosen = {name: value for name, value in parse_qsl(query) if name != "digit"}
    return f"{address}/{page}?{urlencode({'net': net, **chosen})}"


def look(page: Page, watch: Watch, address: str) -> tuple[float, float]:
    """Open an address in a new session."""
    watch.begin()
    page.goto(address)
    return watch.wait(page)


def walk(page: Page, watch: Watch, name: str, number: int, address: str, bare: float) -> Look:
    """Look at a view, then choose another picture; another number is another picture."""
    new = look(page, watch, address)
    show_samples(page)
    button = digit_button(page, number)
    watch.begin()
    button.click()
    found = Look(name, new, watch.wait(page))
    ratio = found.chosen[1] / bare
    times = "".join(f"{seconds:9.2f} s" for seconds in (*new, *found.chosen))
    wrong, watch.wrong = watch.wrong, ""
    print(f"{name:<28}{times}{ratio:8.1f} passes  {'' if found.is_fast else 'SLOW'} {wrong[:80]}", flush=True)
    return found


def report(opened: float, painted: float, looks: Sequence[Look], more: float) -> None:
    """Print whether each goal is reached."""
    slow = [each.name for each in looks if not each.is_fast]
    for name, found in {"opened": opened, "painted": painted, "memory": more}.items():
        unit = "MB more" if name == "memory" else "s"
        reached = "reached" if found <= GOALS[name] else "MISSED"
        print(f"{reached:<10}{name}: {found:.2f} {unit}, goal {GOALS[name]} {unit}")
    said = f"{', '.join(slow)} take longer" if slow else f"all in time, or the first figure in {FIRST} s"
    print(f"{'MISSED' if slow else 'reached':<10}after a choice: {said}; goal {GOALS['after a choice']} s")


if __name__ == "__main__":
    main(sys.argv[1:])
