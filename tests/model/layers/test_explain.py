"""Every unit worked out term by term is what PyTorch put out; a rule that is wrong in one place is caught."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from model import layers
from model.errors import InputError
from model.images.digits import samples, to_input
from model.layers.records import Explanation
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.records import IMAGE, Unit
from model.trace import record
from model.trace.records import LayerKind, Step, Trace

# PyTorch warns that 'same' padding with an even kernel copies its input; the result is what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")

Rule = Callable[[Step, Unit], float]

CLOSE, APART = 1e-5, 1e-3
NO_SUM = {LayerKind.SOFTMAX, LayerKind.LOG_SOFTMAX}
SIZES = st.tuples(st.integers(1, 3), st.integers(1, 3))
SHAPES = st.tuples(st.integers(3, 7), st.integers(3, 7))
SEEDS = st.integers(0, 1000)


def units_of(step: Step) -> list[Unit]:
    channels, height, width = step.maps.shape
    return list(product(range(channels), range(height), range(width)))


def true_rule(trace: Trace) -> Rule:
    return lambda step, unit: layers.explain(trace, step.name, unit).value


def disagreement(trace: Trace, name: str, rule: Rule) -> float:
    """Return the largest gap to what PyTorch put out over all units, by the largest of these values, or by 1."""
    step = trace[name]
    gaps = [abs(rule(step, unit) - float(step.maps[unit])) for unit in units_of(step)]
    return max(gaps) / max(1.0, float(np.abs(step.output).max()))


def check_terms(trace: Trace, explanation: Explanation) -> None:
    step, source = trace[explanation.name], trace.maps_of(explanation.source)
    assert explanation.recorded == step.maps[explanation.unit]
    assert all(term.value == source[term.unit] for term in explanation.terms)
    assert len({term.unit for term in explanation.terms}) == len(explanation.terms)
    if step.kind in NO_SUM:
        assert all(term.weight is None for term in explanation.terms)
        return
    scale = max(1.0, sum(abs(term.product) for term in explanation.terms))
    total = sum(term.product for term in explanation.terms) + explanation.bias
    assert abs(total - explanation.value) <= 1e-9 * scale
    for term in explanation.terms:
        assert term.weight is not None
        assert abs(term.value * term.weight - term.product) <= 1e-9 * scale


def check_every_unit(trace: Trace) -> None:
    for step in trace.steps:
        assert disagreement(trace, step.name, true_rule(trace)) <= CLOSE
        for unit in units_of(step):
            check_terms(trace, layers.explain(trace, step.name, unit))


def image(seed: int, *shape: int) -> Tensor:
    return torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed))


def with_statistics(norm: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """Give a batch norm numbers that a fresh one, with mean 0 and scale 1, does not tell apart."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.1, 2)
    if norm.affine:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    return norm


@given(st.data())
@settings(max_examples=60)
def test_every_unit_of_any_convolution_is_its_terms_and_bias(data: st.DataObject) -> None:
    torch.manual_seed(seed := data.draw(SEEDS))
    groups = data.draw(st.integers(1, 2))
    maps_in, maps_out = groups * data.draw(st.integers(1, 2)), groups * data.draw(st.integers(1, 2))
    kernel, shape, dilation = data.draw(SIZES), data.draw(SHAPES), data.draw(SIZES)
    padding = data.draw(st.one_of(st.sampled_from(["same", "valid"]), st.tuples(*[st.integers(0, 3)] * 2)))
    stride = (1, 1) if padding == "same" else data.draw(SIZES)
    around = padding if isinstance(padding, tuple) else (0, 0)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    assume(padding == "same" or all(n + 2 * p >= s for n, p, s in zip(shape, around, spans, strict=True)))
    bias = data.draw(st.booleans())
    convolution = nn.Conv2d(maps_in, maps_out, kernel, stride, padding, dilation, groups, bias)
    check_every_unit(record(nn.Sequential(convolution), image(seed, maps_in, *shape)))


