"""Dropout masks against PyTorch's own modules, means and variances against theory, and threads on one network."""

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

from model.dropout import passes
from model.dropout.records import CountedMasks, DropoutPlan, Passes, entropy
from model.errors import InputError
from model.images.digits import find, samples, to_input
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.trace import record
from model.trace.records import LayerKind, Row, Trace
from tests.model.conftest import Example

DROPOUTS = [f"Dropout-{number}" for number in (3, 6, 9, 12, 15, 18, 21)]
SOME = ["Dropout-3", "Dropout-9", "Dropout-21"]  # the first, the one before the pool, the last
EACH = [name if name in SOME else pytest.param(name, marks=pytest.mark.exhaustive) for name in DROPOUTS]


def each_with(some: tuple[object, ...], every: tuple[object, ...]) -> list[object]:
    """Return the rows with a value each: three pairs, and in the exhaustive suite all pairs."""
    pairs = list(zip(SOME, some, strict=True))
    others = [(name, value) for name in DROPOUTS for value in every if (name, value) not in pairs]
    return [*pairs, *(pytest.param(*pair, marks=pytest.mark.exhaustive) for pair in others)]


NETWORK = weights.load()
DIGIT = find("project-4or9")
X = to_input(DIGIT)
Numbers = NDArray[np.float64]


@functools.cache
def off() -> Trace:
    return record(NETWORK, X)


@functools.cache
def masks_of(name: str, p: float = 0.1, whole: bool = False) -> CountedMasks:
    return passes.count_masks(off(), name, DropoutPlan(p, whole_channels=whole))


def contents(trace: Trace) -> bytes:
    return b"".join(step.output.tobytes() for step in trace.steps)


def unpacked(masks: CountedMasks) -> NDArray[np.bool_]:
    """Return all masks, (N, C, H, W)."""
    units = int(np.prod(masks.shape))
    return np.unpackbits(masks.kept, axis=1)[:, :units].reshape(-1, *masks.shape).astype(bool)


# One pass


@pytest.mark.parametrize(("seed", "p"), [(0, None), (7, NETWORK.get_submodule("Dropout-3").p), (2**40, None)])
def test_record_with_all_rows_is_dropout_as_in_training(seed: int, p: float | None) -> None:
    planned = record(NETWORK, X, plan=DropoutPlan(p, seed=seed))
    assert contents(planned) == contents(record(NETWORK, X, dropout=True, seed=seed))
    assert (planned.dropout, planned.seed) == (True, seed)


def test_trained_probabilities_are_those_of_the_modules() -> None:
    assert passes.trained_probabilities(AssignmentNetwork(0.25)) == dict.fromkeys(DROPOUTS, 0.25)
    network = AssignmentNetwork(0.25)
    step = record(network, X, plan=DropoutPlan())["Dropout-6"]
    assert step.settings["p"] == 0.25
    assert step.mask is not None
    np.testing.assert_allclose(step.output, step.input * step.mask / 0.75, rtol=1e-6)


@torch.no_grad()
def by_pytorch(plan: DropoutPlan) -> dict[str, Tensor]:
    """Drop with PyTorch's own modules and the global seed; an inactive row draws its mask too and does not use it."""
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


PLANS = st.builds(
    DropoutPlan,
    p=st.sampled_from([None, 0.0, 0.1, 0.35, 0.9]),
    rows=st.none() | st.lists(st.sampled_from(DROPOUTS), unique=True).map(tuple),
    whole_channels=st.booleans(),
    seed=st.integers(0, 999_999),
)


@pytest.mark.parametrize(
    "plan",
    [
        DropoutPlan(None, seed=3),
        DropoutPlan(0.0),
        DropoutPlan(0.35, ("Dropout-6", "Dropout-21"), seed=999_999),
        DropoutPlan(0.9, ("Dropout-9",), whole_channels=True, seed=17),
        DropoutPlan(0.5, whole_channels=True),
    ],
)
def test_record_drops_what_pytorch_drops(plan: DropoutPlan) -> None:
    assert_agrees(record(NETWORK, X, plan=plan), by_pytorch(plan))


