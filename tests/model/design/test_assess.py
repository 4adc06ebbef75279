"""What a design costs and sees, against PyTorch: a second network, written without this project's graphs, is run."""

from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torchinfo import summary

from model.design.assess import assess
from model.design.kinds import layer
from model.design.records import Design, Layer
from model.design.text import read
from model.receptive_field.records import ReceptiveField
from tests.model.design.draws import any_layer, networks
from tests.model.design.measured import Witness, measure, support

FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
MANY = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
SMALL = ("conv", "conv", "avg", "max", "bn", "relu", "prelu")
chains = st.lists(any_layer(9, st.sampled_from(["", "", "", "1", "2"])), min_size=1, max_size=8)


def assert_rows_as_measured(design: Design) -> None:
    found = assess(design)
    measured = measure(design)
    assert found.works
    for row, other in zip(found.rows, measured, strict=True):
        assert (row.shape, row.parameters, row.multiply_accumulates) == (
            other.shape,
            other.parameters,
            other.multiply_accumulates,
        ), row.text
        assert row.memory == 4 * torch.zeros(row.shape).numel()
    assert found.rows[-1].running_total == found.parameters == sum(each.parameters for each in measured)


@FEW
@given(networks())
def test_shapes_parameters_and_costs_are_those_that_pytorch_measures(design: Design) -> None:
    assert_rows_as_measured(design)


@pytest.mark.exhaustive
@MANY
@given(networks(30))
def test_many_designs_are_as_pytorch_measures(design: Design) -> None:
    assert_rows_as_measured(design)
    assert_sums_as_torchinfo(design)


def assert_sums_as_torchinfo(design: Design) -> None:
    """Products without biases, norms and PReLU: torchinfo counts these as multiplications too."""
    bare = replace(design, layers=tuple(map(without_bias, design.layers)))
    for each, name in ((design, "total_params"), (bare, "total_mult_adds")):
        measured = getattr(summary(Witness(each).eval(), (1, *design.input_shape), verbose=0), name)
        ours = assess(each).parameters if name == "total_params" else assess(each).multiply_accumulates
        assert ours == measured


def without_bias(each: Layer) -> Layer:
    """Return a layer that only multiplies weights and values: an activation in the place of a norm."""
    if each.kind in {"bn", "prelu"}:
        return replace(each, kind="relu")
    return replace(each, settings={**each.settings, "bias": False}) if "bias" in each.settings else each


def assert_fields_are_the_support_of_gradients(design: Design) -> None:
    """A max pool passes on the gradient of one value alone, so the same windows are measured as means."""
    means = Design(tuple(replace(each, kind="avg") if each.kind == "max" else each for each in design.layers))
    means = replace(means, input_shape=design.input_shape)
    for position, (row, mean) in enumerate(zip(assess(design).rows, assess(means).rows, strict=True), 1):
        assert (row.size, row.jump) == (mean.size, mean.jump)
        if not isinstance(mean.field, ReceptiveField):
            continue
        for unit, pixels in support(means, position).items():
            box = mean.field.box(unit).clipped(design.input_shape[1:])
            rows, columns = [y for y, _ in pixels], [x for _, x in pixels]
            if not pixels:
                assert box.height <= 0 or box.width <= 0
                continue
            assert (box.top, box.left) == (min(rows), min(columns)), (row.text, unit)
            assert (box.bottom, box.right) == (max(rows) + 1, max(columns) + 1), (row.text, unit)


@FEW
@given(networks(6, SMALL))
def test_fields_are_the_support_of_gradients(design: Design) -> None:
    assert_fields_are_the_support_of_gradients(design)


@pytest.mark.exhaustive
@MANY
@given(networks(8, SMALL))
def test_many_fields_are_the_support_of_gradients(design: Design) -> None:
    assert_fields_are_the_support_of_gradients(design)


def assert_broken_where_pytorch_fails(design: Design) -> None:
    """Each layer that works here runs in PyTorch, and the first with a problem fails there.

    PyTorch repeats the smaller input of a sum, and lets a Linear work along the width alone: both are mistakes in such
    a network, and are refused here.
    """
    for position, row in enumerate(assess(design).rows, 1):
        part = Design(design.layers[:position], design.input_shape)
        if row.works:
            assert measure(part)[-1].shape == row.shape
            continue
        assert row.problem is not None
        last = design.layers[position - 1].kind
        if last not in {"add", "linear", "dropout2d", "gap"}:
            with pytest.raises((RuntimeError, ValueError, IndexError)):
                measure(part)
        return


@settings(FEW, max_examples=30)
@given(chains)
def test_a_layer_is_broken_where_pytorch_fails(layers: list[Layer]) -> None:
    assert_broken_where_pytorch_fails(Design(tuple(layers)))


