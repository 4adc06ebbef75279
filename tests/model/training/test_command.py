"""The training command: it never peeks at the test images, writes what came of it, and survives an interrupt."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model.errors import CheckpointError, InputError
from model.images import mnist
from model.mistakes import scores
from model.networks.assignment import weights
from model.training import __main__ as train
from model.training import checkpoint, loop, machine, report, runner
from model.training.images import Images, judge
from model.training.learner import Learner
from tests.model.training.few import PLAIN, small_mnist, use_few_images

SMALL = small_mnist()
EPOCHS = PLAIN.epochs


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the command work on few images, and list what it does."""
    events: list[str] = []
    use_few_images(monkeypatch)
    learn_epoch = Learner.learn_epoch

    def read(split: mnist.Split, device: str) -> Images:
        events.append(f"read {split}")
        return SMALL

    def note(*arguments: Any) -> float:
        events.append("epoch")
        return learn_epoch(*arguments)

    for module in (train, runner):
        monkeypatch.setattr(module, "read_images", read)
    monkeypatch.setattr(Learner, "learn_epoch", note)
    monkeypatch.setattr(machine, "candidates", lambda: [1])
    monkeypatch.setattr(machine, "_seconds", lambda *_: 0.0)
    return events


def interrupted_at(call: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same, until Ctrl-C is pressed as it is called for the nth time."""
    calls = iter(range(1, call + 1))

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted


def run_interrupted(arguments: list[str], owner: Any, within: str, call: int) -> None:
    """Run the command until Ctrl-C is pressed as a function is called for the nth time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, within, interrupted_at(call, getattr(owner, within)))
        train.main(arguments)


def assert_same_weights(folder: Path, other: Path) -> None:
    assert weights.read_card(folder)["sha256"] == weights.read_card(other)["sha256"]


