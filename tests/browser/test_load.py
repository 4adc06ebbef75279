"""People without a browser, and the whole command ``bench.load``, on real servers."""

import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest

from bench.load import own_networks, people
from deploy import nginx
from tests.serving import ROOT, serving

DIGITS = ["project-3a", "project-4or9", "project-3a", "project-4or9"]


@pytest.fixture(scope="module")
def ask() -> Iterator[people.Ask]:
    with people.apart() as elsewhere:
        yield elsewhere


def test_a_visitor_is_sent_what_has_changed(app: str, ask: people.Ask) -> None:
    runs = ask(people.choosing, app, "feature_maps", DIGITS, 0)
    assert [run.wrong for run in runs] == [""] * 4
    assert all(1_000 < run.received < runs[0].received for run in runs[1:])  # the styles are not sent again


def test_people_climb_in_a_process_of_their_own(app: str, ask: people.Ask) -> None:
    rungs = ask(people.ladder, app, ["", "parameters"], DIGITS, (1, 4), 2.0, 0.2)
    assert len(rungs[0]) >= 1
    assert len(rungs[1]) >= 4  # each of the four has chosen
    assert {run.wrong for rung in rungs for run in rung} == {""}


def test_a_class_draws_new_digits_on_networks_of_its_own(ask: people.Ask) -> None:
    with own_networks.kept(2) as (folder, ids), serving(environment={"GLASS_NETWORKS": str(folder)}) as address:
        rungs = ask(people.ladder_of_a_class, address, ["overview", "head"], ids, (2,), 1.0, 0.2)
    assert {run.page for run in rungs[0]} == {"overview", "head"}
    assert {run.wrong for run in rungs[0]} == {""}
    assert all(0 < run.first < run.seconds for run in rungs[0])


@pytest.mark.exhaustive
def test_the_command_starts_all_servers_and_measures_everything() -> None:
    command = [sys.executable, "-m", "bench.load", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    assert done.returncode == 0, done.stderr
    assert_measured(done.stdout, ["overview", "feature maps"], ladders=3 if nginx.executable() else 2)


def assert_measured(tables: str, pages: Sequence[str], ladders: int) -> None:
    rows = [line.strip("| ").split(" | ") for line in tables.splitlines() if line.startswith("| ")]
    first = {row[0]: row for row in rows}
    for page in ("empty page", *pages):
        assert all(float(cell.split()[0]) > 0 for cell in first[page][1:]), page
    assert float(first["overview"][4].removesuffix(" MB")) > float(first["empty page"][4].removesuffix(" MB"))
    times = [float(cell.removesuffix(" ms")) for cell in first["3"][1:6] if cell != "-"]
    assert len(times) == 2 * ladders - 1  # of the empty page there is one
    assert min(times) > 0
    assert first["choices that failed"][1] == "0"
