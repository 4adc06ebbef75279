"""Training the networks that come along, and putting them into the project."""

import dataclasses
import json
import statistics
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from model.errors import InputError
from model.images import mnist, shapes
from model.images.inputs import normalise
from model.networks.assignment import weights
from model.networks.authors import author_network
from model.networks.built_in import history
from model.networks.catalogue import ASSIGNMENT, BUILT_IN, CATALOGUE
from model.networks.file import read_path
from model.networks.records import ImageSpec
from model.training import __main__ as train
from model.training import images, report, ship
from model.training.images import Images, judge, read_images
from model.training.protocol import PROTOCOLS, Plan
from model.training.recipe import RECIPES, Recipe, changed
from model.training.trainer import State, Trainer

OTHERS = [id for id in BUILT_IN if id != ASSIGNMENT]


def few(id: str) -> Images:
    """Return twelve random images."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(12, *CATALOGUE[id].input.shape, generator=generator)
    return Images(x, torch.arange(12) % len(CATALOGUE[id].classes))


def after_two_steps(id: str, seed: int, recipe: Recipe) -> State:
    trainer, given = Trainer(recipe, seed, torch.device("cpu"), id=id), few(id)
    trainer.network.train()
    for step in (0, 1):
        trainer.train_step(given, torch.arange(12), step, 4)
    return trainer.state()


# The engine


@pytest.mark.parametrize("id", BUILT_IN)
def test_initial_weights_are_those_of_the_authors_code(id: str) -> None:
    """Random numbers are drawn in PyTorch's order, so that a student's loop with the same seed gives the same."""
    found = Trainer(RECIPES[id], 4, torch.device("cpu"), id=id).network.state_dict()
    with torch.random.fork_rng():
        torch.manual_seed(4)
        expected = author_network(id).state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize("id", BUILT_IN)
def test_same_seed_gives_the_same_weights(id: str) -> None:
    recipe = dataclasses.replace(RECIPES[id], batch_size=12)
    one, other = after_two_steps(id, 1, recipe), after_two_steps(id, 2, recipe)
    with torch.random.fork_rng():
        torch.manual_seed(77)  # a dropout that the engine does not know would draw from this generator
        same = after_two_steps(id, 1, recipe)
    assert all(torch.equal(one[key], same[key]) for key in one)
    weights_of = [key for key in one if key.startswith("network/") and key.endswith("weight")]
    assert not any(torch.equal(one[key], other[key]) for key in weights_of if one[key].ndim > 1)


@pytest.mark.parametrize("masks", ["bernoulli", "gaps"])
def test_dropout_after_a_linear_layer_drops_as_often_as_its_author_says(masks: str) -> None:
    recipe = changed(RECIPES["basic"], [f"masks={masks}"])
    trainer = Trainer(recipe, 1, torch.device("cpu"), id="basic")
    trainer.network.train()
    for name, p, shape in (("dropout1", 0.25, (30, 64, 12, 12)), ("dropout2", 0.5, (30, 128))):
        trainer.share.total = shape[0]
        dropped = trainer.network.get_submodule(name)(torch.ones(shape))
        assert [*dropped.unique().tolist()] == pytest.approx([0, 1 / (1 - p)])
        assert (dropped == 0).float().mean().item() == pytest.approx(p, abs=0.03)
        assert not torch.equal(dropped[0], dropped[1])


@pytest.mark.parametrize("id", BUILT_IN)
def test_evaluation_network_gives_a_logit_for_each_class(id: str) -> None:
    found = Trainer(RECIPES[id], 1, torch.device("cpu"), id=id).evaluation_network(few(id))
    assert found(few(id).x).shape == (12, len(CATALOGUE[id].classes))
    assert not found.training


# The images


def test_images_are_normalised_as_the_network_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "SIZES", {"train": 18, "test": 9})
    found = read_images("train", "cpu", "shapes")
    pixels, labels = shapes.pictures("train")
    assert torch.equal(found.x, normalise(pixels, CATALOGUE["shapes"].input))
    assert found.x.shape == (18, 3, 32, 32)
    assert found.y.tolist() == labels.tolist()
    assert found.x[3, 1, 4, 5].item() == pytest.approx((pixels[3, 4, 5, 1] / 255 - 0.5) / 0.25, abs=1e-6)


def test_other_digit_networks_get_what_the_assignment_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    made = np.arange(2 * 28 * 28).reshape(2, 28, 28).astype(np.uint8)
    monkeypatch.setattr(mnist, "read", lambda _split: (made, np.array([3, 4])))
    for id in BUILT_IN:
        if id != "shapes":
            assert torch.equal(read_images("test", "cpu", id).x, read_images("test", "cpu").x)
    other = dataclasses.replace(CATALOGUE["padded"], input=ImageSpec(1, 28, 28, (0.0,), (1.0,)))
    monkeypatch.setitem(CATALOGUE, "padded", other)
    assert torch.equal(read_images("test", "cpu", "padded").x, torch.from_numpy(made[:, None] / 255).float())


# Words, recipes and refusals


@pytest.mark.parametrize(
    ("id", "protocol", "words"),
    [
        (ASSIGNMENT, "best", "Trained on 55,000 of MNIST's 60,000 training images, with 5,000 held out; the epoch"),
        (ASSIGNMENT, "final", "Trained on all 60,000 of MNIST's training images; the last epoch is kept; the 10,000 "),
        ("lenet", "search", "Trained on 55,000 of MNIST's 60,000 training images, with 5,000 held out; the last "),
        ("shapes", "best", "Trained on 25,000 of this project's 30,000 training images, with 5,000 held out; the "),
        ("shapes", "final", "Trained on all 30,000 of this project's training images; the last epoch is kept; the 5,0"),
    ],
)
def test_protocol_names_the_images_of_the_network(id: str, protocol: str, words: str) -> None:
    assert PROTOCOLS[protocol].words(id).startswith(words)


def test_card_gives_no_dropout_that_was_not_used() -> None:
    setting = report.setting("cpu", 1)
    ours, theirs = (Plan(id, RECIPES[id], "best", setting, id).described for id in ("padded", ASSIGNMENT))
    assert ours.keys() - theirs.keys() == {"network"}
    assert theirs.keys() - ours.keys() == {"dropout"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--network", "padded", "--set", "dropout=0.1"], "--set dropout does not go with --network padded"),
        (["--network", "shapes", "--recipe", "glass"], "--network shapes cannot train with distorted images"),
        (["--network", "shapes", "--set", "bend=1"], "--network shapes cannot train with distorted images"),
    ],
)
def test_what_does_not_fit_a_network_is_refused(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=sentence):
        train.main([*arguments, "--out", str(tmp_path)])
    assert [*tmp_path.iterdir()] == []


# From the command to the project


@pytest.fixture
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make shapes come in small numbers."""
    monkeypatch.setattr(shapes, "SIZES", {"train": 54, "test": 18})
    for module in (images, ship):
        monkeypatch.setattr(module, "HELD_OUT", 18)
    monkeypatch.setattr("model.training.protocol.HELD_OUT", 18)


