"""The head, held against PyTorch, Captum and a net that is worked by hand."""

import copy

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from model import trace
from model.errors import InputError
from model.head import logits as head
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.trace.records import Trace

MIXER = "Conv2d-13"
TWENTY = digits.samples()[::2][:20]
each_of_twenty = pytest.mark.parametrize("digit", TWENTY, ids=[digit.key for digit in TWENTY])


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def recorded(network: nn.Module, digit: Digit) -> Trace:
    return trace.record(network, digits.to_input(digit))


def by_hand() -> nn.Sequential:
    """Return a head of two maps of two units and two classes, with numbers that can be added in the mind."""
    first, pool, last = nn.Conv2d(1, 2, 1), nn.AvgPool2d((1, 2)), nn.Conv2d(2, 2, 1)
    first.weight.data = torch.tensor([1.0, -2.0]).view(2, 1, 1, 1)
    first.bias = nn.Parameter(torch.zeros(2))
    last.weight.data = torch.tensor([[3.0, 0.0], [1.0, 1.0]]).view(2, 2, 1, 1)
    last.bias = nn.Parameter(torch.tensor([0.5, -1.0]))
    return nn.Sequential(first, pool, last, nn.Flatten())


def test_a_small_head_worked_by_hand() -> None:
    read = head.of_trace(trace.record(by_hand(), torch.tensor([[[[1.0, 3.0]]]])))
    assert (read.source, read.pool, read.scorer, read.places) == ("0", "1", "2", 2)
    np.testing.assert_array_equal(read.maps, [[[1, 3]], [[-2, -6]]])
    np.testing.assert_array_equal(read.sums, [4, -8])
    np.testing.assert_array_equal(read.means, [2, -4])
    np.testing.assert_array_equal(read.parts, [[6, 0], [2, -4]])
    np.testing.assert_array_equal(read.class_maps, [[[3, 9]], [[-1, -3]]])
    np.testing.assert_array_equal(read.scores, [6.5, -3])
    np.testing.assert_array_equal(read.scores, read.logits)
    assert read.ranking == (0, 1)


@each_of_twenty
def test_the_mean_of_a_class_map_and_its_bias_are_the_logit(network: AssignmentNetwork, digit: Digit) -> None:
    """To 1e-5 of the logit in double precision; in single, of the numbers that are added to make it."""
    double = trace.record(copy.deepcopy(network).double(), digits.to_input(digit).double())
    exact = head.of_trace(double)
    np.testing.assert_allclose(exact.class_maps.mean(axis=(1, 2)) + exact.biases, double.logits, rtol=1e-5, atol=0)
    read = head.of_trace(recorded(network, digit))
    sizes = np.abs(read.parts).sum(axis=1) + np.abs(read.biases)
    means = read.class_maps.mean(axis=(1, 2))
    assert (np.abs(means + read.biases - read.logits) <= 1e-5 * sizes).all()
    np.testing.assert_allclose(read.scores, means + read.biases, rtol=1e-11)
    assert not np.allclose(means, read.logits, rtol=1e-5), "without the bias it must not agree"


@each_of_twenty
def test_the_means_are_those_of_the_network(network: AssignmentNetwork, digit: Digit) -> None:
    run = recorded(network, digit)
    read = head.of_trace(run)
    np.testing.assert_allclose(read.means, run[read.pool].output.ravel(), rtol=1e-4, atol=1e-6)


