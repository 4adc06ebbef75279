"""Training: it learns, can be done again to the bit, also after an interrupt, and touches nothing that others share."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import torch
from torch import nn

from model.networks.assignment.network import AssignmentNetwork
from model.training.images import Images
from model.training.learner import Learner
from model.training.loop import Epoch, Progress, Run, train
from model.training.recipe import Recipe
from tests.model.training.few import PLAIN, RICH, small_mnist

SMALL = small_mnist()
BOTH = pytest.mark.parametrize("recipe", [PLAIN, RICH], ids=["plain", "rich"])
ONE_EPOCH = dataclasses.replace(PLAIN, epochs=1)


def assert_equal(run: Run, other: Run) -> None:
    assert [epoch.training_loss for epoch in run.epochs] == [epoch.training_loss for epoch in other.epochs]
    for state, same in zip(run.states, other.states, strict=True):
        assert all(torch.equal(state[key], same[key]) for key in state)


# Learning


@BOTH
def test_the_loss_falls_and_more_are_right_than_by_chance(recipe: Recipe) -> None:
    run = train(dataclasses.replace(recipe, epochs=6), SMALL, SMALL, seed=0)
    losses = [epoch.training_loss for epoch in run.epochs]
    assert all(later < earlier for earlier, later in pairwise(losses))
    assert (run.best.validation_correct or 0) > len(SMALL) / 2
    assert not run.interrupted


def test_the_earliest_of_the_best_epochs_is_kept() -> None:
    epochs = [Epoch(number, 0.0, correct, 0.0, 0.0) for number, correct in enumerate([3, 9, 9, 5], start=1)]
    assert Run(epochs).best.number == 2
    assert Run(epochs).last.number == 4


def test_where_nothing_is_held_out_no_epoch_is_judged() -> None:
    (epoch,) = train(ONE_EPOCH, SMALL, None, seed=0).epochs
    assert epoch.validation_correct is None
    assert epoch.validation_loss is None


# Bit for bit


def by_hand(recipe: Recipe, images: Images, seed: int) -> dict[str, torch.Tensor]:
    """Train as plainly as PyTorch allows, with its own dropout, from its global seed."""
    torch.manual_seed(seed)
    network = AssignmentNetwork(recipe.dropout)
    optimiser = torch.optim.SGD(network.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum)
    for _ in range(recipe.epochs):
        for batch in torch.randperm(len(images)).split(recipe.batch_size):
            optimiser.zero_grad()
            nn.functional.cross_entropy(network(images.x[batch]), images.y[batch]).backward()
            optimiser.step()
    return network.state_dict()


def test_the_assignments_recipe_is_the_plain_loop_bit_for_bit() -> None:
    found, expected = train(PLAIN, SMALL, None, seed=4).states[-1], by_hand(PLAIN, SMALL, seed=4)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)
    other = by_hand(dataclasses.replace(PLAIN, dropout=0.0), SMALL, seed=4)
    assert not torch.equal(found["Conv2d-1.weight"], other["Conv2d-1.weight"])


def test_plain_epochs_are_the_last_and_see_images_as_they_are() -> None:
    seen: list[torch.Tensor] = []
    learner = Learner(dataclasses.replace(RICH, plain_epochs=1), 1, torch.device("cpu"))
    learner.network.get_submodule("Conv2d-1").register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].clone())
    )
    known = {tuple(each.flatten().tolist()) for each in SMALL.x}
    for number in (1, 2, 3):
        seen.clear()
        learner.learn_epoch(number, SMALL)
        same = [tuple(each.flatten().tolist()) in known for each in torch.cat(seen)]
        assert len(same) == len(SMALL)
        assert all(same) if number == 3 else not any(same)


def test_epochs_that_are_all_plain_are_a_recipe_without_distortions() -> None:
    plain = dataclasses.replace(RICH, plain_epochs=RICH.epochs)
    without = dataclasses.replace(RICH, affine=None, bend=0.0)
    assert_equal(train(plain, SMALL, None, seed=1), train(without, SMALL, None, seed=1))
    with pytest.raises(AssertionError):
        assert_equal(train(plain, SMALL, None, seed=1), train(RICH, SMALL, None, seed=1))


@BOTH
def test_the_same_seed_gives_the_same_weights_and_another_does_not(recipe: Recipe) -> None:
    short = dataclasses.replace(recipe, epochs=2)
    one, same, other = (train(short, SMALL, None, seed) for seed in (1, 1, 2))
    assert_equal(one, same)
    with pytest.raises(AssertionError):
        assert_equal(one, other)


@pytest.mark.parametrize("recipe", [PLAIN, RICH, dataclasses.replace(PLAIN, momentum=0.0)])
def test_to_go_on_gives_what_the_run_would_have_given_without_an_interrupt(recipe: Recipe) -> None:
    kept: list[Progress] = []
    whole = train(recipe, SMALL, SMALL, 1, keep=lambda progress: kept.append(_copied(progress)))
    assert_equal(train(recipe, SMALL, SMALL, 1, after=kept[0]), whole)


def _copied(progress: Progress) -> Progress:
    return Progress(Run([*progress.run.epochs], [*progress.run.states]), progress.state)


@BOTH
@pytest.mark.parametrize("lost", ["momentum", "generator", "average"])
def test_nothing_that_is_kept_could_be_left_out(recipe: Recipe, lost: str) -> None:
    if lost == "average" and not recipe.averaging:
        recipe = dataclasses.replace(recipe, averaging=0.9)
    kept: list[Progress] = []
    whole = train(recipe, SMALL, None, 1, keep=lambda progress: kept.append(_copied(progress)))
    fresh = {**kept[1].state, **_untouched(recipe, lost)}
    with pytest.raises(AssertionError):
        assert_equal(train(recipe, SMALL, None, 1, after=Progress(kept[1].run, fresh)), whole)


def _untouched(recipe: Recipe, part: str) -> dict[str, torch.Tensor]:
    """Return a part of the state as if nothing had been learned."""
    learner = Learner(recipe, 1, torch.device("cpu"))
    for weight in learner.network.parameters():
        learner.optimiser.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
    return {key: tensor for key, tensor in learner.state().items() if key.startswith(part)}


# What others share


def test_nothing_global_is_touched() -> None:
    before = torch.get_rng_state(), torch.is_grad_enabled(), torch.get_num_threads()
    train(dataclasses.replace(RICH, epochs=1), SMALL, SMALL, seed=1)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.is_grad_enabled(), torch.get_num_threads()) == before[1:]


def test_two_runs_at_once_give_what_each_gives_alone() -> None:
    recipe = dataclasses.replace(RICH, epochs=1)
    alone = [train(recipe, SMALL, SMALL, seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        for run, other in zip(alone, pool.map(lambda seed: train(recipe, SMALL, SMALL, seed), (1, 2)), strict=True):
            assert_equal(run, other)


def test_what_is_judged_is_the_average_with_statistics_of_its_own() -> None:
    learner = Learner(RICH, 1, torch.device("cpu"))
    learner.learn_epoch(1, SMALL)
    assert learner.average
    judged, raw = learner.learned(SMALL).state_dict(), learner.network.state_dict()
    assert torch.equal(judged["Conv2d-4.weight"], learner.average.weights["Conv2d-4.weight"])
    assert not torch.equal(judged["Conv2d-4.weight"], raw["Conv2d-4.weight"])
    assert not torch.equal(judged["BatchNorm2d-5.running_mean"], raw["BatchNorm2d-5.running_mean"])


def test_without_an_average_the_network_is_judged_as_it_is() -> None:
    learner = Learner(PLAIN, 1, torch.device("cpu"))
    learner.learn_epoch(1, SMALL)
    judged, raw = learner.learned(SMALL).state_dict(), learner.network.state_dict()
    assert all(torch.equal(judged[key], raw[key]) for key in raw)
