"""Publishing: the weights of the median seed, and a card with the results of all seeds."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from model.errors import InputError, WeightsError
from model.mistakes import scores
from model.networks.assignment import weights
from model.training import __main__ as train
from model.training import document, machine, publish, report
from tests.model.training.few import use_few_images

SEEDS = "1-3"


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Train three seeds of both recipes on few images, and return their folders."""
    use_few_images(monkeypatch)
    monkeypatch.setattr(scores, "SIZES", {"test": 180})
    monkeypatch.setattr(machine, "candidates", lambda: [1])
    monkeypatch.setattr(machine, "_seconds", lambda *_: 0.0)
    for recipe in ("glass", "assignment"):
        where = ["--out", str(tmp_path / recipe), "--seeds", SEEDS, "--epochs", "2"]
        train.main(["--recipe", recipe, "--protocol", "final", *where])
    return tmp_path / "glass", tmp_path / "assignment"


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Return the folders for weights and reports, and a document with a place for the numbers."""
    told = tmp_path / "training.md"
    told.write_text(f"Before.\n\n{document.BEGIN}\nold\n{document.END}\n\nAfter.\n")
    return tmp_path / "shipped", tmp_path / "kept", told


@pytest.mark.slow(reason="trains six networks and resamples 10,000 times")
def test_publish_ships_the_median_seed(trained: tuple[Path, Path], places: tuple[Path, Path, Path]) -> None:
    shipped, kept, told = places
    publish.publish(*trained, *places)
    accuracies = {seed: weights.read_card(trained[0] / f"seed-0{seed}")["test_accuracy"] for seed in (1, 2, 3)}
    card = weights.read_card(shipped)
    assert sorted(accuracies.values())[1] == card["test_accuracy"] == accuracies[card["seed"]]
    assert card["sha256"] == weights.read_card(trained[0] / f"seed-0{card['seed']}")["sha256"]
    for name in ("final", "epoch-01", "epoch-02"):
        state = weights.load(trained[0] / f"seed-0{card['seed']}", name).state_dict()
        assert all(torch.equal(state[key], value) for key, value in weights.load(shipped, name).state_dict().items())
    assert scores.read(shipped).correct.mean() == pytest.approx(card["test_accuracy"])
    for folder in trained:
        assert report.read(kept / f"{folder.name}-final.json") == report.read(folder / report.NAME)
    assert told.read_text() == f"Before.\n\n{document.BEGIN}\n\n{document.text(card)}\n{document.END}\n\nAfter.\n"


@pytest.mark.slow(reason="trains six networks and resamples 10,000 times")
def test_published_card_equals_numpy_and_scipy(trained: tuple[Path, Path], places: tuple[Path, Path, Path]) -> None:
    said = publish.publish(*trained, *places)["seeds"]
    assert weights.read_card(places[0])["seeds"] == json.loads(json.dumps(said))
    right = {}
    for folder in trained:
        found = [scores.read(folder / f"seed-0{seed}").correct for seed in (1, 2, 3)]
        values = [float(each.mean()) for each in found]
        accuracy = said[folder.name]["test_accuracy"]
        assert [*accuracy["values"].values()] == pytest.approx(values, abs=1e-6)
        assert accuracy["mean"] == pytest.approx(np.mean(values), abs=1e-6)
        assert accuracy["standard_deviation"] == pytest.approx(np.std(values, ddof=1), abs=1e-6)
        right[folder.name] = found
    assert said["difference"]["difference"] == pytest.approx(np.mean(right["glass"]) - np.mean(right["assignment"]))
    one, other = (right[name][said[name]["median_seed"] - 1] for name in ("glass", "assignment"))
    alone = int((one & ~other).sum()), int((other & ~one).sum())
    assert said["mcnemar_of_the_median_seeds"] == pytest.approx(stats.binomtest(alone[0], max(1, sum(alone))).pvalue)


@pytest.mark.slow(reason="trains six networks and resamples 10,000 times")
def test_publish_refuses_another_protocol(
    trained: tuple[Path, Path], places: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    train.main(["--protocol", "search", "--out", str(tmp_path / "searched"), "--seeds", SEEDS, "--epochs", "1"])
    with pytest.raises(InputError, match="'search'"):
        publish.publish(tmp_path / "searched", trained[1], *places)
    assert not places[0].exists()


@pytest.mark.slow(reason="trains six networks and resamples 10,000 times")
def test_publish_refuses_damaged_weights(trained: tuple[Path, Path], places: tuple[Path, Path, Path]) -> None:
    for file in trained[0].rglob("epoch-02.safetensors"):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(WeightsError):
        publish.publish(*trained, *places)
    assert not places[0].exists()


@pytest.mark.slow(reason="trains six networks and resamples 10,000 times")
def test_publish_without_marks_ships_nothing(trained: tuple[Path, Path], places: tuple[Path, Path, Path]) -> None:
    places[2].write_text("No place.")
    with pytest.raises(InputError, match="no place"):
        publish.publish(*trained, *places)
    assert not places[0].exists()
    assert not places[1].exists()


def test_publish_command_names_the_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="cannot be read as a report"):
        publish.main([str(tmp_path), str(tmp_path)])
