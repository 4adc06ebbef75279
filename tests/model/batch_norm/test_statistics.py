import copy
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from model import trace
from model.batch_norm import statistics
from model.batch_norm.records import Supply
from model.batch_norm.statistics import MIXED
from model.errors import InputError
from model.images import digits
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.trace.records import LayerKind, Trace

SAMPLES = digits.samples()


@pytest.fixture(scope="module")
def network() -> AssignmentNetwork:
    return weights.load()


@pytest.fixture(scope="module")
def three(network: AssignmentNetwork) -> Trace:
    return trace.record(network, digits.to_input(digits.find("project-3a")))


@pytest.fixture(scope="module")
def mixed() -> Supply:
    """Return the project's digits whether MNIST is there or not."""
    clear = [sample for sample in SAMPLES if sample.label is not None]
    labels = np.asarray([sample.label for sample in clear], np.int64)
    return Supply("samples", MIXED, np.stack([sample.pixels for sample in clear]), labels)


def names(of: Trace) -> list[str]:
    return [step.name for step in of.steps if step.kind is LayerKind.BATCH_NORM]


def assert_untouched(network: nn.Module, before: dict[str, torch.Tensor]) -> None:
    after = network.state_dict()
    assert all(torch.equal(after[name], values) for name, values in before.items())
    assert not any(module.training for module in network.modules())
    assert not any(module._forward_hooks for module in network.modules())


def test_every_map_of_every_batch_norm_is_what_the_network_computed(network: nn.Module, three: Trace) -> None:
    assert len(names(three)) == 7
    for name in names(three):
        step = three[name]
        by_pytorch = network.get_submodule(name)(torch.from_numpy(step.input.copy())[None])[0].detach().numpy()
        for channel in range(len(step.output)):
            normal = statistics.normalisation(three, name, channel)
            assert len(normal.steps) == 5
            np.testing.assert_allclose(normal.steps[-1].values, by_pytorch[channel], atol=1e-5)
            np.testing.assert_array_equal(normal.recorded, step.output[channel])
            np.testing.assert_array_equal(normal.steps[0].values, step.input[channel])
            undone = normal.steps[0].values - normal.steps[1].values
            np.testing.assert_allclose(undone, step.buffers["running_mean"][channel], atol=1e-5)


def test_scaling_before_dividing_by_the_variance_would_not_agree(three: Trace) -> None:
    """The wrong twin: the variance in place of its root."""
    normal = statistics.normalisation(three, "BatchNorm2d-5", 0)
    mean, deviation, scale, shift = (step.operand or 0.0 for step in normal.steps[1:])
    wrong = (normal.steps[0].values - mean) / deviation**2 * scale + shift
    assert np.abs(wrong - normal.recorded).max() > 0.1


@pytest.mark.parametrize(("name", "channel"), [("Conv2d-1", 0), ("BatchNorm2d-2", 8), ("BatchNorm2d-2", -1)])
def test_what_is_no_map_of_a_batch_norm_is_refused(three: Trace, name: str, channel: int) -> None:
    with pytest.raises(InputError, match="There is no map"):
        statistics.normalisation(three, name, channel)


