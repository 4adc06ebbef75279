"""Two replicas behind nginx: one is killed, and neither the people whom it served nor anybody else loses anything."""

import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page

from model.images.strokes import rasterize
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
from tests.deploying import Replicas, serving_by_replicas
from tests.serving import PATIENCE, choose_source


@pytest.fixture
def replicas(browser: Browser, nginx_executable: str, tmp_path: Path) -> Iterator[Replicas]:
    with serving_by_replicas(tmp_path) as started:
        yield started


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
    Image.fromarray(230 - np.pad(rasterize(HAND["2a"]), 30) // 2).save(buffer, "PNG")
    return buffer.getvalue()


def test_when_a_replica_is_killed_its_people_go_on_at_another_one(visit: Visit, replicas: Replicas) -> None:
    page = visit("feature_maps?digit=project-8a", at=replicas.address, alone=True)
    other = visit("feature_maps?digit=project-1a&row=Conv2d-7", at=replicas.address, alone=True)
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
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(
        [FilePayload(name="2.png", mimeType="image/png", buffer=a_two())]
    )
    expect_read(page, 2, "a picture of yours")
    expect_chosen(page, row="ReLU-1", channel="5")
    expect_replica(page, elsewhere)

    assert (shown(other), words(other), other.url) == seen_by_other
    sample(other, "7a").click()
    expect_chosen(other, digit="project-7a", row="Conv2d-7")
    assert new_sockets_of_other == []
    processes = [*replicas.processes(home), *replicas.processes(elsewhere)]
    assert replicas.end() == 0
    assert [each for each in processes if Path(f"/proc/{each}").exists()] == []
