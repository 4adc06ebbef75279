"""On whose machine a file is read: large networks are for one's own alone."""

import pytest

from viz.open.own_machine import is_own_machine


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "127.0.0.1", "[::1]:8501", "LOCALHOST:8501"])
def test_a_browser_on_the_machine_of_the_server(host: str) -> None:
    assert is_own_machine("127.0.0.1", {"Host": host})


@pytest.mark.parametrize(
    ("listens_at", "headers"),
    [
        ("0.0.0.0", {"Host": "localhost:8501"}),  # noqa: S104 (an example)
        (None, {"Host": "localhost:8501"}),
        ("127.0.0.1", {"Host": "school.example"}),
        ("127.0.0.1", {"Host": "localhost.school.example"}),
        ("127.0.0.1", {"Host": "localhost:8501", "X-Forwarded-For": "10.0.0.7"}),
        ("127.0.0.1", {"Host": "localhost:8501", "Via": "1.1 proxy"}),
        ("127.0.0.1", {"Host": "[::1"}),
        ("127.0.0.1", {"Host": ""}),
        ("127.0.0.1", {}),
    ],
)
def test_a_server_that_others_may_use(listens_at: str | None, headers: dict[str, str]) -> None:
    assert not is_own_machine(listens_at, headers)