def test_training_mode_by_hand(network: nn.Module, mixed: Supply, three: Trace) -> None:
    """The first batch norm's input does not depend on any other: its statistics follow from the images alone."""
    before = copy.deepcopy(network.state_dict())
    found = statistics.forget(network, mixed.pixels[0], mixed, 7)
    with torch.no_grad():
        first = network.get_submodule("ReLU-1")(network.get_submodule("Conv2d-1")(digits.normalise(mixed.pixels[:7])))
    row = found.rows["BatchNorm2d-2"]
    assert row.count == 7 * 26 * 26
    values = first.double().transpose(0, 1).flatten(1).numpy()
    np.testing.assert_allclose(row.mean, values.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(row.biased, ((values - values.mean(1)[:, None]) ** 2).sum(1) / row.count, rtol=1e-5)
    np.testing.assert_allclose(row.unbiased, values.var(axis=1, ddof=1), rtol=1e-6)
    by_pytorch = nn.functional.batch_norm(first, None, None, *_learned(network, "BatchNorm2d-2"), True)
    np.testing.assert_allclose(row.output, by_pytorch[0].detach().numpy(), atol=1e-5)
    assert_untouched(network, before)


def _learned(network: nn.Module, name: str) -> tuple[nn.Parameter, nn.Parameter]:
    scale, shift = network.get_submodule(name).parameters()
    return scale, shift


def test_the_unbiased_variance_goes_into_the_average_and_the_biased_one_does_not(
    network: nn.Module, mixed: Supply
) -> None:
    found = statistics.forget(network, mixed.pixels[0], mixed, 1)
    for row in found.rows.values():
        m = row.momentum
        assert m == 0.1
        np.testing.assert_allclose(row.after_mean, (1 - m) * row.trained_mean + m * row.mean, rtol=1e-4, atol=1e-6)
        right = (1 - m) * row.trained_variance + m * row.unbiased
        np.testing.assert_allclose(row.after_variance, right, rtol=1e-5)
    last = found.rows["BatchNorm2d-20"]
    wrong = (1 - last.momentum) * last.trained_variance + last.momentum * last.biased
    assert (np.abs(last.after_variance / wrong - 1) > 1e-5).any()  # 49 values: n and n - 1 differ


def test_forgetting_is_training_mode_without_dropout(network: nn.Module, mixed: Supply) -> None:
    """As PyTorch's own training mode, with dropout's p at 0."""
    as_pytorch = AssignmentNetwork(dropout=0.0)
    as_pytorch.load_state_dict(network.state_dict())
    as_pytorch.train()
    found = statistics.forget(network, mixed.pixels[0], mixed, 16)
    with torch.no_grad():
        expected = as_pytorch(digits.normalise(mixed.pixels[:16]))[0].numpy()
    np.testing.assert_allclose(found.logits, expected, atol=1e-4)
    for name, row in found.rows.items():
        norm = as_pytorch.get_submodule(name)
        np.testing.assert_allclose(row.after_variance, norm.state_dict()["running_var"].numpy(), rtol=1e-4)
    with torch.no_grad():
        evaluated = network(digits.normalise(mixed.pixels[:1]))[0].numpy()
    assert np.abs(found.logits - evaluated).max() > 0.01


def test_a_batch_changes_with_its_content_and_is_the_same_when_asked_again(network: nn.Module, mixed: Supply) -> None:
    first = mixed.pixels[0]
    ones = replace(mixed, pixels=mixed.pixels[mixed.labels == 1], labels=mixed.labels[mixed.labels == 1])
    one, again = (statistics.forget(network, first, mixed, 4).logits for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - statistics.forget(network, first, ones, 4).logits).max() > 0.1
    alone, also = (statistics.forget(network, first, each, 1).logits for each in (mixed, ones))
    np.testing.assert_array_equal(alone, also)  # in a batch of one there is nobody else


def test_the_digit_itself_fills_no_other_place(network: nn.Module, mixed: Supply) -> None:
    short = replace(mixed, pixels=mixed.pixels[:3], labels=mixed.labels[:3])
    statistics.forget(network, mixed.pixels[1], short, 3)
    with pytest.raises(InputError, match=r"A batch of 4 cannot be made\. It can have 1 to 3 images"):
        statistics.forget(network, mixed.pixels[1], short, 4)


def test_accuracies_are_pytorchs(network: nn.Module, mixed: Supply) -> None:
    before = copy.deepcopy(network.state_dict())
    found = statistics.score(network, mixed, 8)
    assert found.count == len(mixed.labels) // 8 * 8
    labels = torch.from_numpy(mixed.labels[: found.count])
    as_pytorch = AssignmentNetwork(dropout=0.0)
    as_pytorch.load_state_dict(network.state_dict())
    right = {}
    for mode in (False, True):
        as_pytorch.train(mode)
        parts = digits.normalise(mixed.pixels[: found.count]).split(8)
        with torch.no_grad():
            right[mode] = int((torch.cat([as_pytorch(part) for part in parts]).argmax(1) == labels).sum())
    assert (found.trained, found.forgotten) == (right[False], right[True])
    assert_untouched(network, before)


def test_one_class_only_ruins_what_mixed_batches_do_not(network: nn.Module, mnist_root: Path) -> None:
    assert mnist_root
    found = {content: statistics.score(network, statistics.supply(content), 64) for content in (MIXED, "3")}
    assert found[MIXED].count == found["3"].count == 256
    assert found[MIXED].forgotten > 0.9 * found[MIXED].trained
    assert found["3"].forgotten < 0.5 * found["3"].trained


@given(size=st.integers(1, 6), batches=st.integers(1, 5))
def test_the_running_average_follows_its_rule(size: int, batches: int) -> None:
    images = np.stack([sample.pixels for sample in SAMPLES[:6]])
    supply = Supply("samples", MIXED, images, np.arange(6))
    torch.manual_seed(0)
    small = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, momentum=0.25), nn.Flatten()).eval()
    (found,) = statistics.running(small, supply, size, batches).values()
    mean, variance = np.zeros(2), np.ones(2)
    np.testing.assert_array_equal(found.means[0], mean)
    np.testing.assert_array_equal(found.variances[0], variance)
    assert found.means.shape == (batches + 1, 2)
    for k in range(batches):
        mean = 0.75 * mean + 0.25 * found.batch_means[k]
        variance = 0.75 * variance + 0.25 * found.batch_variances[k]
        np.testing.assert_allclose(found.means[k + 1], mean, atol=1e-5)
        np.testing.assert_allclose(found.variances[k + 1], variance, rtol=1e-4)


