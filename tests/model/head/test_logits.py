"""The head compared with PyTorch, with Captum, and with a network by hand."""

import copy

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from hypothesis import given, settings
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
from tests.heads import of_trace

MIXER = "Conv2d-13"
TWENTY = digits.samples()[::2][:20]
EACH = [
    pytest.param(digit, id=digit.key, marks=[] if number % 8 == 0 else pytest.mark.exhaustive)
    for number, digit in enumerate(TWENTY)
]


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


def recorded(network: nn.Module, digit: Digit) -> Trace:
    return trace.record(network, digits.to_input(digit))


def by_hand() -> nn.Sequential:
    """Return a head of two maps of two units and two classes, with small whole numbers."""
    first, pool, last = nn.Conv2d(1, 2, 1), nn.AvgPool2d((1, 2)), nn.Conv2d(2, 2, 1)
    first.weight.data = torch.tensor([1.0, -2.0]).view(2, 1, 1, 1)
    first.bias = nn.Parameter(torch.zeros(2))
    last.weight.data = torch.tensor([[3.0, 0.0], [1.0, 1.0]]).view(2, 2, 1, 1)
    last.bias = nn.Parameter(torch.tensor([0.5, -1.0]))
    return nn.Sequential(first, pool, last, nn.Flatten())


def test_of_trace_of_a_small_head_by_hand() -> None:
    found = of_trace(trace.record(by_hand(), torch.tensor([[[[1.0, 3.0]]]])))
    assert (found.source, found.pool, found.convolution, found.units) == ("0", "1", "2", 2)
    np.testing.assert_array_equal(found.maps, [[[1, 3]], [[-2, -6]]])
    np.testing.assert_array_equal(found.sums, [4, -8])
    np.testing.assert_array_equal(found.means, [2, -4])
    np.testing.assert_array_equal(found.contributions, [[6, 0], [2, -4]])
    np.testing.assert_array_equal(found.class_maps, [[[3, 9]], [[-1, -3]]])
    np.testing.assert_array_equal(found.exact_logits, [6.5, -3])
    np.testing.assert_array_equal(found.exact_logits, found.logits)
    assert found.ranking == (0, 1)


@pytest.mark.parametrize("digit", EACH)
def test_class_map_mean_plus_bias_is_the_logit(network: AssignmentNetwork, digit: Digit) -> None:
    """Relative to the logit in double precision; in single precision relative to the sum of the absolute terms."""
    double = trace.record(copy.deepcopy(network).double(), digits.to_input(digit).double())
    exact = of_trace(double)
    np.testing.assert_allclose(exact.class_maps.mean(axis=(1, 2)) + exact.biases, double.logits, rtol=1e-5, atol=0)
    found = of_trace(recorded(network, digit))
    sizes = np.abs(found.contributions).sum(axis=1) + np.abs(found.biases)
    means = found.class_maps.mean(axis=(1, 2))
    assert (np.abs(means + found.biases - found.logits) <= 1e-5 * sizes).all()
    np.testing.assert_allclose(found.exact_logits, means + found.biases, rtol=1e-11)
    assert not np.allclose(means, found.logits, rtol=1e-5), "without the bias it must not agree"


@pytest.mark.parametrize("digit", EACH)
def test_means_are_those_of_the_network(network: AssignmentNetwork, digit: Digit) -> None:
    run = recorded(network, digit)
    found = of_trace(run)
    np.testing.assert_allclose(found.means, run[found.pool].output.ravel(), rtol=1e-4, atol=1e-6)


