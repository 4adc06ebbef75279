"""Two replicas behind nginx: one is killed, and neither the people whom it served nor anybody else loses anything."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page

from model.handwriting import ink
from tests.browser.conftest import Visit
from tests.browser.people import (
    HAND,
    draw,
    expect_answer,
    expect_chosen,
    expect_read,
    expect_strokes,
    sample,
    shown,
)
from tests.deploying import answers, free_ports
from tests.serving import PATIENCE, ROOT, choose_source

START_UP = 300  # seconds


class Replicas:
    """``make replicas`` with two of them, and what it says."""

    def __init__(self, log: Path) -> None:
        self.port, self._log = free_ports(3), log
        self.address = f"http://127.0.0.1:{self.port}"
        with log.open("w") as written:
            self.process = subprocess.Popen(  # noqa: S603 (our own command)
                [sys.executable, "-m", "deploy.replicas", "--count", "2", "--port", str(self.port)],
                cwd=ROOT,
                stdout=written,
                stderr=subprocess.STDOUT,
            )

    def expect(self, said: str, times: int = 1) -> list[str]:
        """Wait until it has said something so many times, and return the last group of each."""
        deadline = time.monotonic() + START_UP
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
        deadline = time.monotonic() + START_UP
        while not answers(f"http://127.0.0.1:{self.port + int(replica)}/_stcore/health"):
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)

    def end(self) -> int:
        """End all as Control-C does, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=3 * PATIENCE / 1000)  # each replica may take its own


@pytest.fixture
def replicas(browser: Browser, nginx_executable: str, tmp_path: Path) -> Iterator[Replicas]:
    started = Replicas(tmp_path / "said.txt")
    started.expect("Serving at")
    yield started
    if started.process.poll() is None:
        started.end()


def replica_of(page: Page) -> str:
    """Return the number of the replica that the cookie names."""
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie.get("name") == "replica"]
    return cookie.get("value", "")


def expect_replica(page: Page, number: str) -> None:
    deadline = time.monotonic() + PATIENCE / 1000
    while replica_of(page) != number:
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)


def words(page: Page) -> str:
    """Return all that is written on the page, its numbers too."""
    return page.get_by_test_id("stMainBlockContainer").inner_text()


def a_two() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(230 - np.pad(ink(HAND["2a"]), 30) // 2).save(buffer, "PNG")
    return buffer.getvalue()


def test_when_a_replica_is_killed_its_people_go_on_at_another_one(visit: Visit, replicas: Replicas) -> None:
    page = visit("feature_maps?digit=project-8a", at=replicas.address)
    other = visit("feature_maps?digit=project-1a&row=Conv2d-7", at=replicas.address)
    home, elsewhere = replica_of(page), replica_of(other)
    assert {home, elsewhere} == {"1", "2"}
    seen_by_other = shown(other), words(other), other.url
    new_sockets_of_other: list[str] = []
    other.on("websocket", lambda socket: new_sockets_of_other.append(socket.url))

    page.get_by_role("button", name="Next").click()
    expect_chosen(page, row="ReLU-1")
    page.get_by_role("group", name="The maps of ").get_by_role("button").nth(5).click()
    expect_chosen(page, row="ReLU-1", channel="5")
    choose_source(page, "Draw")
    first, second, third = HAND["5a"]
    draw(page, [first, second])
    expect_strokes(page, 2)
    seen = shown(page), words(page), page.url

    os.kill(replicas.processes(home)[0], signal.SIGKILL)
    expect_replica(page, elsewhere)
    expect_answer(page)
    assert (shown(page), words(page), page.url) == seen
    replicas.processes(home, times=2)
    replicas.expect_healthy(home)  # it is back, but what it is asked for must not go to it
    draw(page, [third])
    expect_strokes(page, 3)
    expect_read(page, 5, "drawn by hand")
    choose_source(page, "Upload")
    page.locator("input[type=file]").set_input_files([FilePayload(name="2.png", mimeType="image/png", buffer=a_two())])
    expect_read(page, 2, "a picture of yours")
    expect_chosen(page, row="ReLU-1")
    expect_replica(page, elsewhere)

    assert (shown(other), words(other), other.url) == seen_by_other
    sample(other, "7a").click()
    expect_chosen(other, digit="project-7a", row="Conv2d-7")
    assert new_sockets_of_other == []
    processes = [*replicas.processes(home), *replicas.processes(elsewhere)]
    assert replicas.end() == 0
    assert [each for each in processes if Path(f"/proc/{each}").exists()] == []
