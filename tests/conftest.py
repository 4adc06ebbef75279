"""Shared markers and fixtures: the real MNIST, nginx, and deterministic Hypothesis."""

import gc
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from deploy import nginx
from model.images import mnist

MARKERS = {  # by folder
    "tests/browser": "browser",
    "tests/server": "server",
    "tests/deploy": "server",
    "tests/bench": "server",
    "tests/pages": "pages",
}
LONG, PARTS = ("tests/browser/test_every_view.py", "tests/browser/test_every_network.py"), 4

torch.set_num_threads(1)  # like the app: more threads do not help a network this small
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write files of expected results")


class Scheduler(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a file to one worker whole, for what its tests share, but a long file of many views to several in parts.

    Tests of browsers, which come first, often wait: the last worker begins at the other end, with what only computes.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node is self.nodes[-1]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        part = zlib.crc32(nodeid.encode()) % PARTS if file in LONG else 0
        return f"{file} {part}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler | None:
    return Scheduler(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage meanwhile, and later not in what was imported: all of it stays, and looking takes as long."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test that opens a browser, a server or a page."""
    folder = item.path.relative_to(item.config.rootpath).parts[:-1]
    if marker := MARKERS.get("/".join(folder[:2])):
        item.add_marker(marker)


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of this test run that is the same in all workers."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture
def mnist_root() -> Path:
    """Return the folder of the real MNIST, which the project cannot ship; skip the test without it."""
    if not mnist.is_present():
        pytest.skip("This test reads the real MNIST: set MNIST_ROOT to a folder that holds it in MNIST/raw.")
    return mnist.root()


@pytest.fixture
def nginx_executable() -> str:
    """Return the path of nginx; without it, skip the test, or fail in CI."""
    found = nginx.executable()
    if found is None:
        reason = "No nginx can be had here: 'make test' installs Debian's where that is allowed."
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return found
