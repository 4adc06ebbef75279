"""Small trainings of several networks, equal to a loop over their author's own code, and refusals in sentences."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model import networks
from model.errors import InputError
from model.graph.capture import save
from model.images import shapes
from model.images.inputs import to_inputs
from model.images.records import SHAPES
from model.networks.authors import author_network
from model.networks.records import Network
from model.training.live import fresh, loop, pictures
from model.training.live.pictures import LivePictures, Pictures
from model.training.live.records import LiveChoices, LiveRun
from model.training.masks import SeededMapDropout
from tests.model.training.few import live_pictures

SHORT = LiveChoices(steps=100, learning_rate=0.02, batch_size=16, dropout=0.0, seed=3, network="any")


def few_shapes() -> LivePictures:
    drawn = [shapes.picture("train", number) for number in range(180)]
    pixels, labels = np.stack([each for each, _ in drawn]), np.array([label for _, label in drawn])
    return LivePictures(Pictures(pixels[:130], labels[:130], SHAPES), Pictures(pixels[130:], labels[130:], SHAPES))


def pictures_of(network: Network) -> LivePictures:
    return few_shapes() if network.id == "shapes" else live_pictures()


def trained(network: Network, choices: LiveChoices, steps: int) -> LiveRun:
    return next(run for run in loop.train(network, choices, pictures_of(network)) if run.step == steps)


def by_hand(network: Network, choices: LiveChoices, steps: int) -> tuple[list[float], nn.Module]:
    """Train the author's own code with PyTorch's global generator and its own ``reset_parameters``."""
    author, given = author_network(network.id), pictures_of(network).training
    with torch.random.fork_rng():
        torch.manual_seed(choices.seed)
        for path in dict.fromkeys(node.path for node in network.graph.nodes if node.tensors):
            author.get_submodule(path).reset_parameters()  # type: ignore[operator]
        for step in author.modules():
            if isinstance(step, nn.Dropout | nn.Dropout2d):
                step.p = 0.0
        optimiser = torch.optim.SGD(author.parameters(), lr=choices.learning_rate, momentum=0.9)
        order = torch.randperm(len(given)).tolist()
        author.train()
        losses = list[float]()
        while len(losses) < steps:
            batch, order = order[: choices.batch_size], order[choices.batch_size :]
            x: Tensor = to_inputs(given.pixels[batch], network.input)
            loss = nn.functional.cross_entropy(author(x), torch.from_numpy(given.labels[batch]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses, author.eval()


@pytest.mark.parametrize("id", ["residual", "lenet", "shapes"])
def test_a_small_training_equals_a_plain_loop_over_the_authors_code(id: str) -> None:
    network = networks.by_id(id)
    before = {key: tensor.clone() for key, tensor in network.module.state_dict().items()}
    run = trained(network, SHORT, 5)
    losses, author = by_hand(network, SHORT, 5)
    np.testing.assert_allclose(run.losses, losses, rtol=1e-5)
    state = author.state_dict()
    for key, values in loop.network_of(network, run.snapshots[-1]).author_state_dict().items():
        torch.testing.assert_close(values, state[key], rtol=1e-4, atol=1e-5)
    assert all(torch.equal(before[key], tensor) for key, tensor in network.module.state_dict().items())
    assert not network.module.training
    other = trained(network, replace(SHORT, seed=4), 5)
    assert not np.allclose(other.losses, losses, rtol=1e-2)


@pytest.mark.slow(reason="trains two networks for a hundred steps")
@pytest.mark.parametrize("id", ["residual", "shapes"])
def test_the_loss_falls_and_the_same_seed_gives_the_same_run(id: str) -> None:
    network = networks.by_id(id)
    one, other = (trained(network, SHORT, 100) for _ in range(2))  # of 130 pictures, so 11 epochs
    assert one.finished
    assert one.losses.tolist() == other.losses.tolist()
    assert one.losses[-16:].mean() < 0.98 * one.losses[:16].mean(), "the last two epochs against the first two"
    assert one.classes == len(network.classes)


def test_labels_are_the_classes_of_the_network() -> None:
    """A network can have other classes besides the shapes, in another order."""
    network = replace(networks.by_id("shapes"), classes=("cat", *reversed(SHAPES)))
    given = few_shapes().training
    _x, y = given.at(np.arange(9), network)
    assert [network.classes[int(label)] for label in y] == [SHAPES[label] for label in given.labels[:9]]


def captured(module: nn.Module, place: Path, shape: tuple[int, int, int] = (1, 28, 28)) -> Network:
    save(module.eval(), place / "net.glass", shape, classes=tuple("0123456789"))
    return networks.load(place / "net.glass")


class Position(nn.Module):
    """Numbers of its own that are added, for which PyTorch has no initial values."""

    def __init__(self) -> None:
        super().__init__()
        self.position, self.last = nn.Parameter(torch.ones(1, 28, 28)), nn.Linear(784, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10)."""
        found: Tensor = self.last((x + self.position).flatten(1))
        return found


