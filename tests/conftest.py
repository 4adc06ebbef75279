"""Shared markers and fixtures: the real MNIST, nginx, and deterministic Hypothesis."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from deploy import nginx
from model.images import mnist

MARKERS = {  # by folder
    "tests/browser": "browser",
    "tests/server": "server",
    "tests/deploy": "server",
    "tests/bench": "server",
    "tests/pages": "pages",
}

torch.set_num_threads(1)  # like the app: more threads do not help a network this small
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write files of expected results")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test that opens a browser, a server or a page."""
    folder = item.path.relative_to(item.config.rootpath).parts[:-1]
    if marker := MARKERS.get("/".join(folder[:2])):
        item.add_marker(marker)


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
