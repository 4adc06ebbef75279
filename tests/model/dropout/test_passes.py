"""Dropout: PyTorch's own draws the same masks, means and variances are those of theory, and nobody disturbs another."""

import copy
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from model.dropout import passes as dropout
from model.dropout.records import DropoutPlan, Masks, Passes, entropy
from model.errors import InputError
from model.images import mnist
from model.images.digits import find, normalise, samples, to_input
from model.images.digits import mnist as mnist_digits
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.trace import record
from model.trace.records import LayerKind, Row, Trace

DROPOUTS = [f"Dropout-{number}" for number in (3, 6, 9, 12, 15, 18, 21)]
NETWORK = weights.load()
DIGIT = find("project-4or9")
X = to_input(DIGIT)
Numbers = NDArray[np.float64]


@functools.cache
def off() -> Trace:
    return record(NETWORK, X)


@functools.cache
def masks_of(name: str, p: float = 0.1, whole: bool = False) -> Masks:
    return dropout.masks(off(), name, DropoutPlan(p, whole_channels=whole))


def contents(trace: Trace) -> bytes:
    return b"".join(step.output.tobytes() for step in trace.steps)


def unpacked(masks: Masks) -> NDArray[np.bool_]:
    """Return all masks, (N, C, H, W)."""
    units = int(np.prod(masks.shape))
    return np.unpackbits(masks.kept, axis=1)[:, :units].reshape(-1, *masks.shape).astype(bool)


# One pass, by plan


@pytest.mark.parametrize("seed", [0, 7, 2**40])
@pytest.mark.parametrize("p", [None, NETWORK.get_submodule("Dropout-3").p])
def test_a_plan_of_all_rows_is_dropout_as_trained(seed: int, p: float | None) -> None:
    planned = record(NETWORK, X, plan=DropoutPlan(p, seed=seed))
    assert contents(planned) == contents(record(NETWORK, X, dropout=True, seed=seed))
    assert (planned.dropout, planned.seed) == (True, seed)


def test_the_p_is_that_of_the_modules() -> None:
    assert dropout.own_probabilities(AssignmentNetwork(0.25)) == dict.fromkeys(DROPOUTS, 0.25)
    network = AssignmentNetwork(0.25)
    step = record(network, X, plan=DropoutPlan())["Dropout-6"]
    assert step.settings["p"] == 0.25
    assert step.mask is not None
    np.testing.assert_allclose(step.output, step.input * step.mask / 0.75, rtol=1e-6)


@torch.no_grad()
def by_pytorch(plan: DropoutPlan) -> dict[str, Tensor]:
    """Drop with PyTorch's own modules, from the global seed; a row that does not drop draws its mask all the same."""
    own = nn.Dropout2d if plan.whole_channels else nn.Dropout
    private, found, x = copy.deepcopy(NETWORK).eval(), {}, X
    with torch.random.fork_rng():
        torch.manual_seed(plan.seed)
        for name, module in private.named_children():
            if not isinstance(module, nn.Dropout):
                x = module(x)
            else:
                dropped = own(module.p if plan.p is None else plan.p).train()(x)
                x = dropped if plan.rows is None or name in plan.rows else x
            found[name] = x
    return found


def assert_agrees(trace: Trace, witness: dict[str, Tensor]) -> None:
    for name, activation in witness.items():
        assert torch.equal(torch.tensor(trace[name].output), activation[0]), name


@settings(max_examples=40)
@given(
    st.builds(
        DropoutPlan,
        p=st.sampled_from([None, 0.0, 0.1, 0.35, 0.9]),
        rows=st.none() | st.lists(st.sampled_from(DROPOUTS), unique=True).map(tuple),
        whole_channels=st.booleans(),
        seed=st.integers(0, 999_999),
    )
)
def test_every_plan_is_what_plain_pytorch_drops(plan: DropoutPlan) -> None:
    assert_agrees(record(NETWORK, X, plan=plan), by_pytorch(plan))


@pytest.mark.parametrize(
    "wrong",
    [
        DropoutPlan(0.2),
        DropoutPlan(0.1, seed=1),
        DropoutPlan(0.1, whole_channels=True),
        DropoutPlan(0.1, rows=("Dropout-3",)),
    ],
)
def test_another_plan_does_not_agree(wrong: DropoutPlan) -> None:
    with pytest.raises(AssertionError):
        assert_agrees(record(NETWORK, X, plan=DropoutPlan(0.1)), by_pytorch(wrong))


@pytest.mark.parametrize("name", DROPOUTS)
def test_a_row_has_the_same_mask_alone_as_with_the_others(name: str) -> None:
    alone, together = (record(NETWORK, X, plan=DropoutPlan(0.3, rows, seed=5)) for rows in ((name,), None))
    first, second = alone[name].mask, together[name].mask
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first, second)
    assert [step.name for step in alone.steps if step.mask is not None] == [name]
    before = alone.steps[: alone.steps.index(alone[name])]
    assert all(step.output.tobytes() == off()[step.name].output.tobytes() for step in before)


