"""The checks of the lie detector on a residual network and on one in colour."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from model.errors import InputError
from model.graph.records import Op
from model.saliency import attribute
from model.saliency.records import Attribution
from model.sanity_checks import pixel_curves, randomization, robustness, weight_dependence
from model.sanity_checks.edges import compare, edges
from tests.explaining import attribution
from tests.model.conftest import Example
from tests.model.graph.build import Builder
from tests.model.saliency.cases import COLOUR, GREY, TARGET, Case


@pytest.fixture(scope="module", params=[GREY, COLOUR], ids=["residual", "colour"])
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


def by_gradient(network: nn.Module, x: Tensor) -> Attribution:
    return attribute(network, x, TARGET, "saliency")


def by_edges(_: nn.Module, x: Tensor) -> Attribution:
    return attribution(edges(x[0, 0].numpy()), TARGET)


def test_rows_with_weights_are_those_of_the_graph_the_last_first(case: Case, residual: Example) -> None:
    rows = randomization.learned_rows(case.module)
    assert rows == tuple(node.name for node in reversed(case.network.all(Op.CONV, Op.BATCH_NORM, Op.LINEAR)))
    shared = residual.network.all(Op.CONV, Op.BATCH_NORM, Op.LINEAR)
    keys = {node.name: frozenset(node.tensors.values()) for node in shared}
    assert len(randomization.learned_rows(residual.module)) == len({*keys.values()}) < len(shared)


def test_all_weights_are_randomized_in_a_copy_alone(case: Case) -> None:
    before = {key: value.clone() for key, value in case.module.state_dict().items()}
    stages = list(randomization.cascade(case.module, 0))
    assert [name for name, _ in stages] == list(randomization.learned_rows(case.module))
    assert all(torch.equal(value, before[key]) for key, value in case.module.state_dict().items())
    last = stages[-1][1].state_dict()
    unlike = [key for key, value in last.items() if torch.equal(value, before[key])]
    assert all("num_batches_tracked" in key for key in unlike)


def test_a_map_of_the_weights_changes_and_one_of_the_edges_does_not(case: Case) -> None:
    gradient = weight_dependence.randomization(case.module, case.x, by_gradient, 0)
    drawn = weight_dependence.randomization(case.module, case.x, by_edges, 0)
    assert abs(gradient.signed_rank_correlations[-1]) < 0.5
    assert drawn.signed_rank_correlations[-1] == pytest.approx(1)


def test_pixels_are_deleted_in_all_channels(case: Case) -> None:
    found = by_gradient(case.module, case.x)
    shown = attribute(case.module, case.x, TARGET, "saliency", image=case.spec)
    curves = pixel_curves.pixel_curves(case.module, case.x, shown, steps=6, orders=1)
    with torch.no_grad():
        ends = [case.author(image).softmax(1)[0, TARGET].item() for image in (case.x, case.black)]
        half = case.x.clone()
        first = pixel_curves.descending(found.values)[:72]
        half.view(1, case.spec.channels, -1)[..., first] = case.black.view(1, case.spec.channels, -1)[..., first]
        middle = case.author(half).softmax(1)[0, TARGET].item()
    assert curves.deletion[[0, 3, -1]].tolist() == pytest.approx([ends[0], middle, ends[1]])
    assert curves.insertion[[0, -1]].tolist() == pytest.approx(ends[::-1])
    with pytest.raises(InputError, match="1 to 144 steps"):
        pixel_curves.pixel_curves(case.module, case.x, shown, steps=145)


def test_infidelity_is_its_definition_with_the_same_change_in_all_channels(case: Case) -> None:
    shown = attribute(case.module, case.x, TARGET, "saliency", image=case.spec)
    found = robustness.robustness(case.module, case.x, by_gradient, trials=2, probes=64, noise=0.1)
    drawn = torch.empty(64, 1, 12, 12, dtype=torch.float64)
    drawn.normal_(0, 0.1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        falls = case.score(case.x) - case.score(case.x - drawn)
    expected = float((drawn * torch.tensor(shown.values)).sum((1, 2, 3)).sub(falls).square().mean())
    assert found.infidelity == pytest.approx(expected)
    assert found.blank_infidelity == pytest.approx(float(falls.square().mean()))
    assert found.best_infidelity <= found.infidelity < found.blank_infidelity
    assert found.sensitivity > 0


def test_stored_numbers_are_kept_while_weights_are_randomized() -> None:
    build = Builder((1, 4, 4))
    name = build.add(Op.PARAMETER, weights={"value": (1, 1, 4, 4)})
    build.add(Op.ADD, "image", name, alpha=1.0)
    assert randomization.learned_rows(build.module()) == ()
    assert randomization.kept_rows(build.module()) == (name,)


def test_no_weights_are_kept_but_stored_numbers(case: Case) -> None:
    assert randomization.kept_rows(case.module) == ()


def test_weights_that_steps_share_stay_shared_while_they_are_randomized(residual: Example) -> None:
    """A module that is called twice is one row; the copy has one tensor for both calls, as the author's network has."""
    before = residual.module.state_dict()
    uses = [node.name for node in residual.network.all(Op.CONV) if node.path == "conv"]
    heads = [node.name for node in residual.network.all(Op.LINEAR)]
    for _, stage in randomization.cascade(residual.module, 3):
        assert len({id(stage.step(name).weight) for name in uses}) == 1
        assert len({id(stage.step(name).weight) for name in heads}) == 1
    last = randomization.randomized(residual.module, 3)
    for name in (*uses, *heads):
        assert not torch.equal(*(each.step(name).get_parameter("weight") for each in (last, residual.module)))
    assert all(torch.equal(value, before[key]) for key, value in residual.module.state_dict().items())


def test_edges_of_a_colour_picture_are_those_of_its_strongest_channel() -> None:
    """By hand: red to green of equal brightness has an edge, which grey alone would not show."""
    pixels = np.zeros((3, 4, 3), np.uint8)
    pixels[:, :2, 0] = pixels[:, 2:, 1] = 100
    np.testing.assert_array_equal(edges(pixels), np.tile([0, 400, 400, 0], (3, 1)))
    assert not edges(pixels.sum(axis=2)).any(), "the wrong rule: the sum of the channels"
    drawn = np.random.default_rng(0).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    expected = np.max([edges(drawn[..., channel]) for channel in range(3)], axis=0)
    np.testing.assert_array_equal(edges(drawn), expected)
    np.testing.assert_array_equal(edges(drawn[..., :1]), edges(drawn[..., 0]))


def test_a_map_is_compared_with_a_colour_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    found = compare(attribution(edges(pixels), TARGET), pixels)
    assert found.rank_correlation == pytest.approx(1)
    with pytest.raises(InputError, match="does not belong to an image"):
        compare(attribution(edges(pixels), TARGET), pixels[:11])
