import copy
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from model import trace
from model.batch_norm import image_sets, statistics
from model.batch_norm.image_sets import MIXED
from model.batch_norm.normalisation import normalisation
from model.batch_norm.records import ImageSet
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
def mixed() -> ImageSet:
    """Return the project's samples, with or without MNIST."""
    labelled = [sample for sample in SAMPLES if sample.label is not None]
    labels = np.asarray([sample.label for sample in labelled], np.int64)
    return ImageSet("samples", MIXED, np.stack([sample.pixels for sample in labelled]), labels)


def names(of: Trace) -> list[str]:
    return [step.name for step in of.steps if step.kind is LayerKind.BATCH_NORM]


def assert_untouched(network: nn.Module, before: dict[str, torch.Tensor]) -> None:
    after = network.state_dict()
    assert all(torch.equal(after[name], values) for name, values in before.items())
    assert not any(module.training for module in network.modules())
    assert not any(module._forward_hooks for module in network.modules())


def test_normalisation_is_what_the_network_computed_for_every_map(network: nn.Module, three: Trace) -> None:
    assert len(names(three)) == 7
    for name in names(three):
        step = three[name]
        by_pytorch = network.get_submodule(name)(torch.from_numpy(step.input.copy())[None])[0].detach().numpy()
        for channel in range(len(step.output)):
            normal = normalisation(three, name, channel)
            assert len(normal.steps) == 5
            np.testing.assert_allclose(normal.steps[-1].values, by_pytorch[channel], atol=1e-5)
            np.testing.assert_array_equal(normal.recorded, step.output[channel])
            np.testing.assert_array_equal(normal.steps[0].values, step.input[channel])
            undone = normal.steps[0].values - normal.steps[1].values
            np.testing.assert_allclose(undone, step.buffers["running_mean"][channel], atol=1e-5)


def test_normalisation_with_the_variance_instead_of_its_root_does_not_agree(three: Trace) -> None:
    """The wrong rule: the variance instead of its root."""
    normal = normalisation(three, "BatchNorm2d-5", 0)
    mean, deviation, scale, shift = (step.operand or 0.0 for step in normal.steps[1:])
    wrong = (normal.steps[0].values - mean) / deviation**2 * scale + shift
    assert np.abs(wrong - normal.recorded).max() > 0.1


@pytest.mark.parametrize(("name", "channel"), [("Conv2d-1", 0), ("BatchNorm2d-2", 8), ("BatchNorm2d-2", -1)])
def test_normalisation_refuses_another_step_or_map(three: Trace, name: str, channel: int) -> None:
    with pytest.raises(InputError, match="There is no map"):
        normalisation(three, name, channel)


def test_run_in_training_mode_statistics_by_hand(network: nn.Module, mixed: ImageSet, three: Trace) -> None:
    """The input of the first batch norm depends on no other batch norm: its statistics follow from the images."""
    before = copy.deepcopy(network.state_dict())
    found = statistics.run_in_training_mode(network, mixed.pixels[0], mixed, 7)
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


def test_run_in_training_mode_puts_the_unbiased_variance_into_the_average(network: nn.Module, mixed: ImageSet) -> None:
    found = statistics.run_in_training_mode(network, mixed.pixels[0], mixed, 1)
    for row in found.rows.values():
        m = row.momentum
        assert m == 0.1
        np.testing.assert_allclose(row.after_mean, (1 - m) * row.trained_mean + m * row.mean, rtol=1e-4, atol=1e-6)
        right = (1 - m) * row.trained_variance + m * row.unbiased
        np.testing.assert_allclose(row.after_variance, right, rtol=1e-5)
    last = found.rows["BatchNorm2d-20"]
    wrong = (1 - last.momentum) * last.trained_variance + last.momentum * last.biased
    assert (np.abs(last.after_variance / wrong - 1) > 1e-5).any()  # 49 values, so n and n - 1 differ