def test_whole_channels_are_dropped_whole() -> None:
    mask = record(NETWORK, X, plan=DropoutPlan(0.5, whole_channels=True))["Dropout-6"].mask
    assert mask is not None
    assert mask.shape == (16, 24, 24)
    channels = mask.mean(axis=(1, 2))
    assert set(channels) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (DropoutPlan(1.0), r"p = 1\.0 is not possible"),
        (DropoutPlan(-0.1), "not possible"),
        (DropoutPlan(float("nan")), "not possible"),
        (DropoutPlan(rows=("Conv2d-1",)), r"Conv2d-1 cannot drop\. These rows can: Dropout-3"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(plan: DropoutPlan, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        record(NETWORK, X, plan=plan)


# How far a mask travels


@pytest.mark.parametrize("name", DROPOUTS)
def test_the_difference_begins_where_dropout_begins(name: str) -> None:
    on = record(NETWORK, X, plan=DropoutPlan(0.3, (name,), seed=1))
    changes = dropout.journey(off(), on)
    assert [change.name for change in changes] == [row.name for row in off().rows]
    number = int(name.split("-")[1])
    assert [change.rms > 0 for change in changes] == [change.number >= number for change in changes]
    for change in changes:
        before, after = (torch.tensor(trace[change.name].maps).double() for trace in (off(), on))
        assert change.rms == pytest.approx(float((after - before).norm() / before.numel() ** 0.5), rel=1e-6)
        assert change.relative == pytest.approx(float((after - before).norm() / before.norm()), rel=1e-6, abs=1e-12)
        np.testing.assert_allclose(change.map, (after - before).abs().mean(0).numpy(), rtol=1e-5)


# Many passes


def read(x: Tensor, plan: DropoutPlan, count: int) -> NDArray[np.float32]:
    return dropout.probabilities(NETWORK, x, dropout.draw(NETWORK, off(), plan, count))


@pytest.mark.parametrize("plan", [DropoutPlan(0.1), DropoutPlan(0.5, ("Dropout-9",), True, 40)])
def test_each_pass_is_the_trace_of_its_seed(plan: DropoutPlan) -> None:
    found = read(X, plan, 13)
    assert found.shape == (13, 10)
    for number, shares in enumerate(found):
        seeded = DropoutPlan(plan.p, plan.rows, plan.whole_channels, plan.seed + number)
        np.testing.assert_allclose(shares, record(NETWORK, X, plan=seeded).probabilities, atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 1e-4, "another seed is another pass"


def test_a_pass_is_the_same_bit_for_bit_whatever_their_number() -> None:
    few, many = (read(X, DropoutPlan(0.2), count) for count in (10, 100))
    assert few.tobytes() == many[:10].tobytes()


@pytest.mark.parametrize("whole", [False, True])
def test_what_is_drawn_for_many_passes_is_what_each_pass_drops(whole: bool) -> None:
    plan = DropoutPlan(0.3, ("Dropout-6", "Dropout-21"), whole, 77)
    drawn = dropout.draw(NETWORK, off(), plan, 12)
    assert [each.name for each in drawn] == ["Dropout-6", "Dropout-21"], "only rows that drop"
    for number in range(12):
        seeded = record(NETWORK, X, plan=DropoutPlan(0.3, plan.rows, whole, 77 + number))
        other = record(NETWORK, X, plan=DropoutPlan(0.3, plan.rows, whole, 78 + number))
        for each in drawn:
            (mask,) = each.masks(slice(number, number + 1))
            same, another = seeded[each.name].mask, other[each.name].mask
            assert same is not None
            assert another is not None
            np.testing.assert_array_equal(mask, same)
            assert not np.array_equal(mask, another), "another seed is another mask"


def test_what_passes_come_to() -> None:
    off_ = np.array([0.7, 0.3], np.float32)
    passes = Passes(off_, np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.5, 0.5]], np.float32), 1000)
    assert passes.answers.tolist() == [2, 2]
    assert passes.changed == 2
    assert passes.farthest == 1002
    np.testing.assert_allclose(passes.mean, [0.5, 0.5])
    assert passes.entropy == pytest.approx(1)
    assert passes.off_entropy == pytest.approx(-(0.7 * np.log2(0.7) + 0.3 * np.log2(0.3)), rel=1e-6)


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=10))
def test_the_entropy_is_pytorchs(values: list[float]) -> None:
    shares = torch.tensor(values, dtype=torch.float64) / sum(values)
    nats = torch.distributions.Categorical(shares).entropy()
    assert entropy(shares.numpy()) == pytest.approx(float(nats) / np.log(2))


