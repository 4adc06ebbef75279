"""What many tests share: the real MNIST, and Hypothesis without chance."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from deploy import nginx
from model.images import mnist

torch.set_num_threads(1)  # as the app does: on nets this small more threads only wait for one another
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write files of expected results anew")


@pytest.fixture
def mnist_root() -> Path:
    """Return the folder that holds the real MNIST, which the project cannot ship; without it, skip and say so."""
    if not mnist.is_present():
        pytest.skip("This test reads the real MNIST: set MNIST_ROOT to a folder that holds it in MNIST/raw.")
    return mnist.root()


@pytest.fixture
def nginx_executable() -> str:
    """Return where nginx is; where none can be had, skip and say so, or fail under CI."""
    found = nginx.executable()
    if found is None:
        reason = "No nginx can be had here: 'make test' installs Debian's where that is allowed."
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return found
