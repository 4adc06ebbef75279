"""The training command: use of the test images, results, interrupts and errors."""

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
from model.training.trainer import Trainer
from tests.model.training.few import PLAIN, small_mnist, use_few_images

SMALL = small_mnist()
EPOCHS = PLAIN.epochs


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make the command use few images, and record what it does."""
    events: list[str] = []
    use_few_images(monkeypatch)
    train_epoch = Trainer.train_epoch

    def read(split: mnist.Split, device: str, id: str) -> Images:
        events.append(f"read {split}")
        return SMALL

    def note(*arguments: Any) -> float:
        events.append("epoch")
        return train_epoch(*arguments)

    for module in (train, runner):
        monkeypatch.setattr(module, "read_images", read)
    monkeypatch.setattr(Trainer, "train_epoch", note)
    monkeypatch.setattr(machine, "candidates", lambda: [1])
    monkeypatch.setattr(machine, "_seconds", lambda *_: 0.0)
    return events


def interrupted_at(call: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, but raise ``KeyboardInterrupt`` at its nth call."""
    calls = iter(range(1, call + 1))

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted


def run_interrupted(arguments: list[str], owner: Any, within: str, call: int) -> None:
    """Run the command with a ``KeyboardInterrupt`` at the nth call of a function."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, within, interrupted_at(call, getattr(owner, within)))
        train.main(arguments)


def assert_same_weights(folder: Path, other: Path) -> None:
    assert weights.read_card(folder)["sha256"] == weights.read_card(other)["sha256"]


# What is looked at


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("best", ["read train", *["epoch"] * EPOCHS, "read test"]),
        ("search", ["read train", *["epoch"] * EPOCHS]),
        ("final", ["read train", *["epoch"] * EPOCHS, "read test"]),
    ],
)
def test_command_reads_test_images_once_at_the_end_or_never(
    protocol: str, expected: list[str], events: list[str], tmp_path: Path
) -> None:
    train.main(["--out", str(tmp_path), "--protocol", protocol])
    assert events == expected


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("protocol", "learned"), [("best", len(SMALL) - 60), ("search", len(SMALL) - 60), ("final", len(SMALL))]
)
def test_only_the_final_protocol_trains_on_all_images(
    protocol: str, learned: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    train_epoch = Trainer.train_epoch

    def note(trainer: Trainer, number: int, images: Images) -> float:
        seen.append(len(images))
        return train_epoch(trainer, number, images)

    monkeypatch.setattr(Trainer, "train_epoch", note)
    train.main(["--out", str(tmp_path), "--protocol", protocol])
    assert seen == [learned] * EPOCHS


# What is written


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.usefixtures("events")
def test_command_writes_weights_of_every_epoch_and_the_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train.main(["--out", str(tmp_path), "--epochs", "2", "--seed", "5"])
    card = weights.read_card(tmp_path)
    network = weights.load(tmp_path)
    assert card["sha256"].keys() == {"final", "epoch-01", "epoch-02"}
    assert card["sha256"]["final"] == card["sha256"][weights.epoch_name(card["kept_epoch"])]
    assert card["test_accuracy"] == judge(network, SMALL).correct / len(SMALL)
    assert (card["seed"], card["recipe"]["epochs"], card["interrupted"]) == (5, 2, False)
    assert f"test accuracy {card['test_accuracy']:.2%}, in '{tmp_path}'." in capsys.readouterr().out
    assert not checkpoint.is_present(tmp_path)


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("protocol", ["search", "final"])
def test_search_and_final_keep_the_last_epoch(protocol: str, tmp_path: Path) -> None:
    train.main(["--out", str(tmp_path), "--protocol", protocol, "--recipe", "glass"])
    card = weights.read_card(tmp_path)
    assert card["kept_epoch"] == 3
    assert card["sha256"]["final"] == card["sha256"]["epoch-03"]
    assert (card["test_accuracy"] is None) is (protocol == "search")
    assert (card["validation_accuracy"] is None) is (protocol == "final")


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.usefixtures("events")
def test_report_lists_the_mistakes_of_the_weights(tmp_path: Path) -> None:
    train.main(["--out", str(tmp_path), "--protocol", "final"])
    (result,) = report.read(tmp_path / report.NAME).results
    with torch.no_grad():
        read = weights.load(tmp_path)(SMALL.x).argmax(1)
    wrong = {index: int(read[index]) for index in range(len(SMALL)) if read[index] != SMALL.y[index]}
    assert result.mistakes == wrong
    assert wrong


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("protocol", ["best", "search", "final"])
def test_logits_are_saved_only_if_test_images_were_used(
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
    assert found.correct.mean() == weights.read_card(tmp_path)["test_accuracy"]


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.usefixtures("events")
def test_several_seeds_have_their_folders_and_one_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--protocol", "search", "--epochs", "1"]
    train.main([*arguments, "--out", str(tmp_path / "all"), "--seeds", "2,4"])
    together = report.read(tmp_path / "all" / report.NAME)
    assert [each.seed for each in together.results] == [2, 4]
    assert f"{report.say(together)}, in " in capsys.readouterr().out
    assert json.loads((tmp_path / "all" / report.NAME).read_text())["accuracy"]["n"] == 2
    train.main([*arguments, "--out", str(tmp_path / "one"), "--seed", "4"])
    assert_same_weights(tmp_path / "all" / "seed-04", tmp_path / "one")


# Interrupted


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.parametrize(
    ("owner", "within"), [(Trainer, "train_epoch"), (loop, "judge"), (loop, "Epoch"), (checkpoint, "write")]
)
def test_interrupt_keeps_the_best_epoch(
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


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("recipe", ["assignment", "glass"])
def test_resume_gives_the_weights_of_an_uninterrupted_run(recipe: str, tmp_path: Path) -> None:
    arguments = ["--recipe", recipe, "--protocol", "final"]
    train.main([*arguments, "--out", str(tmp_path / "whole")])
    with pytest.raises(SystemExit, match="130"):  # within the second epoch
        run_interrupted([*arguments, "--out", str(tmp_path / "parts")], Trainer, "train_step", 7)
    train.main([*arguments, "--out", str(tmp_path / "parts"), "--resume"])
    assert_same_weights(tmp_path / "whole", tmp_path / "parts")
    assert (
        report.read(tmp_path / "parts" / report.NAME).accuracies
        == report.read(tmp_path / "whole" / report.NAME).accuracies
    )


@pytest.mark.slow(reason="runs whole trainings")
def test_resume_keeps_finished_seeds(events: list[str], tmp_path: Path) -> None:
    arguments = ["--protocol", "final", "--out", str(tmp_path), "--seeds", "1-3"]
    with pytest.raises(SystemExit, match="130"):  # in the second epoch of the second seed
        run_interrupted(arguments, Trainer, "train_epoch", EPOCHS + 2)
    events.clear()
    train.main([*arguments, "--resume"])
    assert events.count("epoch") == 2 + EPOCHS
    assert [each.seed for each in report.read(tmp_path / report.NAME).results] == [1, 2, 3]


@pytest.mark.usefixtures("events")
def test_interrupt_in_the_first_epoch_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Trainer, "train_epoch", interrupted_at(1, Trainer.train_epoch))
    with pytest.raises(SystemExit, match="130"):
        train.main(["--out", str(tmp_path / "run")])
    assert "nothing is written" in capsys.readouterr().out
    assert not list((tmp_path / "run").iterdir())


@pytest.mark.slow(reason="runs whole trainings")
def test_weights_are_saved_if_the_evaluation_fails(events: list[str], tmp_path: Path) -> None:
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
        (["--seeds", ""], "error: --seeds is ''. It must look like 1-10 or 1,4,7"),
        (["--seeds", "1-"], "error: --seeds is '1-'."),
        (["--seeds", "3-1"], "error: --seeds is '3-1'."),
        (["--seeds", "1,1-2"], "error: --seeds is '1,1-2'."),
        (["--seeds", "one"], "error: --seeds is 'one'."),
        (["--set", "dropout=1"], "error: --set dropout=1 is not possible."),
    ],
)
def test_command_refuses_an_invalid_option(
    arguments: list[str], sentence: str, events: list[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=re.escape(sentence)) as caught:
        train.main([*arguments, "--out", str(tmp_path / "run")])
    assert isinstance(caught.value.code, str)  # Python prints it and exits with 1
    assert isinstance(caught.value.__context__, InputError)
    assert not events


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--out", "nowhere"], "There is no checkpoint"),
        (["--seed", "2"], "belongs to a run with another seed (1, not 2)"),
        (["--recipe", "glass"], "belongs to a run with another recipe (name assignment, batch_size 32,"),
        (["--epochs", "9"], "belongs to a run with another recipe (epochs 3, not epochs 9)"),
        (["--set", "momentum=0.5"], "belongs to a run with another recipe (momentum 0.9, not momentum 0.5)"),
        (["--protocol", "final"], "belongs to a run with another protocol (best, not final)"),
        (["--threads", "2"], "belongs to a run with another number of threads (1, not 2)"),
    ],
)
def test_resume_refuses_another_run(
    arguments: list[str], sentence: str, events: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="130"):
        run_interrupted(["--out", "run", "--threads", "1"], Trainer, "train_epoch", 2)
    events.clear()
    with pytest.raises(SystemExit, match=re.escape(sentence)) as caught:
        train.main(["--out", "run", "--resume", *arguments])
    torch.set_num_threads(1)
    assert isinstance(caught.value.__context__, CheckpointError)
    assert "epoch" not in events


@pytest.mark.slow(reason="runs whole trainings")
@pytest.mark.usefixtures("events")
def test_resume_refuses_a_finished_run_with_another_recipe(tmp_path: Path) -> None:
    train.main(["--out", str(tmp_path), "--seeds", "1", "--epochs", "1"])
    with pytest.raises(SystemExit, match="has another recipe or protocol"):
        train.main(["--out", str(tmp_path), "--seeds", "1-2", "--epochs", "2", "--resume"])


def test_unwritable_folder_is_refused_before_training(events: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"error: --out .* cannot be written"):
        train.main(["--out", str(tmp_path / "file" / "run")])
    assert not events


def test_missing_mnist_without_connection_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.datasets import MNIST  # noqa: PLC0415 (as model.mnist does it)

    monkeypatch.setenv("MNIST_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nothing answers there
    with pytest.raises(SystemExit, match=r"error: MNIST's file .* could not be downloaded"):
        train.main(["--out", str(tmp_path / "run")])
