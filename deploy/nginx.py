"""Write an nginx configuration for several replicas: ``python -m deploy.nginx 127.0.0.1:8501 127.0.0.1:8502 ...``.

The first address is that of nginx, the others are those of the replicas.
"""

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_TEMPLATE = Path(__file__).with_name("nginx.conf")
_PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"  # some are missing in a usual PATH
_FAILS = "max_fails=1 fail_timeout=2s"  # a replica that does not answer gets no requests for this time


def configuration(listen: str, replicas: Sequence[str]) -> str:
    """Return the template with all names replaced.

    Args:
        listen: Address and port of nginx.
        replicas: Address and port of each replica; the cookie numbers them from 1.
    """
    numbered = dict(enumerate(replicas, start=1))
    parts = [_upstream("any", replicas, others=[])]
    for number, replica in numbered.items():
        parts.append(_upstream(f"replica-{number}", [replica], [other for other in replicas if other != replica]))
    parts.append(
        _block("map $cookie_replica $chosen", ["default any", *(f"{each} replica-{each}" for each in numbered)])
    )
    # The last replica that was tried has answered the request.
    served = [f'"~(^| ){re.escape(replica)}$" {number}' for number, replica in numbered.items()]
    parts.append(_block("map $upstream_addr $served", served))
    template = _TEMPLATE.read_text(encoding="utf-8")
    return template.replace("@listen@", listen).replace("@replicas@", "\n".join(parts))


def executable() -> str | None:
    """Return the path of nginx, or None."""
    return shutil.which("nginx") or shutil.which("nginx", path=_PLACES)


def _upstream(name: str, replicas: Sequence[str], others: Sequence[str]) -> str:
    servers = [f"server {replica} {_FAILS}" for replica in replicas]
    return _block(f"upstream {name}", [*servers, *(f"server {other} backup {_FAILS}" for other in others)])


def _block(head: str, lines: Sequence[str]) -> str:
    return "\n".join([f"  {head} {{", *(f"    {line};" for line in lines), "  }"])


if __name__ == "__main__":
    print(configuration(sys.argv[1], sys.argv[2:]))