def test_learned_numbers_without_initial_values_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no initial values that PyTorch would draw"):
        fresh.suited(captured(Position(), tmp_path))


def test_a_network_whose_weights_are_all_frozen_is_refused(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).requires_grad_(requires_grad=False)
    with pytest.raises(InputError, match=r"has no gradient|no gradient reaches"):
        fresh.suited(captured(module, tmp_path))


def test_a_network_that_is_too_large_or_too_slow_is_refused_with_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    network = networks.by_id("lenet")
    found = fresh.suited(network)
    assert (found.kind, found.has_dropout, found.has_norms) == ("mnist", False, False)
    assert 0 < found.seconds < 1
    monkeypatch.setattr(fresh, "MOST_SECONDS", 0)
    with pytest.raises(InputError, match=r"one step of 32 pictures takes \d\.\d s of a core here, so 300 steps take"):
        fresh.suited(network)
    monkeypatch.setattr(fresh, "MOST_PARAMETERS", 44_425)
    with pytest.raises(InputError, match="has 44,426 parameters, too many to keep"):
        fresh.suited(network)


def test_a_network_with_other_classes_is_refused() -> None:
    network = replace(networks.by_id("shapes"), classes=tuple("abcdefghi"))
    assert pictures.kind_of(network) is None
    with pytest.raises(InputError, match="this network has other classes"):
        fresh.suited(network)


def test_a_batch_norm_without_a_momentum_averages_all_batches_again(tmp_path: Path) -> None:
    author = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, momentum=None), nn.Flatten(), nn.Linear(2704, 10))
    network = captured(author, tmp_path)
    run = trained(network, SHORT, 10)
    peer = copy.deepcopy(author).train()
    mean = loop.network_of(network, run.snapshots[-1]).author_state_dict()["1.running_mean"]
    assert mean.abs().max() > 0.01, "they are measured again, where a momentum of 0 would leave zeros"
    assert peer[1].momentum is None


def test_dropping_maps_drops_whole_maps_and_keeps_the_mean() -> None:
    step = SeededMapDropout(0.25, torch.Generator().manual_seed(1)).train()
    dropped = step(torch.ones(400, 8, 3, 2))
    maps = dropped.flatten(2)
    assert bool(((maps == 0).all(2) | (maps == 1 / 0.75).all(2)).all())
    assert float((maps[..., 0] == 0).float().mean()) == pytest.approx(0.25, abs=0.03)
    x = torch.ones(2, 3, 2, 2)
    assert torch.equal(step.eval()(x), x)


def test_each_dropout_keeps_its_own_p_or_gets_the_chosen_one() -> None:
    network = networks.by_id("basic")
    own = [step.p for step in network.module.modules() if isinstance(step, nn.Dropout | nn.Dropout2d)]
    for chosen, expected in ((None, own), (0.1, [0.1] * len(own))):
        made = fresh.untrained(network, torch.Generator(), chosen)
        assert [step.p for step in made.modules() if isinstance(step, nn.Dropout | nn.Dropout2d)] == expected
    assert len(own) == 2


def test_a_large_network_keeps_fewer_snapshots() -> None:
    assert loop.snapshot_steps(600, 10_000) == loop.snapshot_steps(600)
    large = loop.snapshot_steps(600, 1_199_882)
    assert (large[0], large[-1], len(large)) == (0, 600, 5)
