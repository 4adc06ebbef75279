"""The files for containers agree with one another, with the project's files and with nginx."""

import ipaddress
import re
from pathlib import Path
from typing import Any

import yaml

from deploy import nginx
from tests.deploying import assert_accepted
from tests.serving import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
STAGES = {
    re.findall(r"AS (\w+)", stage)[0]: stage for stage in re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE)[1:]
}


def replicas() -> list[str]:
    """Return where the replicas listen: their addresses, and the port of the app's command."""
    (port,) = {*re.findall(r"(?:--server\.port=|127\.0\.0\.1:)(\d+)", STAGES["app"])}  # its health is asked there too
    networks = (service["networks"] for name, service in SERVICES.items() if name.startswith("replica-"))
    return [f"{network['inside']['ipv4_address']}:{port}" for network in networks]


def test_nginx_is_told_of_each_replica() -> None:
    assert SERVICES["proxy"]["build"]["args"]["REPLICAS"].split() == replicas()
    (inside,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    addresses = {ipaddress.ip_address(replica.partition(":")[0]) for replica in replicas()}
    assert len(addresses) == len(SERVICES) - 1
    assert all(address in ipaddress.ip_network(inside["subnet"]) for address in addresses)


def test_this_computer_alone_is_let_in_by_default_and_at_the_port_where_nginx_listens() -> None:
    (listen,) = re.findall(r"deploy\.nginx (\S+) \$REPLICAS", STAGES["configuration"])
    assert SERVICES["proxy"]["ports"] == [f"${{ADDRESS:-127.0.0.1}}:8501:{listen.partition(':')[2]}"]
    assert not any("ports" in service for name, service in SERVICES.items() if name != "proxy")


def test_the_images_hold_what_is_there_and_all_that_the_app_reads() -> None:
    lines = [line.split() for line in DOCKERFILE.splitlines() if line.startswith("COPY ") and "--from" not in line]
    copied = [name for line in lines for name in line[1:-1]]
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert {".streamlit", "model", "viz", "pages", "requirements.txt", "constraints.txt"} <= {*copied}


def test_each_service_is_a_stage_that_ends_in_a_command() -> None:
    for service in SERVICES.values():
        build = service["build"]
        assert (ROOT / "deploy" / build["context"] / build["dockerfile"]).is_file()
        assert "\nCMD [" in STAGES[build["target"]]
    assert {SERVICES[name]["build"]["target"] for name in SERVICES} == {"app", "proxy"}


def test_nginx_accepts_its_configuration_in_a_container(nginx_executable: str, tmp_path: Path) -> None:
    (command,) = re.findall(r"RUN python -m deploy\.nginx (.+) > nginx\.conf", STAGES["configuration"])
    listen, *addresses = command.replace("$REPLICAS", SERVICES["proxy"]["build"]["args"]["REPLICAS"]).split()
    assert_accepted(nginx_executable, nginx.configuration(listen, addresses), tmp_path)
