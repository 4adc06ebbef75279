"""Limits hold, fail, or are not known, each with its evidence; JSON has its fixed form, and the status says all."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model.commands.check import Counted, Limits, as_text, count_correct, limits, report
from model.commands.cli import main
from model.commands.records import Mistake
from model.errors import DataError
from model.graph.records import Unused
from model.images import mnist
from model.networks import load
from model.networks.records import Network

PEAK = [{"epoch": n, "accuracy": each} for n, each in enumerate((98.0, 99.41, 99.3), 1)]
README = (
    "| Layer | Output Shape | Param # |\n|--|--|--|\n| Conv2d-1 | [-1, 8, 26, 26] | 80 |\n"
    "| Conv2d-4 | [-1, 16, 24, 24] | {} |"
)


def network(**changed: Any) -> Network:
    """Return the assignment's network with something changed, without a card."""
    found = load("assignment")
    graph = replace(found.graph, **changed)
    return replace(found, graph=graph, card={})


def judged(asked: Limits, history: list[Mapping[str, float]] | None = None, **given: Any) -> tuple[bool | None, str]:
    """Return whether one limit holds, and its evidence."""
    counted = given.pop("counted", Counted())
    (found,) = limits(network(**given), asked, [dict(row) for row in history or []], counted)
    return found.holds, found.evidence


@pytest.mark.parametrize(("most", "holds"), [(20_000, True), (10_066, True), (10_065, False)])
def test_parameters_are_limited(most: int, holds: bool) -> None:
    assert judged(Limits(parameters=most)) == (holds, "10,066 parameters")


def test_what_is_owned_and_never_called_counts() -> None:
    unused = (Unused("fc1", "Linear", 50_000),)
    holds, evidence = judged(Limits(parameters=20_000), owned=60_066, unused=unused)
    assert (holds, evidence) == (False, "10,066 used, 60,066 owned; never called: fc1 (50,000)")


def test_a_linear_layer_is_found() -> None:
    assert judged(Limits(no_linear=True)) == (True, "none runs")
    assert judged(Limits(no_linear=True), unused=(Unused("fc1", "Linear", 5),))[1].endswith("never called: fc1")


@pytest.mark.parametrize(
    ("history", "holds", "evidence"),
    [
        (PEAK, True, "the history has 3 epochs, the last is 3"),
        ([{"epoch": 21, "loss": 1}], False, "1 epoch"),
        ([], None, "--history"),
    ],
)
def test_epochs_are_counted(history: list[Mapping[str, float]], holds: bool | None, evidence: str) -> None:
    found = judged(Limits(epochs=20), history)
    assert found[0] is holds
    assert evidence in found[1]


@pytest.mark.parametrize(
    ("history", "counted", "holds", "evidence"),
    [
        (PEAK, Counted(), False, "best 99.41 % at epoch 2, last 99.30 % at epoch 3; the best was chosen by looking"),
        (PEAK[:2], Counted(), True, "last 99.41 % at epoch 2"),
        (PEAK, Counted(9953, 10_000), True, "9,953 of 10,000 test images are correct (99.53 %); best 99.41 %"),
        ([], Counted(9900, 10_000), False, "(99.00 %)"),
        ([], Counted(reason="the weights are random"), None, "the weights are random"),
        ([], Counted(), None, "neither a history"),
    ],
)
def test_accuracy_is_that_of_the_test_images_or_of_the_last_epoch(
    history: list[Mapping[str, float]], counted: Counted, holds: bool | None, evidence: str
) -> None:
    found = judged(Limits(accuracy=99.4), history, counted=counted)
    assert found[0] is holds
    assert evidence in found[1]


def test_another_kind_of_picture_is_not_counted() -> None:
    colour = replace(load("assignment"), classes=("a", "b"))
    assert "tells 2 classes apart" in count_correct(colour, Path("none"), print).reason


@pytest.mark.slow(reason="counts 10,000 images")
def test_the_test_images_are_counted(mnist_root: Path) -> None:
    seen: list[int] = []
    assert count_correct(load("assignment"), mnist_root, seen.append) == Counted(9953, 10_000)
    before = mnist.root()
    with pytest.raises(DataError, match="MNIST is not complete in '/nowhere'"):
        count_correct(load("assignment"), Path("/nowhere"), seen.append)
    assert mnist.root() == before, "the folder is for this count alone"
    assert sum(seen) == 10_000


def test_a_report_holds_where_nothing_fails_and_all_is_known() -> None:
    fine = report(network(), Limits(parameters=20_000), [], Counted(), [], 3)
    assert fine.holds
    assert not report(network(), Limits(epochs=20), [], Counted(), [], 3).holds  # not known
    assert not report(network(), Limits(), [], Counted(), [Mistake("x", "1", "2", "why")], 3).holds
    assert as_text(fine).splitlines()[0] == "holds    at most 20,000 parameters: 10,066 parameters."


@pytest.mark.parametrize(("count", "status"), [("1168", 0), ("1,160", 1)])
def test_the_command_gives_json_and_a_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: str, status: int
) -> None:
    path = tmp_path / "README.md"
    path.write_text(README.format(count), encoding="utf-8")
    arguments = ["check", "assignment", "--readme", str(path), "--max-parameters", "--format", "json"]
    assert main(arguments) == status
    found = json.loads(capsys.readouterr().out)
    assert found["limits"] == [{"name": "at most 20,000 parameters", "holds": True, "evidence": "10,066 parameters"}]
    expected = {
        "where": "Conv2d-4 parameters (README.md:4)",
        "printed": "1,160",
        "right": "1,168",
        "why": "It learns 16×8×3×3 + 16 = 1,168 numbers.",
    }
    assert found["mistakes"] == [expected] * status


def test_a_readme_that_is_missing_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "assignment", "--readme", "no.md"]) == 2
    assert "'no.md' cannot be read" in capsys.readouterr().err