@given(st.data())
@settings(max_examples=60)
def test_every_unit_of_any_pool_is_its_window(data: st.DataObject) -> None:
    kernel, shape, stride = data.draw(SIZES), data.draw(SHAPES), data.draw(SIZES)
    y, x = (data.draw(st.integers(0, k // 2)) for k in kernel)
    rounded = data.draw(st.booleans())
    pool: nn.Module
    if data.draw(st.booleans()):
        dilation = data.draw(SIZES)
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        assume(all(n + 2 * p >= s for n, p, s in zip(shape, (y, x), spans, strict=True)))
        pool = nn.MaxPool2d(kernel, stride, (y, x), dilation, ceil_mode=rounded)
    else:
        counted, divisor = data.draw(st.booleans()), data.draw(st.sampled_from([None, 1, 5]))
        pool = nn.AvgPool2d(kernel, stride, (y, x), rounded, counted, divisor)
    check_every_unit(record(nn.Sequential(pool), image(data.draw(SEEDS), 2, *shape)))


@given(SHAPES, st.tuples(st.integers(1, 9), st.integers(1, 9)))
@settings(max_examples=25)
def test_every_unit_of_an_adaptive_pool_is_the_mean_of_its_own_window(
    shape: tuple[int, int], out: tuple[int, int]
) -> None:
    check_every_unit(record(nn.Sequential(nn.AdaptiveAvgPool2d(out)), image(0, 2, *shape)))


@given(SEEDS, st.booleans(), st.booleans(), st.booleans(), st.sampled_from([0.0, 0.3, 0.9]), st.booleans())
@settings(max_examples=25)
def test_every_unit_of_a_whole_net_is_its_rule(
    seed: int, affine: bool, bias: bool, dropout: bool, p: float, logarithm: bool
) -> None:
    torch.manual_seed(seed)
    norm = with_statistics(nn.BatchNorm2d(2, eps=0.01, affine=affine))
    last = nn.LogSoftmax(1) if logarithm else nn.Softmax(1)
    tail = (nn.Flatten(), nn.Linear(12, 4, bias=bias), last)
    network = nn.Sequential(nn.Conv2d(1, 2, 2), norm, nn.ReLU(), nn.Dropout(p), *tail)
    check_every_unit(record(network, image(seed, 1, 3, 4), dropout=dropout, seed=seed))


# ---- wrong twins ----


def whole(formula: Callable[[Step, Tensor], Tensor]) -> Rule:
    """Make a rule for units of one that works out a whole layer from its input."""

    def rule(step: Step, unit: Unit) -> float:
        result = formula(step, torch.tensor(step.input)[None])[0].numpy()
        return float(result.reshape(step.maps.shape)[unit])

    return rule


def number(step: Step, key: str) -> Tensor:
    return torch.tensor({**step.parameters, **step.buffers}[key])


def per_map(step: Step, key: str) -> Tensor:
    return number(step, key)[:, None, None]


def normalised(step: Step, x: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    return (x - mean) / deviation * per_map(step, "weight") + per_map(step, "bias")


def with_own_statistics(step: Step, x: Tensor) -> Tensor:
    mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
    return normalised(step, x, mean, (variance + step.settings["eps"]).sqrt())


def with_eps_outside_the_root(step: Step, x: Tensor) -> Tensor:
    deviation = per_map(step, "running_var").sqrt() + step.settings["eps"]
    return normalised(step, x, per_map(step, "running_mean"), deviation)


def last_of_window(step: Step, unit: Unit) -> float:
    c, y, x = unit
    return float(step.input[c, 2 * y + 1, 2 * x + 1])


def seeded(*modules: nn.Module, shape: tuple[int, ...] = (2, 5, 6)) -> Trace:
    """Record a net whose random numbers are always the same, dropout on."""
    torch.manual_seed(0)
    for module in modules:
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.reset_parameters()
        if isinstance(module, nn.BatchNorm2d):
            with_statistics(module)
    return record(nn.Sequential(*modules), image(0, *shape), dropout=True)


FLAT = (nn.Flatten(), nn.Linear(60, 5))
TWINS: list[tuple[str, tuple[nn.Module, ...], Rule]] = [
    (
        "a convolution with its kernel flipped",
        (nn.Conv2d(2, 3, 3),),
        whole(lambda s, x: functional.conv2d(x, number(s, "weight").flip(2, 3), number(s, "bias"))),
    ),
    (
        "a convolution without its bias",
        (nn.Conv2d(2, 3, 3),),
        whole(lambda s, x: functional.conv2d(x, number(s, "weight"))),
    ),
    ("a batch norm with the image's statistics", (nn.BatchNorm2d(2),), whole(with_own_statistics)),
    ("a batch norm with eps outside the root", (nn.BatchNorm2d(2, eps=0.01),), whole(with_eps_outside_the_root)),
    ("an absolute value for a ReLU", (nn.ReLU(),), whole(lambda _, x: x.abs())),
    ("a leaky ReLU", (nn.ReLU(),), whole(lambda _, x: functional.leaky_relu(x))),
    (
        "a dropout that does not enlarge",
        (nn.Dropout(0.3),),
        lambda s, u: float(s.input[u]) * float(s.mask is not None and s.mask[u]),
    ),
    ("a dropout that is off", (nn.Dropout(0.3),), lambda s, u: float(s.input[u])),
    ("a minimum pool", (nn.MaxPool2d(2),), whole(lambda _, x: -functional.max_pool2d(-x, 2))),
    ("a pool that takes the last", (nn.MaxPool2d(2),), last_of_window),
    (
        "a mean that leaves the padding out",
        (nn.AvgPool2d(3, 2, 1),),
        whole(lambda _, x: functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    ),
    (
        "a mean that counts the padding",
        (nn.AvgPool2d(3, 2, 1, count_include_pad=False),),
        whole(lambda _, x: functional.avg_pool2d(x, 3, 2, 1)),
    ),
    (
        "adaptive windows of one size",
        (nn.AdaptiveAvgPool2d((2, 4)),),
        whole(lambda _, x: functional.avg_pool2d(x, (2, 3), (3, 1))),
    ),
    ("channels last", (nn.Flatten(),), whole(lambda _, x: x.permute(0, 2, 3, 1).flatten(1))),
    ("a linear layer without bias", FLAT, whole(lambda s, x: x @ number(s, "weight").T)),
    ("a softmax over all but itself", (*FLAT, nn.Softmax(1)), whole(lambda _, x: x.exp() / (x.exp().sum() - x.exp()))),
    ("a log-softmax without the sum's logarithm", (*FLAT, nn.LogSoftmax(1)), whole(lambda _, x: x - x.exp().sum())),
]


@pytest.mark.parametrize(("modules", "twin"), [t[1:] for t in TWINS], ids=[t[0] for t in TWINS])
def test_a_wrong_rule_does_not_agree_where_the_true_one_does(modules: tuple[nn.Module, ...], twin: Rule) -> None:
    trace = seeded(*modules)
    name = str(len(modules) - 1)
    assert disagreement(trace, name, true_rule(trace)) <= CLOSE
    assert disagreement(trace, name, twin) > APART


# ---- the network itself ----


@pytest.fixture(scope="module")
def trained() -> AssignmentNetwork:
    return weights.load()


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("which", [0, 7])
def test_units_of_the_trained_network_are_their_terms(trained: AssignmentNetwork, which: int, dropout: bool) -> None:
    trace = record(trained, to_input(samples()[which]), dropout=dropout, seed=3)
    generator = np.random.default_rng(which)
    for step in trace.steps:
        scale = max(1.0, float(np.abs(step.output).max()))
        for c, y, x in generator.integers(0, step.maps.shape, size=(8, 3)):
            explanation = layers.explain(trace, step.name, (int(c), int(y), int(x)))
            assert abs(explanation.value - explanation.recorded) <= CLOSE * scale
            check_terms(trace, explanation)


@pytest.mark.parametrize("dropout", [False, True])
def test_following_the_largest_term_leads_from_the_logit_to_the_image(
    trained: AssignmentNetwork, dropout: bool
) -> None:
    trace = record(trained, to_input(samples()[0]), dropout=dropout)
    name, unit, passed = "flatten", (trace.prediction, 0, 0), list[str]()
    while name != IMAGE:
        passed.append(name)
        explanation = layers.explain(trace, name, unit)
        assert trace.maps_of(name)[unit] == explanation.recorded
        unit = max(explanation.terms, key=lambda term: abs(term.product)).unit
        name = explanation.source
    values = {"flatten", *(row.name for row in trace.rows)}
    assert values <= {*passed}


# ---- details ----


@given(SEEDS, st.integers(0, 1), st.booleans())
@settings(max_examples=25)
def test_the_winner_of_a_max_pool_is_pytorch_s_and_alone_has_weight_1(seed: int, padding: int, rounded: bool) -> None:
    """Values of three kinds only: most windows have ties."""
    x = image(seed, 1, 5, 6).round().clamp(-1, 1)
    trace = record(nn.Sequential(nn.MaxPool2d(3, 2, padding, ceil_mode=rounded)), x)
    _, winners = functional.max_pool2d(x, 3, 2, padding, ceil_mode=rounded, return_indices=True)
    for unit in units_of(trace["0"]):
        won = [term for term in layers.explain(trace, "0", unit).terms if term.weight != 0]
        assert [term.weight for term in won] == [1.0]
        assert won[0].unit == (0, *divmod(int(winners[0][unit]), 6))


def test_of_equal_values_the_first_wins() -> None:
    trace = record(nn.Sequential(nn.MaxPool2d(2)), torch.ones(1, 1, 2, 2))
    assert [term.weight for term in layers.explain(trace, "0", (0, 0, 0)).terms] == [1, 0, 0, 0]


def test_a_unit_of_a_vector_may_be_named_by_one_number() -> None:
    trace = seeded(*FLAT)
    assert layers.explain(trace, "1", (3,)) == layers.explain(trace, "1", (3, 0, 0))


@pytest.mark.parametrize("unit", [(2, 0, 0), (0, 5, 0), (0, 0, 6), (-1, 0, 0), (0, 0, -1), (0, 0), (0, 0, 0, 0), ()])
def test_a_unit_that_is_not_there_is_refused_by_name(unit: Unit) -> None:
    with pytest.raises(InputError) as error:
        layers.explain(seeded(nn.ReLU()), "0", unit)
    assert error.value.problem == f"0 has no unit {unit}."


@pytest.mark.parametrize("name", ["Conv2d-99", "", "image"])
def test_a_step_that_is_not_there_is_refused_by_name(name: str) -> None:
    with pytest.raises(InputError) as error:
        layers.explain(seeded(nn.ReLU()), name, (0, 0, 0))
    assert error.value.problem == f"No step is called '{name}'."
    assert "0, flatten, log-softmax" in error.value.allowed


def test_padding_with_anything_but_zeros_is_refused() -> None:
    with pytest.raises(InputError, match="padding_mode='reflect'"):
        layers.explain(seeded(nn.Conv2d(2, 1, 3, padding=1, padding_mode="reflect")), "0", (0, 0, 0))


def test_a_batch_norm_without_running_statistics_is_refused() -> None:
    trace = record(nn.Sequential(nn.BatchNorm2d(2, track_running_stats=False)), image(0, 2, 3, 3))
    with pytest.raises(InputError, match="0 keeps no running statistics"):
        layers.explain(trace, "0", (0, 0, 0))