def grad_cam(network: nn.Module, x: Tensor, name: str, k: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    private = copy.deepcopy(network).eval()
    found = LayerGradCam(private, private.get_submodule(name)).attribute(x, target=k, relu_attributions=False)
    return np.asarray(found.detach()[0, 0].double().numpy())


@pytest.mark.filterwarnings("ignore")  # Captum's own
@pytest.mark.parametrize("digit", TWENTY[:5], ids=[digit.key for digit in TWENTY[:5]])
def test_grad_cam_is_the_class_map_over_the_places_before_the_pool_and_no_sooner(
    network: AssignmentNetwork, digit: Digit
) -> None:
    """Each gradient there is weight / 49 at every place; further back ReLU and batch norm bend it."""
    read, x = head.of_trace(recorded(network, digit)), digits.to_input(digit)
    assert read.source == "Dropout-21"
    for k in range(10):
        expected = read.class_maps[k] / read.places
        np.testing.assert_allclose(
            grad_cam(network, x, read.source, k), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max()
        )
        earlier = grad_cam(network, x, "Conv2d-19", k).ravel()
        factor = earlier @ expected.ravel() / (expected.ravel() @ expected.ravel())  # the best constant there is
        off = np.linalg.norm(earlier - factor * expected.ravel()) / np.linalg.norm(earlier)
        assert off > 0.05


@pytest.mark.parametrize("gain", [0.0, 0.5, 1.0, 2.0, -1.0])
@pytest.mark.parametrize("channels", [(), (3,), (0, 7, 15)])
def test_a_changed_input_map_is_what_a_hook_would_make_of_it(
    network: AssignmentNetwork, channels: tuple[int, ...], gain: float
) -> None:
    x = digits.to_input(TWENTY[3])
    private = copy.deepcopy(network).eval()
    factors = torch.ones(1, 16, 1, 1)
    factors[:, list(channels)] = gain
    handle = private.get_submodule(MIXER).register_forward_pre_hook(lambda module, taken: (taken[0] * factors,))
    with torch.no_grad():
        expected = private(x).numpy().ravel()
    handle.remove()
    run = head.mixed(network, x, MIXER, dict.fromkeys(channels, gain))
    np.testing.assert_allclose(run.logits, expected, rtol=1e-5, atol=1e-5)
    if channels and gain != 1:
        assert not np.allclose(run.logits, trace.record(network, x).logits, atol=1e-3)
        other = copy.deepcopy(network)
        with torch.no_grad():  # the wrong rule: the line of an output map, in place of an input map's column
            other.get_parameter(f"{MIXER}.weight")[[c % 8 for c in channels]] *= gain
        assert not np.allclose(trace.record(other, x).logits, expected, atol=1e-3)


def test_muting_each_map_in_one_batch_is_muting_it_alone(network: AssignmentNetwork) -> None:
    run, x = recorded(network, TWENTY[5]), digits.to_input(TWENTY[5])
    muted = head.each_muted(network, run, MIXER)
    assert muted.shape == (16, 10)
    for channel in (0, 6, 15):
        alone = head.mixed(network, x, MIXER, {channel: 0.0}).logits
        np.testing.assert_allclose(muted[channel], alone, rtol=1e-4, atol=1e-5)
    assert not np.allclose(muted[0], muted[6])


def test_the_shared_network_is_only_read(network: AssignmentNetwork) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    run = recorded(network, TWENTY[0])
    head.mixed(network, digits.to_input(TWENTY[0]), MIXER, {0: 0.0, 5: -1.0})
    head.each_muted(network, run, MIXER)
    head.of_trace(run)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert modes == [module.training for module in network.modules()]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_an_effect_is_the_length_of_the_difference(network: AssignmentNetwork) -> None:
    run = recorded(network, TWENTY[0])
    changed = head.mixed(network, digits.to_input(TWENTY[0]), MIXER, {2: -1.0})
    effects = head.effects(run, changed, MIXER)
    assert [effect.name for effect in effects] == [row.name for row in run.rows[12:]]
    assert (effects[0].name, effects[-1].name) == (MIXER, "Conv2d-23")
    for effect in effects:
        before, after = (torch.from_numpy(t[effect.name].output.copy()) for t in (run, changed))
        assert effect.relative == pytest.approx(float((after - before).norm() / before.norm()), rel=1e-5)
    kernel = run[MIXER].parameters["weight"][:, 2, 0, 0]
    expected = -2 * kernel[:, None, None] * run[MIXER].input[2]
    np.testing.assert_allclose(effects[0].difference, expected, atol=1e-4)
    assert all(effect.relative == 0 for effect in head.effects(run, run, MIXER))


@given(
    st.lists(st.floats(-40, 40), min_size=2, max_size=12),
    st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 8.0]),
)
def test_softening_is_pytorch_softmax_of_the_logits_over_the_temperature(logits: list[float], hot: float) -> None:
    soft = head.softened(logits, hot)
    scores = torch.tensor(logits, dtype=torch.float64)
    np.testing.assert_allclose(soft.probabilities, torch.softmax(scores / hot, 0).numpy(), rtol=1e-9)
    np.testing.assert_allclose(soft.log_probabilities, torch.log_softmax(scores / hot, 0).numpy(), atol=1e-9)
    np.testing.assert_allclose(soft.exponentials / soft.total, soft.probabilities, rtol=1e-9)
    if hot != 1 and np.ptp(logits) > 0.1:
        wrong = torch.softmax(scores * hot, 0).numpy()  # the wrong rule: multiplied, not divided
        assert not np.allclose(soft.log_probabilities, np.log(wrong), atol=1e-3)


def test_a_temperature_of_1_is_the_networks_own(network: AssignmentNetwork) -> None:
    run = recorded(network, TWENTY[0])
    np.testing.assert_allclose(head.softened(run.logits, 1.0).log_probabilities, run.log_probabilities, atol=1e-5)


def test_enormous_logits_stay_right() -> None:
    soft = head.softened([2000.0, 1999.0], 1.0)
    assert np.isinf(soft.total)
    np.testing.assert_allclose(soft.probabilities, [1 / (1 + np.exp(-1)), 1 / (1 + np.e)])


@pytest.mark.parametrize("hot", [0.0, -1.0, float("inf"), float("nan")])
def test_a_temperature_that_divides_nothing_is_refused(hot: float) -> None:
    with pytest.raises(InputError, match="temperature"):
        head.softened([1.0, 2.0], hot)


@pytest.mark.parametrize(
    ("name", "gains"), [("ReLU-13", {0: 0.0}), ("none", {}), (MIXER, {16: 0.0}), (MIXER, {0: float("nan")})]
)
def test_what_cannot_be_mixed_is_refused(network: AssignmentNetwork, name: str, gains: dict[int, float]) -> None:
    with pytest.raises(InputError):
        head.mixed(network, digits.to_input(TWENTY[0]), name, gains)


@pytest.mark.parametrize(
    "net",
    [
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten()),
        nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(1, 2, 1), nn.Flatten()),
        nn.Sequential(nn.AvgPool2d(4), nn.Conv2d(1, 2, 1), nn.ReLU(), nn.Flatten()),
    ],
    ids=["no pool", "pool of parts", "bent after"],
)
def test_a_network_without_a_linear_head_is_refused(net: nn.Sequential) -> None:
    for parameter in net.parameters():
        nn.init.constant_(parameter, -1.0)  # so that the ReLU bends
    with pytest.raises(InputError, match="no linear head"):
        head.of_trace(trace.record(net, torch.linspace(-1, 2, 16).view(1, 1, 4, 4)))