# What is looked at


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("best", ["read train", *["epoch"] * EPOCHS, "read test"]),
        ("search", ["read train", *["epoch"] * EPOCHS]),
        ("final", ["read train", *["epoch"] * EPOCHS, "read test"]),
    ],
)
def test_test_images_are_read_once_and_only_at_the_end_or_never(
    protocol: str, expected: list[str], events: list[str], tmp_path: Path
) -> None:
    train.main(["--out", str(tmp_path), "--protocol", protocol])
    assert events == expected


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("protocol", "learned"), [("best", len(SMALL) - 60), ("search", len(SMALL) - 60), ("final", len(SMALL))]
)
def test_only_to_be_final_is_everything_learned_from(
    protocol: str, learned: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    learn_epoch = Learner.learn_epoch

    def note(learner: Learner, number: int, images: Images) -> float:
        seen.append(len(images))
        return learn_epoch(learner, number, images)

    monkeypatch.setattr(Learner, "learn_epoch", note)
    train.main(["--out", str(tmp_path), "--protocol", protocol])
    assert seen == [learned] * EPOCHS


# What is written


@pytest.mark.usefixtures("events")
def test_it_writes_the_best_weights_every_epoch_and_how_they_came_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train.main(["--out", str(tmp_path), "--epochs", "2", "--seed", "5"])
    card = weights.read_card(tmp_path)
    network = weights.load(tmp_path)
    assert card["sha256"].keys() == {"final", "epoch-01", "epoch-02"}
    assert card["sha256"]["final"] == card["sha256"][weights.epoch_name(card["kept_epoch"])]
    assert card["test_accuracy"] == judge(network, SMALL).correct / len(SMALL)
    assert (card["seed"], card["recipe"]["epochs"], card["interrupted"]) == (5, 2, False)
    assert f"test accuracy {card['test_accuracy']:.2%}, in '{tmp_path}'." in capsys.readouterr().out
    assert not checkpoint.is_present(tmp_path)


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("protocol", ["search", "final"])
def test_the_last_epoch_is_kept_unless_the_best_is_asked_for(protocol: str, tmp_path: Path) -> None:
    train.main(["--out", str(tmp_path), "--protocol", protocol, "--recipe", "glass"])
    card = weights.read_card(tmp_path)
    assert card["kept_epoch"] == 3
    assert card["sha256"]["final"] == card["sha256"]["epoch-03"]
    assert (card["test_accuracy"] is None) is (protocol == "search")
    assert (card["validation_accuracy"] is None) is (protocol == "final")


@pytest.mark.usefixtures("events")
def test_the_report_lists_the_mistakes_of_the_weights(tmp_path: Path) -> None:
    train.main(["--out", str(tmp_path), "--protocol", "final"])
    (result,) = report.read(tmp_path / report.NAME).results
    with torch.no_grad():
        read = weights.load(tmp_path)(SMALL.x).argmax(1)
    wrong = {index: int(read[index]) for index in range(len(SMALL)) if read[index] != SMALL.y[index]}
    assert result.mistakes == wrong
    assert wrong


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("protocol", ["best", "search", "final"])
def test_logits_are_kept_of_the_test_images_and_only_where_they_were_looked_at(
    protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mnist.SIZES, "test", len(SMALL))
    train.main(["--out", str(tmp_path), "--protocol", protocol])
    if protocol == "search":
        assert not (tmp_path / scores.NAME).exists()
        return
    found = scores.read(tmp_path)
    with torch.no_grad():
        np.testing.assert_allclose(found.logits, weights.load(tmp_path)(SMALL.x).numpy(), atol=1e-4)
    np.testing.assert_array_equal(found.labels, SMALL.y.numpy())
    assert found.right.mean() == weights.read_card(tmp_path)["test_accuracy"]


@pytest.mark.usefixtures("events")
def test_several_seeds_each_have_a_folder_and_a_report_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--protocol", "search", "--epochs", "1"]
    train.main([*arguments, "--out", str(tmp_path / "all"), "--seeds", "2,4"])
    together = report.read(tmp_path / "all" / report.NAME)
    assert [each.seed for each in together.results] == [2, 4]
    assert f"{report.say(together)}, in " in capsys.readouterr().out
    assert json.loads((tmp_path / "all" / report.NAME).read_text())["accuracy"]["n"] == 2
    train.main([*arguments, "--out", str(tmp_path / "one"), "--seed", "4"])
    assert_same_weights(tmp_path / "all" / "seed-04", tmp_path / "one")


# Interrupted


@pytest.mark.parametrize(
    ("owner", "within"), [(Learner, "learn_epoch"), (loop, "judge"), (loop, "Epoch"), (checkpoint, "write")]
)
def test_an_interrupt_keeps_the_best_so_far_and_says_so(
    owner: Any,
    within: str,
    events: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(owner, within, interrupted_at(3, getattr(owner, within)))
    with pytest.raises(SystemExit, match="130"):
        train.main(["--out", str(tmp_path)])
    card = weights.read_card(tmp_path)
    finished = 3 if within == "write" else 2
    assert card["interrupted"] is True
    assert card["test_accuracy"] is None
    assert card["sha256"].keys() == {"final", *(f"epoch-0{number}" for number in range(1, finished + 1))}
    assert not weights.load(tmp_path).training
    assert "read test" not in events
    assert f"Interrupted. Kept epoch {card['kept_epoch']} of {finished}, in" in capsys.readouterr().out


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("recipe", ["assignment", "glass"])
def test_after_an_interrupt_it_goes_on_to_the_very_weights_of_a_run_without_one(recipe: str, tmp_path: Path) -> None:
    arguments = ["--recipe", recipe, "--protocol", "final"]
    train.main([*arguments, "--out", str(tmp_path / "whole")])
    with pytest.raises(SystemExit, match="130"):  # within the second epoch
        run_interrupted([*arguments, "--out", str(tmp_path / "parts")], Learner, "learn", 7)
    train.main([*arguments, "--out", str(tmp_path / "parts"), "--resume"])
    assert_same_weights(tmp_path / "whole", tmp_path / "parts")
    assert (
        report.read(tmp_path / "parts" / report.NAME).accuracies
        == report.read(tmp_path / "whole" / report.NAME).accuracies
    )


def test_of_several_seeds_those_that_are_finished_are_left_alone(events: list[str], tmp_path: Path) -> None:
    arguments = ["--protocol", "final", "--out", str(tmp_path), "--seeds", "1-3"]
    with pytest.raises(SystemExit, match="130"):  # in the second epoch of the second seed
        run_interrupted(arguments, Learner, "learn_epoch", EPOCHS + 2)
    events.clear()
    train.main([*arguments, "--resume"])
    assert events.count("epoch") == 2 + EPOCHS
    assert [each.seed for each in report.read(tmp_path / report.NAME).results] == [1, 2, 3]


@pytest.mark.usefixtures("events")
def test_an_interrupt_before_the_first_epoch_is_done_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Learner, "learn_epoch", interrupted_at(1, Learner.learn_epoch))
    with pytest.raises(SystemExit, match="130"):
        train.main(["--out", str(tmp_path / "run")])
    assert "nothing was written" in capsys.readouterr().out
    assert not list((tmp_path / "run").iterdir())


def test_a_trained_network_is_kept_even_if_testing_it_fails(events: list[str], tmp_path: Path) -> None:
    train.main(["--out", str(tmp_path), "--seed", "2"])  # an earlier run
    events.clear()
    with pytest.raises(KeyboardInterrupt):
        run_interrupted(["--out", str(tmp_path)], runner, "_read_all", 1)
    assert not (tmp_path / report.NAME).exists()
    assert not (tmp_path / scores.NAME).exists()
    assert events[-1] == "read test"
    assert weights.read_card(tmp_path)["test_accuracy"] is None
    train.main(["--out", str(tmp_path), "--resume"])
    assert events.count("epoch") == EPOCHS
    assert weights.read_card(tmp_path)["test_accuracy"] is not None


# Sentences


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--epochs", "0"], "error: --epochs is 0. It must be at least 1."),
        (["--epochs", "-3"], "error: --epochs is -3. It must be at least 1."),
        (["--threads", "0"], "error: --threads is 0. It must be at least 1."),
        (["--device", "abacus"], "error: --device abacus cannot be used here"),
        (["--seeds", ""], "error: --seeds is ''. It must be like 1-10 or 1,4,7"),
        (["--seeds", "1-"], "error: --seeds is '1-'."),
        (["--seeds", "3-1"], "error: --seeds is '3-1'."),
        (["--seeds", "1,1-2"], "error: --seeds is '1,1-2'."),
        (["--seeds", "one"], "error: --seeds is 'one'."),
        (["--set", "dropout=1"], "error: --set dropout=1 cannot be done."),
    ],
)
def test_an_option_that_makes_no_sense_gets_a_sentence(
    arguments: list[str], sentence: str, events: list[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=re.escape(sentence)) as caught:
        train.main([*arguments, "--out", str(tmp_path / "run")])
    assert isinstance(caught.value.code, str)  # which Python prints, and exits with 1
    assert isinstance(caught.value.__context__, InputError)
    assert not events


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--out", "nowhere"], "There is no checkpoint"),
        (["--seed", "2"], "of a run with another seed (1, not 2)"),
        (["--recipe", "glass"], "of a run with another recipe (name assignment, batch_size 32,"),
        (["--epochs", "9"], "of a run with another recipe (epochs 3, not epochs 9)"),
        (["--set", "momentum=0.5"], "of a run with another recipe (momentum 0.9, not momentum 0.5)"),
        (["--protocol", "final"], "of a run with another protocol (best, not final)"),
        (["--threads", "2"], "of a run with another number of threads (1, not 2)"),
    ],
)
def test_what_cannot_go_on_gets_a_sentence(
    arguments: list[str], sentence: str, events: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="130"):
        run_interrupted(["--out", "run", "--threads", "1"], Learner, "learn_epoch", 2)
    events.clear()
    with pytest.raises(SystemExit, match=re.escape(sentence)) as caught:
        train.main(["--out", "run", "--resume", *arguments])
    torch.set_num_threads(1)
    assert isinstance(caught.value.__context__, CheckpointError)
    assert "epoch" not in events


@pytest.mark.usefixtures("events")
def test_a_finished_run_of_another_recipe_is_not_taken_for_one_of_these_seeds(tmp_path: Path) -> None:
    train.main(["--out", str(tmp_path), "--seeds", "1", "--epochs", "1"])
    with pytest.raises(SystemExit, match="has another recipe or protocol"):
        train.main(["--out", str(tmp_path), "--seeds", "1-2", "--epochs", "2", "--resume"])


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_trained(
    events: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"error: --out .* cannot be written"):
        train.main(["--out", str(tmp_path / "file" / "run")])
    assert not events


def test_without_mnist_it_is_downloaded_or_there_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import MNIST  # noqa: PLC0415 (as model.mnist does it)

    monkeypatch.setenv("MNIST_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nothing answers there
    with pytest.raises(SystemExit, match=r"error: MNIST's file .* could not be downloaded"):
        train.main(["--out", str(tmp_path / "run")])
