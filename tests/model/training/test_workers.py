"""Several processes give the result of one; the end of one process ends the run with an error and a checkpoint."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from model.networks.assignment import weights
from model.training import checkpoint, images, report
from model.training.loop import train
from model.training.workers import SharedBatchNorm, Workers
from tests.model.training.few import RICH, small_mnist

ROOT = Path(__file__).parents[3]
SMALL = small_mnist()
PATIENCE = 600  # seconds for a run, also on a busy machine
TOGETHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command on few images in two processes, and terminate them at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [*TOGETHER, "-m", "tests.model.training.few", "--recipe", "glass", *arguments]
        setting = {**os.environ, "PIDS": str(tmp_path), "OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=ROOT, env=setting, stdout=pipe, stderr=pipe, text=True))  # noqa: S603
        return started[-1]

    yield start
    for each in started:
        if each.poll() is None:
            each.terminate()
        each.communicate(timeout=PATIENCE)


def finish(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return out


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use float64: in float32, another order of sums gives another network after a few steps."""
    monkeypatch.setenv("DOUBLE", "yes")
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.slow(reason="starts two processes that train")
@pytest.mark.usefixtures("double")
def test_two_processes_equal_one(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = dataclasses.replace(RICH, epochs=1)  # later, the last bit of a sum can change a ReLU or a pool
    said = finish(start("--protocol", "search", "--epochs", "1", "--out", str(tmp_path / "run")))
    assert said.count("Kept epoch 1 of 1, held-out accuracy") == 1
    monkeypatch.setattr(images, "HELD_OUT", 60)
    learned, held_out = images.split_training(small_mnist())
    one = train(recipe, learned, held_out, seed=1)
    for epoch, state in enumerate(one.states, start=1):
        found = load_file(tmp_path / "run" / f"{weights.epoch_name(epoch)}.safetensors")
        torch.testing.assert_close(found, dict(state), atol=1e-8, rtol=1e-8)
    apart = train(
        dataclasses.replace(recipe, batch_size=25), learned, held_out, seed=1
    )  # as if gradients were not added
    with pytest.raises(AssertionError):
        torch.testing.assert_close(apart.states[0], one.states[0], atol=1e-3, rtol=1e-3)
    card = weights.read_card(tmp_path / "run")
    losses = [epoch["training_loss"] for epoch in card["epochs"]]
    assert losses == pytest.approx([epoch.training_loss for epoch in one.epochs], abs=2e-6)
    assert card["processes"] == 2


@pytest.mark.exhaustive
def test_two_processes_share_the_seeds(start: Start, tmp_path: Path) -> None:
    said = finish(start("--protocol", "final", "--seeds", "1-3", "--epochs", "1", "--out", str(tmp_path / "run")))
    together = report.read(tmp_path / "run" / report.NAME)
    assert [each.seed for each in together.results] == [1, 2, 3]
    assert f"{report.say(together)}, in " in said
    assert together.setting["processes"] == 1
    alone = train(dataclasses.replace(RICH, epochs=1), SMALL, None, seed=3)
    found = weights.load(tmp_path / "run" / "seed-03").state_dict()
    assert all(torch.equal(found[key], alone.states[-1][key]) for key in found)


@pytest.mark.slow(reason="starts two processes that train")
def test_killed_process_ends_the_run_with_a_usable_checkpoint(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = start("--protocol", "final", "--epochs", "500", "--out", str(folder))
    waited = time.monotonic()
    while not checkpoint.is_present(folder):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - waited < 60
        time.sleep(0.05)
    os.kill(int((tmp_path / "0").read_text()), signal.SIGKILL)  # the process that writes
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "error: Another process of this run ended" in errors
    assert f"Checkpoints: {folder / checkpoint.NAME}." in errors
    left = checkpoint.read(folder, {"seed": 1, "number of processes": 2})
    recipe = dataclasses.replace(RICH, epochs=len(left.run.epochs) + 1)
    assert len(train(recipe, SMALL, None, 1, resume_from=left).epochs) == recipe.epochs


# Batch norm


@pytest.mark.parametrize("training", [True, False])
def test_shared_batch_norm_in_one_process_equals_pytorch(training: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, 3, 5, 4, generator=generator) * 3 + 7
    dy = torch.randn(6, 3, 5, 4, generator=generator)
    plain = nn.BatchNorm2d(3)
    for weight in plain.parameters():
        nn.init.uniform_(weight, 0.5, 2, generator=generator)
    other = nn.BatchNorm2d(3)
    other.load_state_dict(plain.state_dict())
    shared = SharedBatchNorm.from_batch_norm(other, Workers())
    results = []
    for norm in (plain.train(training), shared.train(training)):
        mine = x.clone().requires_grad_()
        y = norm(mine)
        y.backward(dy)
        results.append([y.detach(), mine.grad, norm.weight.grad, norm.bias.grad, *norm.buffers()])
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_shared_batch_norm_passes_gradcheck() -> None:
    norm = SharedBatchNorm.from_batch_norm(nn.BatchNorm2d(2).double(), Workers()).train()
    x = torch.randn(3, 2, 2, 2, dtype=torch.double, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(norm, (x,))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("total", [1, 24, 63, 64])
def test_share_splits_every_image_once_and_evenly(count: int, total: int) -> None:
    shares = [range(total)[Workers(number, count).share(total)] for number in range(count)]
    assert [image for share in shares for image in share] == [*range(total)]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_one_process_adds_and_gathers_only_its_own() -> None:
    assert Workers().add_up(torch.tensor([3.0])).tolist() == [3.0]
    assert Workers().gather("mine") == ["mine"]