@pytest.mark.exhaustive
@settings(max_examples=40)
@given(PLANS)
def test_record_drops_what_pytorch_drops_for_any_plan(plan: DropoutPlan) -> None:
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
def test_record_does_not_agree_with_another_plan(wrong: DropoutPlan) -> None:
    with pytest.raises(AssertionError):
        assert_agrees(record(NETWORK, X, plan=DropoutPlan(0.1)), by_pytorch(wrong))


@pytest.mark.parametrize("name", EACH)
def test_record_gives_a_row_the_same_mask_alone_and_with_other_rows(name: str) -> None:
    alone, together = (record(NETWORK, X, plan=DropoutPlan(0.3, rows, seed=5)) for rows in ((name,), None))
    first, second = alone[name].mask, together[name].mask
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first, second)
    assert [step.name for step in alone.steps if step.mask is not None] == [name]
    before = alone.steps[: alone.steps.index(alone[name])]
    assert all(step.output.tobytes() == off()[step.name].output.tobytes() for step in before)


def test_record_drops_whole_channels() -> None:
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
        (DropoutPlan(rows=("Conv2d-1",)), r"Conv2d-1 cannot drop values\. These rows can: Dropout-3"),
    ],
)
def test_record_refuses_an_impossible_plan(plan: DropoutPlan, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        record(NETWORK, X, plan=plan)


# The effect of one mask on every row


@pytest.mark.parametrize("name", EACH)
def test_row_differences_begin_at_the_active_row(name: str) -> None:
    on = record(NETWORK, X, plan=DropoutPlan(0.3, (name,), seed=1))
    differences = passes.row_differences(off(), on)
    assert [row.name for row in differences] == [row.name for row in off().rows]
    number = int(name.split("-")[1])
    assert [row.rms > 0 for row in differences] == [row.number >= number for row in differences]
    for row in differences:
        before, after = (torch.tensor(trace[row.name].maps).double() for trace in (off(), on))
        assert row.rms == pytest.approx(float((after - before).norm() / before.numel() ** 0.5), rel=1e-6)
        assert row.relative == pytest.approx(float((after - before).norm() / before.norm()), rel=1e-6, abs=1e-12)
        np.testing.assert_allclose(row.map, (after - before).abs().mean(0).numpy(), rtol=1e-5)


# Many passes


def probabilities_of(x: Tensor, plan: DropoutPlan, count: int) -> NDArray[np.float32]:
    return passes.probabilities(NETWORK, x, passes.draw_masks(NETWORK, off(), plan, count))


@pytest.mark.parametrize("plan", [DropoutPlan(0.1), DropoutPlan(0.5, ("Dropout-9",), True, 40)])
def test_probabilities_of_a_pass_are_those_of_the_trace_with_its_seed(plan: DropoutPlan) -> None:
    found = probabilities_of(X, plan, 13)
    assert found.shape == (13, 10)
    for number, shares in enumerate(found):
        seeded = DropoutPlan(plan.p, plan.rows, plan.whole_channels, plan.seed + number)
        np.testing.assert_allclose(shares, record(NETWORK, X, plan=seeded).probabilities, atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 1e-4, "another seed is another pass"


def test_probabilities_have_the_same_bits_for_any_number_of_passes() -> None:
    few, many = (probabilities_of(X, DropoutPlan(0.2), count) for count in (10, 23))
    assert few.tobytes() == many[:10].tobytes()


@pytest.mark.parametrize("whole", [False, True])
def test_draw_masks_gives_the_masks_of_each_pass(whole: bool) -> None:
    plan = DropoutPlan(0.3, ("Dropout-6", "Dropout-21"), whole, 77)
    drawn = passes.draw_masks(NETWORK, off(), plan, 4)
    assert [each.name for each in drawn] == ["Dropout-6", "Dropout-21"], "only active rows"
    for number in range(4):
        seeded = record(NETWORK, X, plan=DropoutPlan(0.3, plan.rows, whole, 77 + number))
        other = record(NETWORK, X, plan=DropoutPlan(0.3, plan.rows, whole, 78 + number))
        for each in drawn:
            (mask,) = each.masks(slice(number, number + 1))
            same, another = seeded[each.name].mask, other[each.name].mask
            assert same is not None
            assert another is not None
            np.testing.assert_array_equal(mask, same)
            assert not np.array_equal(mask, another), "another seed is another mask"


def test_passes_count_predictions_and_average_probabilities() -> None:
    off_ = np.array([0.7, 0.3], np.float32)
    many = Passes(off_, np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.5, 0.5]], np.float32), 1000)
    assert many.predictions.tolist() == [2, 2]
    assert many.changed == 2
    assert many.least_confident == 1002
    np.testing.assert_allclose(many.mean, [0.5, 0.5])
    assert many.entropy == pytest.approx(1)
    assert many.off_entropy == pytest.approx(-(0.7 * np.log2(0.7) + 0.3 * np.log2(0.3)), rel=1e-6)


