"""The server is killed and started anew while people are at work: nothing that they made is lost."""

import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.people import CONNECTED, HAND, draw, expect_answer, expect_chosen, expect_read, expect_strokes, shown
from tests.deploying import answers, free_ports
from tests.serving import HOME, ROOT, choose_source

START_UP = 120  # seconds


class MortalServer:
    """The app on one port of 127.0.0.1, to be killed and started again."""

    def __init__(self) -> None:
        self.port = free_ports(1)
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [f"--server.port={self.port}", "--server.headless=true", "--server.fileWatcherType=none"]
        self.process = subprocess.Popen(  # noqa: S603 (our own command)
            [sys.executable, "-m", "streamlit", "run", str(HOME), *options],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_UP
        while not answers(f"{self.address}/_stcore/health"):
            assert self.process.poll() is None, "the server ended at once"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, as what runs out of memory is ended."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server() -> Iterator[MortalServer]:
    started = MortalServer()
    yield started
    started.kill()


def test_who_draws_while_the_server_dies_and_comes_back_loses_nothing(visit: Visit, server: MortalServer) -> None:
    page = visit("feature_maps?row=Conv2d-7&channel=3", at=server.address)
    choose_source(page, "Draw")
    first, second, third = HAND["5a"]
    draw(page, [first], lift=False)  # no link holds anything of it yet
    server.kill()
    expect(page.locator(CONNECTED)).to_have_count(0)
    page.mouse.up()  # nobody hears of it
    server.start()
    expect_strokes(page, 1)
    draw(page, [second])
    expect_strokes(page, 2)
    draw(page, [third], lift=False)
    server.kill()
    expect(page.locator(CONNECTED)).to_have_count(0)
    server.start()
    expect_answer(page)
    page.mouse.up()  # who hears of it has not heard of the others
    np.testing.assert_allclose(np.concatenate(expect_strokes(page, 3)), np.concatenate(HAND["5a"]), atol=0.02)
    expect_read(page, 5, "drawn by hand")
    drawn, link = shown(page), page.url

    server.kill()
    expect(page.locator(CONNECTED)).to_have_count(0)
    server.start()
    expect_answer(page)
    assert (shown(page), page.url) == (drawn, link)
    page.get_by_role("button", name="Next").click()  # the first thing that the new server hears of
    expect_chosen(page, row="ReLU-7", channel="3")
    assert shown(page) == drawn