@pytest.fixture
def run(few_pictures: None, tmp_path: Path) -> Path:
    """Return the folder of a finished run with a few pictures and two epochs."""
    folder = tmp_path / "run"
    train.main(["--network", "shapes", "--epochs", "2", "--threads", "1", "--out", str(folder)])
    return folder


@pytest.mark.slow(reason="trains, captures and reads a network")
def test_trained_network_is_put_into_the_project(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "shapes"
    path = ship.ship("shapes", run, place)
    card, network = weights.read_card(place), read_path(path)
    assert (path.name, card["file"]) == ("shapes.glass", network.id)
    assert card["sha256"].keys() == {"epoch-01", "epoch-02"}
    author = author_network("shapes").eval()
    author.load_state_dict(ship._states(run)["final"])
    test = read_images("test", "cpu", "shapes")
    with torch.no_grad():
        assert torch.allclose(network.module(test.x), author(test.x), atol=1e-5)
    assert judge(network.module, test).correct == 18 - len(card["mistakes"]) == round(18 * card["test_accuracy"])
    assert (card["held_out_images"], card["test_images"]) == (18, 18)
    assert network.history == history(card)
    assert network.history[1]["held-out accuracy"] == card["epochs"][1]["validation_correct"] / 18

    monkeypatch.setattr(ship, "_MOST", 10_000)
    ship.ship("shapes", run, place)
    assert weights.read_card(place)["sha256"] == {}
    assert sorted(each.name for each in place.iterdir()) == ["card.json", "shapes.glass"]


@pytest.mark.slow(reason="trains three networks")
@pytest.mark.usefixtures("few_pictures")
def test_of_several_seeds_the_median_is_put_into_the_project(tmp_path: Path) -> None:
    run, place = tmp_path / "run", tmp_path / "shapes"
    train.main(["--network", "shapes", "--protocol", "final", "--seeds", "1-3", "--epochs", "1", "--out", str(run)])
    network, card = read_path(ship.ship("shapes", run, place)), weights.read_card(place)
    every = card["seeds"]["shapes"]["test_accuracy"]
    assert every["values"][str(card["seed"])] == statistics.median(every["values"].values())
    assert card["test_accuracy"] == pytest.approx(every["values"][str(card["seed"])], abs=1e-6)
    assert (every["n"], "held_out_images" in card) == (3, False)
    test = read_images("test", "cpu", "shapes")
    assert judge(network.module, test).correct == 18 - len(card["mistakes"]) == round(18 * card["test_accuracy"])


def test_run_of_another_network_or_protocol_is_refused(tmp_path: Path) -> None:
    plan = Plan("padded", RECIPES["padded"], "search", report.setting("cpu", 1), "padded")
    empty = report.Report(plan.described, {"name": "search", "words": ""}, "held-out", 9, (), plan.setting)
    content = dataclasses.asdict(empty)
    for id, protocol in (("padded", "search"), ("lenet", "best")):
        (tmp_path / report.NAME).write_text(json.dumps({**content, "protocol": {"name": protocol}}))
        with pytest.raises(InputError, match=rf"It must be of '{id}', protocol best or final"):
            ship.ship(id, tmp_path, tmp_path / "shipped")
    assert not (tmp_path / "shipped").exists()


def test_every_network_can_be_shipped_but_the_assignments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ship.main([ASSIGNMENT, "run"])
    assert "invalid choice" in capsys.readouterr().err
    for id in OTHERS:
        with pytest.raises(SystemExit, match="cannot be read as a report"):
            ship.main([id, "no/such/folder"])


def test_author_modules_are_plain_pytorch() -> None:
    for id in OTHERS:
        module = author_network(id)
        assert type(module).__name__ == "Net"
        assert type(module).__bases__ == (nn.Module,)
