"""A run against a plain loop of PyTorch on the exported class, and what it does not change."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from model.design.build import graph_of
from model.design.runs import kept, training
from model.design.runs.choices import choose, recipe_of
from model.design.runs.curve import Curve
from model.design.runs.records import RunChoices, RunProgress
from model.design.runs.training import train
from model.design.text import read
from model.errors import InputError
from model.graph.code.write import code_of, weights_of
from model.graph.module import NetworkModule
from model.sanity_checks.randomization import randomize
from model.training.background.queue import TrainingQueue
from tests.model.design.runs.few import DROPPING, TINY, choices, finished, pictures


def by_hand(asked: RunChoices) -> tuple[list[float], dict[str, torch.Tensor], int]:
    """Train the exported class with PyTorch's optimiser; only initial weights and the order are drawn as in a run."""
    generator = torch.Generator().manual_seed(asked.seed)
    module, names = NetworkModule(*graph_of(read(asked.design))), dict[str, Any]()
    for step in module.steps:
        randomize(step, generator)
    exec(code_of(module), names)  # noqa: S102 (what is tested is that it runs)
    net: nn.Module = names["Net"]()
    net.load_state_dict(weights_of(module))
    given, recipe, losses = pictures(), recipe_of(asked), list[float]()
    optimiser = torch.optim.SGD(net.parameters(), recipe.learning_rate, recipe.momentum)
    for _ in range(asked.epochs):
        for index in torch.randperm(130, generator=generator).split(50):
            batch = given.training.at(index)
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(net.train()(batch.x), batch.y)
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
    with torch.no_grad():
        held_out = given.held_out.at(torch.arange(50))
        right = int((net.eval()(held_out.x).argmax(1) == held_out.y).sum())
    return losses, net.state_dict(), right


def test_a_run_is_what_a_plain_loop_on_the_exported_class_gives(tmp_path: Path) -> None:
    losses, weights, right = by_hand(choices())
    run = finished(tmp_path)
    np.testing.assert_allclose(run.progress.losses, losses, rtol=1e-4)
    assert run.weights.keys() == weights.keys()
    for key, values in run.weights.items():
        np.testing.assert_allclose(values, weights[key].numpy(), rtol=1e-3, atol=1e-5)
    assert abs(run.progress.marks[-1].correct - right) <= 1
    assert [mark.step for mark in run.progress.marks] == [3, 6]
    assert run.progress.marks[1].training_loss == pytest.approx(np.mean(losses[3:]), rel=1e-4)