@settings(max_examples=20)
@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=10))
def test_entropy_is_that_of_pytorch(values: list[float]) -> None:
    shares = torch.tensor(values, dtype=torch.float64) / sum(values)
    nats = torch.distributions.Categorical(shares).entropy()
    assert entropy(shares.numpy()) == pytest.approx(float(nats) / np.log(2))


def test_ambiguous_digits_change_their_prediction_more_often_than_clear_ones() -> None:
    drawn = passes.draw_masks(NETWORK, off(), DropoutPlan(), 20)
    changed: dict[bool, list[int]] = {True: [], False: []}
    for digit in (*samples()[::9], *(sample for sample in samples() if sample.label is None)):
        x = to_input(digit)
        many = Passes(record(NETWORK, x).probabilities, passes.probabilities(NETWORK, x, drawn), 0)
        changed[digit.label is None].append(many.changed)
    assert np.mean(changed[True]) > np.mean(changed[False])


# The mean over masks


@pytest.mark.parametrize(("name", "whole"), each_with((False, True, False), (False, True)))
def test_count_masks_gives_the_masks_of_traces(name: str, whole: bool) -> None:
    masks = masks_of(name, whole=whole)
    every = unpacked(masks)
    for seed in (0, 1, 999):
        mask = record(NETWORK, X, plan=DropoutPlan(0.1, whole_channels=whole, seed=seed))[name].mask
        assert mask is not None
        np.testing.assert_array_equal(every[seed], mask)
    for number, counts in zip(masks.after, masks.counts, strict=True):
        np.testing.assert_array_equal(counts, every[:number].sum(axis=0))
    unit = (1, 2, 3)
    np.testing.assert_array_equal(masks.history(unit), every[:, 1, 2, 3])


def test_count_masks_drops_the_whole_maps_of_a_dropout2d(residual: Example) -> None:
    """After a Dropout2d the generator has drawn fewer numbers for the next row too."""
    x = torch.randn(1, *residual.module.graph.input_shape)
    trace = record(residual.module, x)
    names = [step.name for step in trace.steps if step.kind is LayerKind.DROPOUT]
    assert len(names) == 2
    for name in names:
        every = unpacked(passes.count_masks(trace, name, DropoutPlan(seed=3), 10))
        for number in range(10):
            mask = record(residual.module, x, dropout=True, seed=3 + number)[name].mask
            np.testing.assert_array_equal(every[number], mask)


Rule = Callable[[Numbers, NDArray[np.uint16], float], Numbers]


def scaled(values: Numbers, kept: NDArray[np.uint16], p: float) -> Numbers:
    return values * kept / (1 - p)


def not_scaled(values: Numbers, kept: NDArray[np.uint16], _p: float) -> Numbers:
    return values * kept


def scaled_too_much(values: Numbers, kept: NDArray[np.uint16], p: float) -> Numbers:
    return values * kept / (1 - p) ** 2