def test_a_digit_between_two_moves_more_than_clear_ones() -> None:
    changed: dict[bool, list[int]] = {True: [], False: []}
    for digit in samples():
        x = to_input(digit)
        shares = read(x, DropoutPlan(), 20)
        changed[digit.label is None].append(dropout.passes(record(NETWORK, x), [shares], 0).changed)
    assert np.mean(changed[True]) > np.mean(changed[False])


# The mean over masks


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("name", DROPOUTS)
def test_masks_are_those_of_traces(name: str, whole: bool) -> None:
    masks = masks_of(name, whole=whole)
    every = unpacked(masks)
    for seed in (0, 1, 499, 999):
        mask = record(NETWORK, X, plan=DropoutPlan(0.1, whole_channels=whole, seed=seed))[name].mask
        assert mask is not None
        np.testing.assert_array_equal(every[seed], mask)
    for number, counts in zip(masks.after, masks.counts, strict=True):
        np.testing.assert_array_equal(counts, every[:number].sum(axis=0))
    unit = (1, 2, 3)
    np.testing.assert_array_equal(masks.history(unit), every[:, 1, 2, 3])


Rule = Callable[[Numbers, NDArray[np.bool_], float], Numbers]


def enlarged(values: Numbers, kept: NDArray[np.bool_], p: float) -> Numbers:
    return values * kept / (1 - p)


def not_enlarged(values: Numbers, kept: NDArray[np.bool_], _p: float) -> Numbers:
    return values * kept


def enlarged_by_too_much(values: Numbers, kept: NDArray[np.bool_], p: float) -> Numbers:
    return values * kept / (1 - p) ** 2


def share_within(rule: Rule, name: str, p: float) -> float:
    """Return which part of units has a mean over 1,000 masks within four standard errors, by theory, of its value."""
    values = off()[name].input.astype(float)
    mean = sum(rule(values, kept, p) for kept in unpacked(masks_of(name, p))) / 1000
    error = np.abs(values) * np.sqrt(p / (1 - p) / 1000)
    return float((np.abs(mean - values) <= 4 * error).mean())


@pytest.mark.parametrize("p", [0.1, 0.5])
@pytest.mark.parametrize("name", DROPOUTS)
def test_the_mean_over_a_thousand_masks_is_the_value(name: str, p: float) -> None:
    assert share_within(enlarged, name, p) >= 0.999
    assert dropout.convergence(off(), masks_of(name, p)).within >= 0.999


@pytest.mark.parametrize("name", DROPOUTS)
@pytest.mark.parametrize("wrong", [not_enlarged, enlarged_by_too_much])
def test_without_the_right_factor_it_is_not(wrong: Rule, name: str) -> None:
    assert share_within(wrong, name, 0.1) < 0.5
    assert dropout.convergence(off(), masks_of(name)).within_unscaled < 0.5


def test_the_mean_is_that_of_pytorchs_own_dropout() -> None:
    values = torch.tensor(off()["Dropout-3"].input)
    drop, outputs = nn.Dropout(0.1).train(), []
    with torch.random.fork_rng():
        for seed in range(1000):
            torch.manual_seed(seed)
            outputs.append(drop(values))
    every = torch.stack(outputs).double()
    found = dropout.convergence(off(), masks_of("Dropout-3"))
    unit = every[(slice(None), *found.unit)]
    np.testing.assert_allclose(found.running, (unit.cumsum(0) / torch.arange(1, 1001)).numpy(), rtol=1e-6)
    assert found.value == values.flatten()[values.abs().argmax()]
    assert found.variance == pytest.approx(float(every.var(0).mean()), rel=1e-5)
    for number, deviation in zip(found.after, found.deviation, strict=True):
        measured = (every[:number].mean(0) - values.double()).square().mean().sqrt()
        assert deviation == pytest.approx(float(measured), rel=1e-5)


@pytest.mark.parametrize("name", DROPOUTS)
def test_variance_and_deviation_are_those_of_theory(name: str) -> None:
    found = dropout.convergence(off(), masks_of(name))
    assert found.variance == pytest.approx(found.expected_variance, rel=0.05)
    np.testing.assert_allclose(found.deviation, found.expected, rtol=0.5)
    np.testing.assert_allclose(found.error, abs(found.value) * np.sqrt(0.1 / 0.9 / np.arange(1, 1001)))