def grad_cam(network: nn.Module, x: Tensor, name: str, k: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    private = copy.deepcopy(network).eval()
    found = LayerGradCam(private, private.get_submodule(name)).attribute(x, target=k, relu_attributions=False)
    return np.asarray(found.detach()[0, 0].double().numpy())


@pytest.mark.filterwarnings("ignore")  # Captum's own
@pytest.mark.parametrize("digit", EACH[:5])
def test_class_map_is_grad_cam_before_the_pool_and_at_no_earlier_layer(
    network: AssignmentNetwork, digit: Digit
) -> None:
    """Each gradient is weight / 49 at every unit; before ReLU and batch norm it is not."""
    found, x = of_trace(recorded(network, digit)), digits.to_input(digit)
    assert found.source == "Dropout-21"
    for k in (0, 4, 9):
        expected = found.class_maps[k] / found.units
        np.testing.assert_allclose(
            grad_cam(network, x, found.source, k), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max()
        )
        earlier = grad_cam(network, x, "Conv2d-19", k).ravel()
        factor = earlier @ expected.ravel() / (expected.ravel() @ expected.ravel())  # the best constant factor
        off = np.linalg.norm(earlier - factor * expected.ravel()) / np.linalg.norm(earlier)
        assert off > 0.05


@pytest.mark.parametrize(
    ("channels", "gain"), [((), 0.0), ((3,), 0.0), ((3,), 1.0), ((0, 7, 15), 0.5), ((0, 7, 15), -1.0)]
)
def test_scale_maps_is_what_a_hook_gives(network: AssignmentNetwork, channels: tuple[int, ...], gain: float) -> None:
    x = digits.to_input(TWENTY[3])
    private = copy.deepcopy(network).eval()
    factors = torch.ones(1, 16, 1, 1)
    factors[:, list(channels)] = gain
    handle = private.get_submodule(MIXER).register_forward_pre_hook(lambda module, taken: (taken[0] * factors,))
    with torch.no_grad():
        expected = private(x).numpy().ravel()
    handle.remove()
    run = head.scale_maps(network, x, MIXER, dict.fromkeys(channels, gain))
    np.testing.assert_allclose(run.logits, expected, rtol=1e-5, atol=1e-5)
    if channels and gain != 1:
        assert not np.allclose(run.logits, trace.record(network, x).logits, atol=1e-3)
        other = copy.deepcopy(network)
        with torch.no_grad():  # the wrong rule: the row of an output map instead of the column of an input map
            other.get_parameter(f"{MIXER}.weight")[[c % 8 for c in channels]] *= gain
        assert not np.allclose(trace.record(other, x).logits, expected, atol=1e-3)


def test_logits_without_each_map_are_those_without_one_map(network: AssignmentNetwork) -> None:
    run, x = recorded(network, TWENTY[5]), digits.to_input(TWENTY[5])
    muted = head.logits_without_each_map(network, run, MIXER)
    assert muted.shape == (16, 10)
    for channel in (0, 6, 15):
        alone = head.scale_maps(network, x, MIXER, {channel: 0.0}).logits
        np.testing.assert_allclose(muted[channel], alone, rtol=1e-4, atol=1e-5)
    assert not np.allclose(muted[0], muted[6])


def test_shared_network_is_not_changed(network: AssignmentNetwork) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    run = recorded(network, TWENTY[0])
    head.scale_maps(network, digits.to_input(TWENTY[0]), MIXER, {0: 0.0, 5: -1.0})
    head.logits_without_each_map(network, run, MIXER)
    of_trace(run)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert modes == [module.training for module in network.modules()]
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_row_changes_relative_is_the_norm_of_the_difference(network: AssignmentNetwork) -> None:
    run = recorded(network, TWENTY[0])
    changed = head.scale_maps(network, digits.to_input(TWENTY[0]), MIXER, {2: -1.0})
    changes = head.row_changes(run, changed, MIXER)
    assert [change.name for change in changes] == [row.name for row in run.rows[12:]]
    assert (changes[0].name, changes[-1].name) == (MIXER, "Conv2d-23")
    for change in changes:
        before, after = (torch.from_numpy(t[change.name].output.copy()) for t in (run, changed))
        assert change.relative == pytest.approx(float((after - before).norm() / before.norm()), rel=1e-5)
    kernel = run[MIXER].parameters["weight"][:, 2, 0, 0]
    expected = -2 * kernel[:, None, None] * run[MIXER].input[2]
    np.testing.assert_allclose(changes[0].difference, expected, atol=1e-4)
    assert all(change.relative == 0 for change in head.row_changes(run, run, MIXER))


@settings(max_examples=25)
@given(
    st.lists(st.floats(-40, 40), min_size=2, max_size=12),
    st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 8.0]),
)
def test_scaled_softmax_is_pytorchs_softmax_of_scaled_logits(logits: list[float], hot: float) -> None:
    soft = head.scaled_softmax(logits, hot)
    scores = torch.tensor(logits, dtype=torch.float64)
    np.testing.assert_allclose(soft.probabilities, torch.softmax(scores / hot, 0).numpy(), rtol=1e-9)
    np.testing.assert_allclose(soft.log_probabilities, torch.log_softmax(scores / hot, 0).numpy(), atol=1e-9)
    np.testing.assert_allclose(soft.exponentials / soft.total, soft.probabilities, rtol=1e-9)
    if hot != 1 and np.ptp(logits) > 0.1:
        wrong = torch.softmax(scores * hot, 0).numpy()  # the wrong rule: multiply instead of divide
        assert not np.allclose(soft.log_probabilities, np.log(wrong), atol=1e-3)


def test_scaled_softmax_at_temperature_1_is_the_output_of_the_network(network: AssignmentNetwork) -> None:
    run = recorded(network, TWENTY[0])
    np.testing.assert_allclose(head.scaled_softmax(run.logits, 1.0).log_probabilities, run.log_probabilities, atol=1e-5)


def test_scaled_softmax_of_enormous_logits_is_correct() -> None:
    soft = head.scaled_softmax([2000.0, 1999.0], 1.0)
    assert np.isinf(soft.total)
    np.testing.assert_allclose(soft.probabilities, [1 / (1 + np.exp(-1)), 1 / (1 + np.e)])


@pytest.mark.parametrize("hot", [0.0, -1.0, float("inf"), float("nan")])
def test_scaled_softmax_refuses_an_impossible_temperature(hot: float) -> None:
    with pytest.raises(InputError, match="temperature"):
        head.scaled_softmax([1.0, 2.0], hot)


@pytest.mark.parametrize(
    ("name", "gains"), [("ReLU-13", {0: 0.0}), ("none", {}), (MIXER, {16: 0.0}), (MIXER, {0: float("nan")})]
)
def test_scale_maps_refuses_unknown_maps_and_gains(
    network: AssignmentNetwork, name: str, gains: dict[int, float]
) -> None:
    with pytest.raises(InputError):
        head.scale_maps(network, digits.to_input(TWENTY[0]), name, gains)