def share_within(rule: Rule, name: str, p: float) -> float:
    """Return the share of units whose mean over 1,000 masks is within four standard errors of their value."""
    values = off()[name].input.astype(float)
    mean = rule(values, masks_of(name, p).counts[-1], p) / 1000  # each rule is linear in the mask
    error = np.abs(values) * np.sqrt(p / (1 - p) / 1000)
    return float((np.abs(mean - values) <= 4 * error).mean())


@pytest.mark.parametrize(("name", "p"), each_with((0.1, 0.5, 0.1), (0.1, 0.5)))
def test_convergence_mean_over_a_thousand_masks_is_the_value(name: str, p: float) -> None:
    assert share_within(scaled, name, p) >= 0.999
    assert passes.convergence(off(), masks_of(name, p)).within >= 0.999


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("wrong", [not_scaled, scaled_too_much])
def test_convergence_mean_is_not_the_value_with_a_wrong_factor(wrong: Rule, name: str) -> None:
    assert share_within(wrong, name, 0.1) < 0.5
    assert passes.convergence(off(), masks_of(name)).within_unscaled < 0.5


def test_convergence_is_that_of_pytorchs_own_dropout() -> None:
    values = torch.tensor(off()["Dropout-3"].input)
    drop, outputs = nn.Dropout(0.1).train(), []
    with torch.random.fork_rng():
        for seed in range(200):
            torch.manual_seed(seed)
            outputs.append(drop(values))
    every = torch.stack(outputs).double()
    found = passes.convergence(off(), passes.count_masks(off(), "Dropout-3", DropoutPlan(0.1), 200))
    unit = every[(slice(None), *found.unit)]
    np.testing.assert_allclose(found.running, (unit.cumsum(0) / torch.arange(1, 201)).numpy(), rtol=1e-6)
    assert found.value == values.flatten()[values.abs().argmax()]
    assert found.variance == pytest.approx(float(every.var(0).mean()), rel=1e-5)
    for number, deviation in zip(found.after, found.deviation, strict=True):
        measured = (every[:number].mean(0) - values.double()).square().mean().sqrt()
        assert deviation == pytest.approx(float(measured), rel=1e-5)


@pytest.mark.parametrize("name", EACH)
def test_convergence_variance_and_deviation_are_those_of_theory(name: str) -> None:
    found = passes.convergence(off(), masks_of(name))
    assert found.variance == pytest.approx(found.expected_variance, rel=0.05)
    np.testing.assert_allclose(found.deviation, found.expected, rtol=0.5)
    np.testing.assert_allclose(found.error, abs(found.value) * np.sqrt(0.1 / 0.9 / np.arange(1, 1001)))


def test_convergence_of_two_masks_by_hand() -> None:
    values = np.array([[[4.0, -6.0]]], np.float32)
    trace = Trace(values, (Row("drop", LayerKind.DROPOUT, values, values, number=1),), values, values, False, 0)
    masks = CountedMasks("drop", 0.5, 0, (1, 1, 2), np.array([[0b01000000], [0b10000000]], np.uint8), (1, 2), COUNTS)
    found = passes.convergence(trace, masks)
    assert found.unit == (0, 0, 1)
    assert found.running.tolist() == [-12, -6]
    assert found.unscaled.tolist() == [-6, -3]
    np.testing.assert_allclose(found.error, [6, 6 / 2**0.5])
    np.testing.assert_allclose(found.deviation, [((16 + 36) / 2) ** 0.5, 0])
    assert found.expected_variance == 26
    assert found.variance == pytest.approx((32 + 72) / 2)  # (16 + 16) / (n - 1) and (36 + 36) / (n - 1)
    assert (found.within, found.within_unscaled) == (1, 1)  # four standard errors are wide for two masks


COUNTS = np.array([[[[0, 1]]], [[[1, 1]]]], np.uint16)


def test_convergence_with_p_of_zero_is_exact() -> None:
    found = passes.convergence(off(), passes.count_masks(off(), "Dropout-6", DropoutPlan(0.0), 20))
    assert set(found.running) == {found.value}
    assert (found.variance, found.expected_variance, found.within) == (0, 0, 1)