def test_two_masks_by_hand() -> None:
    values = np.array([[[4.0, -6.0]]], np.float32)
    trace = Trace(values, (Row("drop", LayerKind.DROPOUT, values, values, number=1),), values, values, False, 0)
    masks = Masks("drop", 0.5, 0, (1, 1, 2), np.array([[0b01000000], [0b10000000]], np.uint8), (1, 2), COUNTS)
    found = dropout.convergence(trace, masks)
    assert found.unit == (0, 0, 1)
    assert found.running.tolist() == [-12, -6]
    assert found.unscaled.tolist() == [-6, -3]
    np.testing.assert_allclose(found.error, [6, 6 / 2**0.5])
    np.testing.assert_allclose(found.deviation, [((16 + 36) / 2) ** 0.5, 0])
    assert found.expected_variance == 26
    assert found.variance == pytest.approx((32 + 72) / 2)  # 0 and 8 lie 4 from their mean: 16 + 16 over one; so on
    assert (found.within, found.within_unscaled) == (1, 1)  # two masks prove little


COUNTS = np.array([[[[0, 1]]], [[[1, 1]]]], np.uint16)


def test_with_p_of_zero_nothing_moves() -> None:
    found = dropout.convergence(off(), dropout.masks(off(), "Dropout-6", DropoutPlan(0.0), 20))
    assert set(found.running) == {found.value}
    assert (found.variance, found.expected_variance, found.within) == (0, 0, 1)


def test_a_row_that_draws_no_masks_is_refused() -> None:
    with pytest.raises(InputError, match=r"Conv2d-1 draws no masks\. These rows do: Dropout-3"):
        dropout.masks(off(), "Conv2d-1", DropoutPlan())


# Many digits

LABELLED = [sample for sample in samples() if sample.label is not None]
IMAGES = torch.cat([to_input(sample) for sample in LABELLED])
LABELS = np.asarray([sample.label for sample in LABELLED])


def test_each_of_many_digits_has_the_mask_of_its_number() -> None:
    found = dropout.read_many(NETWORK, IMAGES[:23], LABELS[:23], DropoutPlan(0.4))
    traces = [record(NETWORK, x[None], plan=DropoutPlan(0.4, seed=seed)) for seed, x in enumerate(IMAGES[:23])]
    assert (found.p, found.count) == (0.4, 23)
    assert found.correct == sum(trace.prediction == label for trace, label in zip(traces, LABELS[:23], strict=True))
    assert found.confidence == pytest.approx(np.mean([trace.probabilities.max() for trace in traces]), abs=1e-5)
    assert found.error == pytest.approx(np.sqrt(found.accuracy * (1 - found.accuracy) / 23))


def test_with_p_of_zero_many_digits_are_read_as_ever(mnist_root: object) -> None:
    assert mnist_root == mnist.root()
    test = mnist_digits("test")
    with torch.no_grad():
        answers = NETWORK(normalise(test.images[:200])).argmax(1).numpy()
    found = dropout.read_many(NETWORK, normalise(test.images[:200]), test.labels[:200], DropoutPlan(0.0))
    assert found.correct == (answers == test.labels[:200]).sum()


# Many people, one network


def test_thirty_people_at_once_each_get_what_they_get_alone() -> None:
    network = weights.load()
    before = dropout.digest_of_weights(network)
    plans = [DropoutPlan(number % 10 / 10, None, number % 3 == 0, 31 * number) for number in range(30)]
    together = threading.Barrier(30)

    def alone(plan: DropoutPlan) -> str:
        trace = record(network, X)
        shares = dropout.probabilities(network, X, dropout.draw(network, trace, plan, 30))
        many = dropout.passes(trace, [shares], plan.seed)
        return dropout.digest_of_trace(record(network, X, plan=plan)) + dropout.digest_of_passes(many)

    def at_once(plan: DropoutPlan) -> set[str]:
        together.wait(timeout=30)
        return {alone(plan) for _ in range(3)}

    expected = [alone(plan) for plan in plans]
    with ThreadPoolExecutor(30) as people:
        assert list(people.map(at_once, plans)) == [{digest} for digest in expected]
    assert len(set(expected)) == 30 - 2, "with p = 0 single values or channels are the same: three of thirty"
    assert dropout.digest_of_weights(network) == before == dropout.digest_of_weights(weights.load())


def test_masks_from_the_global_seed_would_not_do() -> None:
    """The digest tells: what one person gets changes once somebody else draws in between."""

    def draw(disturbed: bool) -> bytes:
        with torch.random.fork_rng():
            torch.manual_seed(3)
            private = copy.deepcopy(NETWORK)
            private.get_submodule("Dropout-3").train()
            if disturbed:
                torch.rand(1)
            with torch.no_grad():
                return bytes(private(X).numpy().tobytes())

    assert draw(disturbed=False) != draw(disturbed=True)


def test_one_changed_weight_changes_the_digest() -> None:
    network = weights.load()
    before = dropout.digest_of_weights(network)
    with torch.no_grad():
        network.get_parameter("Conv2d-23.bias")[3] += 1e-3
    assert dropout.digest_of_weights(network) != before