def test_of_equal_batches_the_start_is_left_by_the_closed_form(network: nn.Module, mixed: Supply) -> None:
    """A batch of the whole supply is always the same: then ``running = (1 - (1 - m)^k) x mean + (1 - m)^k x start``."""
    before = copy.deepcopy(network.state_dict())
    found = statistics.running(network, mixed, len(mixed.labels), 12)
    assert_untouched(network, before)
    for row in found.values():
        left = (1 - row.momentum) ** np.arange(13)[:, None]
        mean, variance = row.batch_means[0], row.batch_variances[0]
        np.testing.assert_allclose(row.means, (1 - left) * mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(row.variances, (1 - left) * variance + left, rtol=1e-4)
        wrong = 1 - row.momentum * np.arange(13)[:, None]  # the wrong twin: a straight line
        assert np.abs(row.means - (1 - wrong) * mean).max() > 1e-2


def test_the_average_comes_close_to_the_trained_one(network: nn.Module, mnist_root: Path) -> None:
    assert mnist_root
    found = statistics.running(network, statistics.supply(MIXED), 32)
    for row in found.values():
        start, end = (np.abs(row.means[k] - row.trained_mean).mean() for k in (0, -1))
        assert end < start / 4


def test_a_single_value_has_no_variance() -> None:
    tiny = nn.Sequential(nn.Conv2d(1, 2, 28), nn.BatchNorm2d(2), nn.Flatten()).eval()
    pixels = np.stack([sample.pixels for sample in SAMPLES[:2]])
    supply = Supply("samples", MIXED, pixels, np.arange(2))
    asked: list[Callable[[], object]] = [
        lambda: statistics.forget(tiny, pixels[0], supply, 1),
        lambda: statistics.score(tiny, supply, 1),
        lambda: statistics.running(tiny, supply, 1),
    ]
    for ask in asked:
        with pytest.raises(InputError, match="A batch of 1 leaves a map with a single value"):
            ask()
    assert statistics.forget(tiny, pixels[0], supply, 2).rows["1"].count == 2


@pytest.mark.parametrize("size", [0, -1, 500])
def test_a_batch_that_cannot_be_made_is_refused(network: nn.Module, mixed: Supply, size: int) -> None:
    asked: list[Callable[[], object]] = [
        lambda: statistics.forget(network, mixed.pixels[0], mixed, size),
        lambda: statistics.score(network, mixed, size),
        lambda: statistics.running(network, mixed, size),
    ]
    for ask in asked:
        with pytest.raises(InputError, match=f"A batch of {size} cannot be made"):
            ask()


def test_a_pool_is_of_the_class_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    everything = statistics.supply(MIXED)
    assert everything.source == "the project's own digits"
    assert len(everything.labels) == sum(sample.label is not None for sample in SAMPLES)
    assert len(set(everything.labels[:16].tolist())) >= 5  # mixed, not in the order of the classes
    for content in statistics.CONTENTS[1:]:
        assert set(statistics.supply(content).labels.tolist()) == {int(content)}
    with pytest.raises(InputError, match="cannot hold 'letters'"):
        statistics.supply("letters")


def test_a_pool_comes_from_mnist_where_it_is(mnist_root: Path) -> None:
    assert mnist_root
    found = statistics.supply("7")
    assert found.source == "MNIST test images"
    assert set(found.labels.tolist()) == {7}
    assert len(found.labels) >= 256


def test_threads_do_not_disturb_one_another(network: nn.Module, mixed: Supply) -> None:
    sizes = (1, 3, 8)
    alone = {size: statistics.forget(network, mixed.pixels[0], mixed, size).logits for size in sizes}
    wrong: list[int] = []

    def work(size: int) -> None:
        for _ in range(5):
            if not np.array_equal(statistics.forget(network, mixed.pixels[0], mixed, size).logits, alone[size]):
                wrong.append(size)

    threads = [threading.Thread(target=work, args=(size,)) for size in sizes]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not wrong