@pytest.mark.parametrize("recipe", ["assignment", "glass"])
def test_same_choices_give_the_same_weights_in_any_thread(tmp_path: Path, recipe: str) -> None:
    """Dropout of values and of maps, distortions and the average draw from the run's own generator."""
    asked, before = choices(DROPPING, recipe), torch.get_rng_state()
    one = finished(tmp_path / "one", asked)
    threads = [threading.Thread(target=finished, args=(tmp_path / name, asked)) for name in ("two", "three")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for name in ("two", "three"):
        other = kept.read(one.id, tmp_path / name)
        assert all(np.array_equal(one.weights[key], other.weights[key]) for key in one.weights)
    assert torch.equal(torch.get_rng_state(), before)
    changed = finished(tmp_path, replace(asked, seed=2))
    assert not np.array_equal(one.weights["conv1.weight"], changed.weights["conv1.weight"])


def test_progress_is_yielded_after_each_step_and_nothing_is_kept_before_the_end(tmp_path: Path) -> None:
    found = list[RunProgress]()
    for progress in train(choices(), pictures(), tmp_path):
        found.append(progress)
        assert bool([*tmp_path.glob("*.run")]) is progress.finished
    assert [each.step for each in found] == [0, 1, 2, 3, 4, 5, 6]
    assert [each.used for each in found][-1] == 300
    assert [bool(each.id) for each in found] == [False] * 6 + [True]
    assert found[0].accuracy is None
    assert found[-1].accuracy == found[-1].marks[-1].correct / 50


def test_a_run_that_diverges_ends_and_is_not_kept(tmp_path: Path) -> None:
    design = read("conv 4 5 stride=2\nconv 10 3 stride=2\ngap")
    made = choose(design, "assignment", ["batch_size=50", "learning_rate=1e30"], "full", 2, long=True)
    *_, last = train(replace(made, steps=6), pictures(), tmp_path)
    assert last.diverged
    assert last.finished
    assert last.step < 6
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("recipe", ["assignment", "glass"])
def test_a_run_that_was_stopped_goes_on_after_its_last_epoch(tmp_path: Path, recipe: str) -> None:
    """The process may have ended meanwhile: all that is needed is in a file, which goes with the end of the run."""
    asked = choices(DROPPING, recipe, epochs=3)
    whole = finished(tmp_path / "whole", asked)
    for progress in train(asked, pictures(), tmp_path / "stopped"):
        if progress.step == 7:  # in the third epoch
            break
    assert [path.suffix for path in (tmp_path / "stopped").iterdir()] == [kept.UNFINISHED]
    rest = [*train(asked, pictures(), tmp_path / "stopped")]
    assert [each.step for each in rest] == [6, 7, 8, 9]
    assert [path.suffix for path in (tmp_path / "stopped").iterdir()] == [kept.SUFFIX]
    run = kept.read(rest[-1].id, tmp_path / "stopped")
    assert all(np.array_equal(run.weights[key], whole.weights[key]) for key in whole.weights)
    assert [mark.correct for mark in run.progress.marks] == [mark.correct for mark in whole.progress.marks]
    np.testing.assert_allclose(run.progress.losses, whole.progress.losses)


def test_time_of_a_pause_is_no_time_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    for progress in train(choices(), pictures(), tmp_path):
        assert progress.seconds == 0
        clock[0] += 100.0


def test_what_is_kept_is_not_trained_again(tmp_path: Path) -> None:
    run = finished(tmp_path)
    (again,) = train(choices(), pictures(), tmp_path)
    assert (again.id, again.step, again.finished) == (run.id, 6, True)


def test_a_run_that_takes_long_is_refused_where_others_wait() -> None:
    slow = choose(read("conv 256 5\nrelu\nconv 256 5\nrelu\nconv 10 1\ngap"), length="epoch")
    with pytest.raises(InputError, match=r"This run takes about|is too slow for a small training"):
        training.check_time(slow)
    training.check_time(choose(TINY, length="epoch"))
    training.check_time(replace(slow, length="full"))


def test_a_long_curve_has_few_points() -> None:
    curve = Curve(RunProgress(choices(), 0, np.zeros(0), 1, (), 50))
    values = np.arange(1_203, dtype=float)
    for value in values:
        curve.add(value)
    assert curve.group == 4
    np.testing.assert_allclose(curve.values()[:-1], values[:1_200].reshape(-1, 4).mean(1))
    assert curve.values()[-1] == values[1_200:].mean()


def test_a_run_waits_in_the_queue_of_all_trainings(tmp_path: Path) -> None:
    def work(asked: RunChoices) -> Iterator[RunProgress]:
        yield from train(asked, pictures(), tmp_path)

    queue = TrainingQueue(work)
    try:
        queue.start("one", choices())
        deadline = threading.Event()
        while (status := queue.status("one", choices())) and status.stage != "finished":
            assert not deadline.wait(0.01)
        assert status is not None
        assert status.run is not None
        assert status.run.id
    finally:
        queue.close()


def test_pictures_of_another_kind_are_refused() -> None:
    with pytest.raises(InputError, match="A design for 3 classes of 1 x 28 x 28 cannot be trained"):
        choose(read("classes 3\nconv 3 28"))
    assert TINY.classes == 10
