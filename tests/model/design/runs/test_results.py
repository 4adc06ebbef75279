"""What is kept of a run, and what it gives: a network, a zip that runs alone, a README, a verdict, a sweep."""

import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.design.records import Limits
from model.design.runs import export, kept, results, sweep
from model.design.runs.records import Run
from model.design.text import read, write
from model.errors import InputError
from model.networks import by_id
from model.networks.store import keep_bytes
from tests.model.design.runs.few import TINY, choices, finished, pictures


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return finished(folder)


def test_a_run_is_read_back_as_it_was(run: Run, folder: Path) -> None:
    again = kept.read(run.id, folder)
    assert again.progress.choices == choices()
    assert again.progress.marks == run.progress.marks
    assert np.array_equal(again.progress.losses, run.progress.losses)
    assert {key: values.shape for key, values in again.weights.items()}["bn1.num_batches_tracked"] == ()
    assert kept.is_kept(choices(), folder)
    assert not kept.is_kept(choices(seed=9), folder)
    assert run.id in [each.id for each in kept.every(folder)]


def test_a_run_is_a_network_like_any_other(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASS_NETWORKS", str(tmp_path))
    monkeypatch.setenv("GLASS_RUNS", str(tmp_path / "runs"))
    network, id = results.network_of(run), keep_bytes(results.file_of(run))
    assert kept.run_of(id) == run.id
    assert kept.run_of("0" * 32) is kept.run_of("assignment") is None
    again = by_id(id)
    x = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(again.module(x), network.module(x))
    assert [row["epoch"] for row in again.history] == [1, 2]
    assert again.history[1]["held-out accuracy"] == run.progress.accuracy
    assert again.warnings[0].startswith("Trained here for 6 steps by the recipe 'assignment', seed 1: ")


def test_looks_at_the_test_images_are_counted(tmp_path: Path) -> None:
    run, images = finished(tmp_path), pictures().held_out
    assert (run.test.looks, run.test.accuracy) == (0, None)
    for looks in (1, 2):
        seen = results.look_at_test_images(run.id, tmp_path, images)
        assert (seen.test.looks, seen.test.correct) == (looks, run.progress.marks[-1].correct)
    assert kept.read(run.id, tmp_path).test.looks == 2
    assert "The 50 test images were looked at 2 times" in export.as_readme(kept.read(run.id, tmp_path))


@pytest.mark.slow(reason="starts a process with PyTorch")
def test_zip_runs_without_this_project(run: Run, tmp_path: Path) -> None:
    """In a process of its own, from the unpacked files alone, it gives the logits of the network."""
    with zipfile.ZipFile(io.BytesIO(export.as_zip(run))) as archive:
        archive.extractall(tmp_path)
    check = (
        "import torch\nfrom net import Net\nfrom safetensors.torch import load_file\nnet = Net().eval()\n"
        "net.load_state_dict(load_file('weights.safetensors'))\n"
        "with torch.no_grad():\n"
        "    print(net(torch.linspace(-1, 1, 784).reshape(1, 1, 28, 28)).double().tolist())\nimport example\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{check}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    with torch.no_grad():
        ours = results.network_of(run).module(torch.linspace(-1, 1, 784).reshape(1, 1, 28, 28))
    theirs = torch.tensor([float(each) for each in done.stdout.splitlines()[0].strip("[]").split(",")])
    torch.testing.assert_close(theirs[None], ours)
    assert done.stdout.count("tensor(") == 1, "the example prints logits as well"


def test_readme_has_table_recipe_log_and_design(run: Run) -> None:
    text = export.as_readme(run)
    assert "| Conv2d-1 | conv1 | 5 | 2 | 0 | [-1, 4, 12, 12] | 104 | 5 | 2 | 14,400 |" in text
    assert "Recipe `assignment`, 2 epochs in batches of 50, seed 1." in text
    assert "| learning_rate | 0.1 |" in text
    assert "| dropout |" not in text
    assert f"| 2 | {run.progress.marks[1].training_loss:.4f} |" in text
    assert "The test images were not looked at." in text
    assert write(TINY) in text


def test_verdict_is_that_of_the_command(run: Run) -> None:
    text = export.verdict(run, Limits(parameters=105, epochs=2))
    assert "FAILS    at most 104 parameters: 472 parameters." in text
    assert "holds    no fully connected layer" in text
    assert "FAILS    at most 1 epoch: the history has 2 epochs" in text
    assert "unknown  at least 99.4 % accuracy: The test images were not looked at" in text


def test_what_is_gone_or_damaged_gets_a_sentence(tmp_path: Path) -> None:
    run = finished(tmp_path)
    with pytest.raises(InputError, match="is not here any more"):
        kept.read("../../etc/passwd", tmp_path)
    with pytest.raises(InputError, match="has no weights here"):
        results.network_of(kept.read(run.id, tmp_path, weights=False))
    path = tmp_path / f"{run.id}{kept.SUFFIX}"
    path.write_bytes(path.read_bytes()[:100])
    assert kept.every(tmp_path) == ()
    assert not path.exists()
    with pytest.raises(InputError, match="is not here any more"):
        kept.read(run.id, tmp_path)


def test_runs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kept.MAX_FILES, kept.SUFFIX, 2)
    for seed in (1, 2, 3):
        finished(tmp_path, choices(epochs=1, seed=seed))
    assert len(kept.every(tmp_path)) == 2


def test_to_list_runs_is_no_use_of_them_and_to_read_one_is(tmp_path: Path) -> None:
    run = finished(tmp_path)
    path = tmp_path / f"{run.id}{kept.SUFFIX}"
    os.utime(path, (1, 1))
    assert [each.id for each in kept.every(tmp_path)] == [run.id]
    assert path.stat().st_mtime == 1, "the least recently used is removed first"
    kept.read(run.id, tmp_path)
    assert path.stat().st_mtime > 1


def test_sweep_has_each_value_with_each_seed_and_its_mean_and_spread(tmp_path: Path) -> None:
    planned = sweep.sweep(TINY, 0, "kernels", (2, 4), (1, 2))
    assert [*planned] == ["kernels 2", "kernels 4"]
    small = {
        name: tuple(replace(each, steps=3, batch_size=50, changes=("batch_size=50",)) for each in runs)
        for name, runs in planned.items()
    }
    for each in (*small["kernels 2"], small["kernels 4"][0]):
        finished(tmp_path, each)
    two, four = sweep.table(small, tmp_path)
    assert (two.parameters, two.seeds, four.seeds) == (2 * 25 + 2 + 4 + 2 * 90, (1, 2), (1,))
    assert two.accuracies is not None
    shares = [kept.read(kept.id_of(each), tmp_path).progress.accuracy for each in small["kernels 2"]]
    assert two.accuracies.mean == np.mean(np.array(shares))
    assert two.accuracies.deviation == np.std(np.array(shares), ddof=1)


@pytest.mark.parametrize(
    ("values", "setting", "said"),
    [
        ((1, 2, 3, 4, 5, 6, 7), "kernels", "A sweep has 7 values and 2 seeds"),
        ((2, 4), "slope", "'conv' has no slope. It has kernels, size"),
        ((0,), "kernels", "'conv' has kernels = 0"),
        ((40,), "size", "Height: "),
    ],
)
def test_a_sweep_that_cannot_be_gets_a_sentence(values: tuple[int, ...], setting: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        sweep.sweep(read(write(TINY)), 0, setting, values, (1, 2))