def test_run_in_training_mode_is_that_of_pytorch_without_dropout(network: nn.Module, mixed: ImageSet) -> None:
    """PyTorch's own training mode, with dropout's p at 0, gives the same."""
    as_pytorch = AssignmentNetwork(dropout=0.0)
    as_pytorch.load_state_dict(network.state_dict())
    as_pytorch.train()
    found = statistics.run_in_training_mode(network, mixed.pixels[0], mixed, 16)
    with torch.no_grad():
        expected = as_pytorch(digits.normalise(mixed.pixels[:16]))[0].numpy()
    np.testing.assert_allclose(found.logits, expected, atol=1e-4)
    for name, row in found.rows.items():
        norm = as_pytorch.get_submodule(name)
        np.testing.assert_allclose(row.after_variance, norm.state_dict()["running_var"].numpy(), rtol=1e-4)
    with torch.no_grad():
        evaluated = network(digits.normalise(mixed.pixels[:1]))[0].numpy()
    assert np.abs(found.logits - evaluated).max() > 0.01


def test_run_in_training_mode_depends_on_the_content_only(network: nn.Module, mixed: ImageSet) -> None:
    first = mixed.pixels[0]
    ones = replace(mixed, pixels=mixed.pixels[mixed.labels == 1], labels=mixed.labels[mixed.labels == 1])
    one, again = (statistics.run_in_training_mode(network, first, mixed, 4).logits for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - statistics.run_in_training_mode(network, first, ones, 4).logits).max() > 0.1
    alone, also = (statistics.run_in_training_mode(network, first, each, 1).logits for each in (mixed, ones))
    np.testing.assert_array_equal(alone, also)  # a batch of one has no other images


def test_run_in_training_mode_does_not_repeat_the_digit(network: nn.Module, mixed: ImageSet) -> None:
    short = replace(mixed, pixels=mixed.pixels[:3], labels=mixed.labels[:3])
    statistics.run_in_training_mode(network, mixed.pixels[1], short, 3)
    with pytest.raises(InputError, match=r"A batch of 4 is not possible\. It can have 1 to 3 images"):
        statistics.run_in_training_mode(network, mixed.pixels[1], short, 4)


def test_accuracy_is_that_of_pytorch(network: nn.Module, mixed: ImageSet) -> None:
    before = copy.deepcopy(network.state_dict())
    found = statistics.accuracy(network, mixed, 8)
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
    assert (found.evaluation_mode, found.training_mode) == (right[False], right[True])
    assert_untouched(network, before)


def test_accuracy_falls_with_one_class_and_not_with_mixed_batches(network: nn.Module, mnist_root: Path) -> None:
    assert mnist_root
    found = {content: statistics.accuracy(network, image_sets.image_set(content), 64) for content in (MIXED, "3")}
    assert found[MIXED].count == found["3"].count == 256
    assert found[MIXED].training_mode > 0.9 * found[MIXED].evaluation_mode
    assert found["3"].training_mode < 0.5 * found["3"].evaluation_mode


@settings(max_examples=15)
@given(size=st.integers(1, 6), batches=st.integers(1, 5))
def test_running_averages_follow_the_update_rule(size: int, batches: int) -> None:
    images = ImageSet("samples", MIXED, np.stack([sample.pixels for sample in SAMPLES[:6]]), np.arange(6))
    torch.manual_seed(0)
    small = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, momentum=0.25), nn.Flatten()).eval()
    (found,) = statistics.running_averages(small, images, size, batches).values()
    mean, variance = np.zeros(2), np.ones(2)
    np.testing.assert_array_equal(found.means[0], mean)
    np.testing.assert_array_equal(found.variances[0], variance)
    assert found.means.shape == (batches + 1, 2)
    for k in range(batches):
        mean = 0.75 * mean + 0.25 * found.batch_means[k]
        variance = 0.75 * variance + 0.25 * found.batch_variances[k]
        np.testing.assert_allclose(found.means[k + 1], mean, atol=1e-5)
        np.testing.assert_allclose(found.variances[k + 1], variance, rtol=1e-4)


