"""The configuration for replicas on one computer, as nginx reads it."""

from pathlib import Path

import pytest

from deploy import nginx
from tests.deploying import assert_accepted, free_ports, said_by_nginx


@pytest.mark.parametrize("count", [1, 2, 64])
def test_nginx_accepts_it_for_any_number_of_replicas(nginx_executable: str, tmp_path: Path, count: int) -> None:
    configuration = nginx.configuration(
        f"127.0.0.1:{free_ports(1)}", [f"127.0.0.1:{port}" for port in range(8502, 8502 + count)]
    )
    assert "@" not in configuration.partition("daemon off;")[2]
    assert_accepted(nginx_executable, configuration, tmp_path)


def test_nginx_refuses_it_where_a_replica_is_unknown(nginx_executable: str, tmp_path: Path) -> None:
    configuration = nginx.configuration(f"127.0.0.1:{free_ports(1)}", ["nowhere.invalid:8502"])
    assert "host not found" in said_by_nginx(nginx_executable, configuration, tmp_path)
