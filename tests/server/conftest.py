"""One running server, looked at from outside and without a browser."""

from collections.abc import Iterator

import pytest

from tests.serving import serving
from tests.sessions import visiting


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Give the address of the app, which somebody has opened."""
    with serving() as running:
        with visiting(running) as visitor:
            visitor.open("overview", {})
        yield running
