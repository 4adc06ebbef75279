"""Whether the person who opens a file sits at the machine that reads it, and how large a network may then be."""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


def is_own_machine(listens_at: str | None, headers: Mapping[str, str]) -> bool:
    """Tell whether the browser is on the machine of the server.

    It is, where all three hold: the server listens at a loopback address, which no other machine can reach; the
    browser asked for a loopback host, so no proxy or tunnel with a name of its own is between; and no proxy has left a
    header, as the one of ``make replicas`` does. Where one of these is not known, the server counts as open to others.

    Args:
        listens_at: The setting ``server.address``.
        headers: Of the browser's request.

    >>> is_own_machine("127.0.0.1", {"Host": "localhost:8501"}), is_own_machine("0.0.0.0", {"Host": "localhost:8501"})
    (True, False)
    """
    if listens_at not in LOOPBACK or any(headers.get(name) for name in _PROXIED):
        return False
    try:
        return urlsplit(f"//{headers.get('Host', '')}").hostname in LOOPBACK
    except ValueError:  # a host in brackets that do not match
        return False
