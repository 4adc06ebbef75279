"""Every page of other networks, looked at for what a network can change; ``test_every_view.py`` looks at all else."""

import pytest

from tests.browser.conftest import Window
from tests.browser.controls import MAIN
from tests.browser.inspection import OF_A_NETWORK, inspect, told
from tests.views import FIRST

EXHAUSTIVE = pytest.mark.exhaustive
OTHERS = ["residual", "shapes", *(pytest.param(net, marks=EXHAUSTIVE) for net in ("lenet", "basic", "separable"))]


@pytest.mark.parametrize("net", OTHERS)
@pytest.mark.parametrize("path", FIRST)
def test_nothing_is_wrong_with_a_page_of_another_network(window: Window, path: str, net: str) -> None:
    found = inspect(window.open(f"{path}?net={net}"), MAIN, only=OF_A_NETWORK)
    assert not found, f"'{path}' of {net} {told(found)}"
    assert not window.contexts.failures
