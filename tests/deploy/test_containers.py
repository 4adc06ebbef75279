"""The files for containers agree with one another, with the project's files and with nginx."""

import ipaddress
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.load.visitor import fault
from deploy import nginx
from tests.deploying import answers, assert_accepted, free_ports
from tests.serving import ROOT
from tests.sessions import visiting

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


def copied(stage: str) -> list[str]:
    """Return what a stage takes over from the project."""
    lines = [line.split() for line in STAGES[stage].splitlines() if line.startswith("COPY ") and "--from" not in line]
    return [name for line in lines for name in line[1:-1]]


def test_this_computer_alone_is_let_in_by_default_and_at_the_port_where_nginx_listens() -> None:
    (listen,) = re.findall(r"deploy\.nginx (\S+) \$REPLICAS", STAGES["configuration"])
    assert SERVICES["proxy"]["ports"] == [f"${{ADDRESS:-127.0.0.1}}:8501:{listen.partition(':')[2]}"]
    assert not any("ports" in service for name, service in SERVICES.items() if name != "proxy")


PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize(
    "pages",
    [["overview", "layers", "training"], pytest.param(PAGES, marks=pytest.mark.exhaustive)],
    ids=["three", "all"],
)
def test_what_the_image_holds_is_enough_for_pages(pages: list[str], tmp_path: Path) -> None:
    """Without a container: the files that go into the image, and the command that it starts with."""
    for name in copied("app"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    (line,) = re.findall(r"^CMD (\[.+\])$", STAGES["app"], flags=re.MULTILINE)
    python, *command = json.loads(line)
    assert python == "python"
    port = free_ports(1)
    for asked, here in (("--server.address=0.0.0.0", "--server.address=127.0.0.1"), ("port=8501", f"port={port}")):
        assert asked in " ".join(command)
        command = [argument.replace(asked, here) for argument in command]
    with (
        (tmp_path / "said.txt").open("w") as said,
        subprocess.Popen([sys.executable, *command], cwd=tmp_path, stdout=said, stderr=said) as server,  # noqa: S603
    ):
        try:
            while not answers(f"http://127.0.0.1:{port}/_stcore/health"):
                assert server.poll() is None, (tmp_path / "said.txt").read_text()
            with visiting(f"http://127.0.0.1:{port}") as visitor:
                for page in pages:
                    found = [fault(message) for message in visitor.open(page, {})]
                    assert {*found} == {""}, page
        finally:
            server.terminate()


def test_what_goes_into_the_images_is_there() -> None:
    assert [source for stage in STAGES for source in copied(stage) if not (ROOT / source).exists()] == []


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