def test_count_masks_refuses_a_row_without_dropout() -> None:
    with pytest.raises(InputError, match=r"Conv2d-1 is not a dropout row\. The dropout rows are Dropout-3"):
        passes.count_masks(off(), "Conv2d-1", DropoutPlan())


# Many digits

LABELLED = [sample for sample in samples() if sample.label is not None]
IMAGES = torch.cat([to_input(sample) for sample in LABELLED])
LABELS = np.asarray([sample.label for sample in LABELLED])


def test_accuracy_of_gives_each_digit_its_own_mask() -> None:
    found = passes.accuracy_of(NETWORK, IMAGES[:23], LABELS[:23], DropoutPlan(0.4))
    traces = [record(NETWORK, x[None], plan=DropoutPlan(0.4, seed=seed)) for seed, x in enumerate(IMAGES[:23])]
    assert (found.p, found.count) == (0.4, 23)
    assert found.correct == sum(trace.prediction == label for trace, label in zip(traces, LABELS[:23], strict=True))
    assert found.confidence == pytest.approx(np.mean([trace.probabilities.max() for trace in traces]), abs=1e-5)
    assert found.error == pytest.approx(np.sqrt(found.accuracy * (1 - found.accuracy) / 23))


def test_accuracy_of_with_p_of_zero_is_that_without_dropout() -> None:
    with torch.no_grad():
        predictions = NETWORK(IMAGES).argmax(1).numpy()
    assert passes.accuracy_of(NETWORK, IMAGES, LABELS, DropoutPlan(0.0)).correct == (predictions == LABELS).sum()


# Threads on one network


@pytest.mark.parametrize("people", [6, pytest.param(30, marks=pytest.mark.exhaustive)])
def test_passes_in_threads_are_those_of_one_thread(people: int) -> None:
    network = weights.load()
    before = passes.digest_of_weights(network)
    plans = [DropoutPlan(1 / 20 + number % 10 / 11, None, number % 3 == 0, 31 * number) for number in range(people)]
    together = threading.Barrier(people)

    def alone(plan: DropoutPlan) -> str:
        trace = record(network, X)
        shares = passes.probabilities(network, X, passes.draw_masks(network, trace, plan, 12))
        many = Passes(trace.probabilities, shares, plan.seed)
        return passes.digest_of_trace(record(network, X, plan=plan)) + passes.digest_of_passes(many)

    def at_once(plan: DropoutPlan) -> set[str]:
        together.wait(timeout=30)
        return {alone(plan) for _ in range(3)}

    expected = [alone(plan) for plan in plans]
    with ThreadPoolExecutor(people) as pool:
        assert list(pool.map(at_once, plans)) == [{digest} for digest in expected]
    assert len(set(expected)) == people
    assert passes.digest_of_weights(network) == before == passes.digest_of_weights(weights.load())


def test_masks_from_the_global_seed_change_with_another_draw() -> None:
    """The wrong rule: with a global seed, a draw by another person changes the result."""

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


def test_digest_of_weights_changes_with_one_weight() -> None:
    network = weights.load()
    before = passes.digest_of_weights(network)
    with torch.no_grad():
        network.get_parameter("Conv2d-23.bias")[3] += 1e-3
    assert passes.digest_of_weights(network) != before


def test_passes_of_a_graph_are_the_traces_of_their_seeds(residual: Example) -> None:
    """Of a network that drops whole maps."""
    x = torch.randn(1, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    plan = DropoutPlan(seed=3)
    drawn = passes.draw_masks(residual.module, record(residual.module, x), plan, 4)
    assert list(passes.trained_probabilities(residual.module).values()) == pytest.approx([0.2, 0.2])
    found = passes.probabilities(residual.module, x, drawn)
    for number, probabilities in enumerate(found):
        expected = record(residual.module, x, dropout=True, seed=3 + number).probabilities
        np.testing.assert_allclose(probabilities, expected, rtol=1e-5)
    assert len({row.tobytes() for row in found}) > 1