@pytest.mark.exhaustive
@settings(MANY, max_examples=1_500)
@given(chains)
def test_many_layers_are_broken_where_pytorch_fails(layers: list[Layer]) -> None:
    assert_broken_where_pytorch_fails(Design(tuple(layers)))


@pytest.mark.parametrize(
    ("text", "sentence", "fits"),
    [
        (
            "conv 8 3\nmax 13\nconv 8 3",
            "Height: ⌊(2 − 1 × (3 − 1) − 1) / 1⌋ + 1 = 0. Its window of 3 × 3 is larger than its map of 2 × 2.",
            "A size of at most 2 fits, or a padding of 1.",
        ),
        (
            "conv 8 3\nconv 8 3 groups=3",
            "8 channels cannot be split into 3 groups: 8 / 3 = 2.67.",
            "Groups can be 1, 2, 4, 8.",
        ),
        (
            "conv 8 3 padding=1\nconv 8 3 padding=1\nmax 2\nadd @1",
            "Both inputs need the same shape: 8 × 14 × 14 ≠ 8 × 28 × 28.",
            "Of the layers before it, these give 8 × 14 × 14: 3.",
        ),
        (
            "linear 10",
            "A Linear takes a list of numbers, and gets maps of 1 × 28 × 28.",
            "Put flatten before it (784 numbers), or gap and flatten (1).",
        ),
        ("relu @2", "It refers to '2', and there is no such layer before it.", "It can refer to the image as 0."),
        (
            "relu\nadd",
            "'add' joins the layer before it with an earlier one, and none is named.",
            "Name one: add @0.",
        ),
        (
            "max 2 padding=2",
            "A pool's padding is at most half its window: 2 is more than 2 / 2.",
            "A padding of 1 fits.",
        ),
    ],
)
def test_a_broken_layer_says_the_arithmetic_and_what_fits(text: str, sentence: str, fits: str) -> None:
    rows = assess(read(text)).rows
    assert rows[-1].problem is not None
    assert (rows[-1].problem.sentence, rows[-1].problem.fits) == (sentence, fits)
    assert all(row.works for row in rows[:-1])


def test_a_layer_that_no_computer_holds_is_broken() -> None:
    """Each concatenation doubles 784 numbers: 784 x 2 ** 30 is below a million million, and 784 x 2 ** 31 is not."""
    text = "relu\n" + "\n".join(f"cat @{place}" for place in range(1, 33))
    found = [row.problem for row in assess(read(text)).rows]
    assert found[:31] == [None] * 31
    assert found[31] is not None
    assert found[31].sentence == "It has 1,683,627,180,032 outputs."


def test_what_fits_does_fit() -> None:
    """The size and the padding that the first sentence above names run, and one less padding does not."""
    found = [assess(read(f"conv 8 3\nmax 13\n{last}")).rows[-1].works for last in ("conv 8 2", "conv 8 3 padding=1")]
    assert found == [True, True]
    assert not assess(read("conv 8 3\nmax 13\nconv 8 3")).rows[-1].works


def test_layers_that_do_not_depend_on_a_broken_one_are_worked_out() -> None:
    found = assess(read("conv 8 3\nconv 8 40\nrelu\nconv 4 3 @1"))
    assert [row.works for row in found.rows] == [True, False, False, True]
    assert [row.problem is None for row in found.rows] == [True, False, True, True]
    assert found.parameters == 80 + 4 * 8 * 9 + 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The design has no layer."),
        ("conv 10 3", "The last layer gives 10 × 26 × 26 = 6,760 numbers, and 10 classes need 10."),
        ("conv 9 28", "The last layer gives 9 × 1 × 1 numbers, and 10 classes need 10."),
        ("conv 8 3\nconv 10 28 @0", "Layer 1 (Conv2d-1) leads nowhere: no later layer reads from it."),
    ],
)
def test_layers_that_run_may_be_no_network(text: str, said: str) -> None:
    problem = assess(read(text)).problem
    assert problem is not None
    assert problem.sentence == said


def test_a_window_that_cannot_see_further_is_marked() -> None:
    """By hand: fields 28, 30 and 30 of 28 pixels; a convolution of a single unit sees its padding beside it."""
    found = assess(read("conv 4 28\nconv 4 3 padding=1\nconv 4 1"))
    assert [[mark.name for mark in row.marks] for row in found.rows] == [[], ["larger", "no growth"], []]
    deep = assess(Design(tuple(layer("conv", kernels=2, size=9, padding=4) for _ in range(6))))
    assert [row.size for row in deep.rows] == [(9, 9), (17, 17), (25, 25), (33, 33), (41, 41), (49, 49)]
    assert [{mark.name for mark in row.marks} for row in deep.rows[2:]] == [
        set(),
        set(),
        {"larger", "no growth"},
        {"larger", "no growth"},
    ]
