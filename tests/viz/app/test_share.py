"""The link of a view, for others: what the browser says, unless it sits at the server."""

import re

import pytest

from viz.app import share

OWN, EVERYWHERE = "10.1.2.3", "0.0.0.0"  # noqa: S104 (no server is started)


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "own_address", lambda: OWN)


@pytest.mark.parametrize(
    ("url", "listens_at", "expected"),
    [
        ("http://localhost:8501/head", None, (f"http://{OWN}:8501/head", True)),
        ("http://127.0.0.1:8501/head", EVERYWHERE, (f"http://{OWN}:8501/head", True)),
        ("http://localhost/", "10.9.9.9", ("http://10.9.9.9/", True)),
        ("http://localhost:8501/", "127.0.0.1", ("http://localhost:8501/", False)),
        ("http://[::1]:8501/", "::1", ("http://[::1]:8501/", False)),
        ("https://class.school.org/glass/head", "127.0.0.1", ("https://class.school.org/glass/head", True)),
        ("http://10.7.7.7:9000/", EVERYWHERE, ("http://10.7.7.7:9000/", True)),
        ("", None, ("", False)),
    ],
)
def test_address_is_the_browsers_or_that_of_this_computer(
    url: str, listens_at: str | None, expected: tuple[str, bool]
) -> None:
    assert share.address_for_others(url, listens_at) == expected


def test_a_computer_without_a_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "own_address", lambda: "")
    assert share.address_for_others("http://localhost:8501/", None) == ("http://localhost:8501/", False)


def test_the_own_address_is_one_of_this_computer() -> None:
    found = share.own_address.__wrapped__() if hasattr(share.own_address, "__wrapped__") else share.own_address()
    assert found == "" or re.fullmatch(r"[0-9]+(\.[0-9]+){3}", found)


def test_a_link_that_is_too_long_has_no_code() -> None:
    short = share.code_of("http://10.1.2.3:8501/head?digit=test-3")
    assert short.startswith("data:image/svg+xml")
    assert share.code_of("http://10.1.2.3:8501/?digit=" + "a" * 970).startswith("data:")
    assert share.code_of("http://10.1.2.3:8501/?digit=" + "a" * 980) == ""


@pytest.mark.parametrize("text", ['a"b', "a\\b", "</style><b>", "'; } body {", "a\nb", "Ä · 3 × 3"])
def test_a_text_at_the_foot_is_only_a_text(text: str) -> None:
    """Read back as CSS does: an escape is a number and a space."""
    written = share.css_string(text)
    inner = written[1:-1]
    assert not set(inner) & set("\"<>&'{}\n")
    assert re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), inner) == text