def test_running_averages_of_equal_batches_follow_the_closed_form(network: nn.Module, mixed: ImageSet) -> None:
    """Batches of all images are equal: then ``running = (1 - (1 - m)^k) x mean + (1 - m)^k x start``."""
    before = copy.deepcopy(network.state_dict())
    found = statistics.running_averages(network, mixed, len(mixed.labels), 5)
    assert_untouched(network, before)
    for row in found.values():
        left = (1 - row.momentum) ** np.arange(6)[:, None]
        mean, variance = row.batch_means[0], row.batch_variances[0]
        np.testing.assert_allclose(row.means, (1 - left) * mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(row.variances, (1 - left) * variance + left, rtol=1e-4)
        wrong = 1 - row.momentum * np.arange(6)[:, None]  # the wrong rule: a straight line
        assert np.abs(row.means - (1 - wrong) * mean).max() > 1e-2


def test_running_averages_come_close_to_the_trained_ones(network: nn.Module, mnist_root: Path) -> None:
    assert mnist_root
    found = statistics.running_averages(network, image_sets.image_set(MIXED), 32)
    for row in found.values():
        start, end = (np.abs(row.means[k] - row.trained_mean).mean() for k in (0, -1))
        assert end < start / 4


def test_batch_with_a_single_value_is_refused() -> None:
    tiny = nn.Sequential(nn.Conv2d(1, 2, 28), nn.BatchNorm2d(2), nn.Flatten()).eval()
    pixels = np.stack([sample.pixels for sample in SAMPLES[:2]])
    images = ImageSet("samples", MIXED, pixels, np.arange(2))
    asked: list[Callable[[], object]] = [
        lambda: statistics.run_in_training_mode(tiny, pixels[0], images, 1),
        lambda: statistics.accuracy(tiny, images, 1),
        lambda: statistics.running_averages(tiny, images, 1),
    ]
    for ask in asked:
        with pytest.raises(InputError, match="In a batch of 1 a map has a single value"):
            ask()
    assert statistics.run_in_training_mode(tiny, pixels[0], images, 2).rows["1"].count == 2


@pytest.mark.parametrize("size", [0, -1, 500])
def test_batch_of_an_impossible_size_is_refused(network: nn.Module, mixed: ImageSet, size: int) -> None:
    asked: list[Callable[[], object]] = [
        lambda: statistics.run_in_training_mode(network, mixed.pixels[0], mixed, size),
        lambda: statistics.accuracy(network, mixed, size),
        lambda: statistics.running_averages(network, mixed, size),
    ]
    for ask in asked:
        with pytest.raises(InputError, match=f"A batch of {size} is not possible"):
            ask()


def test_image_set_has_the_requested_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_ROOT", str(tmp_path))
    everything = image_sets.image_set(MIXED)
    assert everything.source == "the project's samples"
    assert len(everything.labels) == sum(sample.label is not None for sample in SAMPLES)
    assert len(set(everything.labels[:16].tolist())) >= 5  # mixed, not in the order of the classes
    for content in image_sets.CONTENTS[1:]:
        assert set(image_sets.image_set(content).labels.tolist()) == {int(content)}
    with pytest.raises(InputError, match="cannot hold 'letters'"):
        image_sets.image_set("letters")


def test_image_set_comes_from_mnist_if_present(mnist_root: Path) -> None:
    assert mnist_root
    found = image_sets.image_set("7")
    assert found.source == "MNIST test images"
    assert set(found.labels.tolist()) == {7}
    assert len(found.labels) >= 256


def test_run_in_training_mode_in_threads_is_that_of_one_thread(network: nn.Module, mixed: ImageSet) -> None:
    sizes = (1, 3, 8)
    alone = {size: statistics.run_in_training_mode(network, mixed.pixels[0], mixed, size).logits for size in sizes}
    different: list[int] = []

    def work(size: int) -> None:
        for _ in range(3):
            if not np.array_equal(
                statistics.run_in_training_mode(network, mixed.pixels[0], mixed, size).logits, alone[size]
            ):
                different.append(size)

    threads = [threading.Thread(target=work, args=(size,)) for size in sizes]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not different
