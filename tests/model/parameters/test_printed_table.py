"""The comparison with what the assignment printed: these mistakes and no other, and all of it measured."""

import copy
from collections import OrderedDict
from itertools import product

import pytest
from torch import nn

from model.errors import InputError
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.parameters.printed_table import PRINTED, compare
from model.parameters.records import RowComparison
from model.receptive_field.measured import measured

MISTAKES = {  # what is printed and what is measured
    ("Conv2d-4", "input"): ((26, 26, 1), (26, 26, 8)),
    ("Conv2d-7", "input"): ((24, 24, 1), (24, 24, 16)),
    ("MaxPool2d-10", "field"): (14, (8, 8)),
    ("Conv2d-13", "parameters"): (36, 136),
    ("Conv2d-13", "field"): (14, (8, 8)),
    ("Conv2d-16", "field"): (16, (12, 12)),
    ("Conv2d-19", "field"): (18, (16, 16)),
    ("Conv2d-23", "shape"): ((-1, 32, 1, 1), (-1, 10, 1, 1)),
    ("Conv2d-23", "field"): (22, (28, 28)),
}
REASONS = {
    ("Conv2d-4", "input"): "Dropout-3 hands on 8 feature maps of 26 × 26",
    ("Conv2d-7", "input"): "Dropout-6 hands on 16 feature maps of 24 × 24",
    (
        "MaxPool2d-10",
        "field",
    ): "7 pixels before this row, which adds (2 − 1) × 1 = 1, so it sees 8 and not 14; its stride",
    ("Conv2d-13", "parameters"): "8 × 16 × 1 × 1 + 8 = 136 numbers, and with that all rows sum to 10,066",
    ("Conv2d-13", "field"): "8 pixels before this row, which adds (1 − 1) × 2 = 0, so it sees 8 and not 14.",
    ("Conv2d-16", "field"): "8 pixels before this row, which adds (3 − 1) × 2 = 4, so it sees 12 and not 16.",
    ("Conv2d-19", "field"): "12 pixels before this row, which adds (3 − 1) × 2 = 4, so it sees 16 and not 18.",
    ("Conv2d-23", "shape"): "Each of its 10 kernels makes one feature map, so there cannot be 32",
    ("Conv2d-23", "field"): "28 pixels before this row, which adds (1 − 1) × 14 = 0, so it sees 28 and not 22.",
}


def mistakes(network: nn.Module) -> dict[tuple[str, str], str]:
    """Return the sentence on each mistake, by row and what it is about."""
    return {(row.name, mistake.what): mistake.sentence for row in compare(network) for mistake in row.mistakes}


def changed(**modules: nn.Module) -> AssignmentNetwork:
    """Return the assignment's network with other modules in some rows, named like ``Conv2d_13``."""
    network = AssignmentNetwork()
    for name, module in modules.items():
        network.set_submodule(name.replace("_", "-"), module)
    return network


@pytest.fixture(scope="module")
def rows() -> dict[str, RowComparison]:
    return {row.name: row for row in compare(weights.load())}


def test_exactly_the_known_mistakes_are_found(rows: dict[str, RowComparison]) -> None:
    assert {(row.name, what) for row in rows.values() for what in row.disagreements} == set(MISTAKES)
    assert [row.name for row in rows.values() if not row.agrees] == ["Conv2d-13", "Conv2d-23"]


@pytest.mark.parametrize(("name", "what"), MISTAKES)
def test_a_mistake_shows_both_figures(rows: dict[str, RowComparison], name: str, what: str) -> None:
    row = rows[name]
    assert (getattr(row, f"printed_{what}"), getattr(row, f"measured_{what}")) == MISTAKES[name, what]


@pytest.mark.parametrize(("name", "what"), MISTAKES)
def test_a_mistake_is_explained_with_the_measured_numbers(name: str, what: str) -> None:
    assert REASONS[name, what] in mistakes(AssignmentNetwork())[name, what]


def test_there_is_one_record_a_row_in_the_printed_order(rows: dict[str, RowComparison]) -> None:
    assert list(rows) == [printed.name for printed in PRINTED]
    assert [int(name.split("-")[1]) for name in rows] == list(range(1, 24))


def test_what_is_printed_and_what_is_measured_sum_as_they_must(rows: dict[str, RowComparison]) -> None:
    assert sum(row.measured_parameters for row in rows.values()) == 10_066
    assert sum(row.printed_parameters for row in rows.values()) == 10_066 - 100


def test_an_input_printed_without_channels_is_held_against_its_sides(rows: dict[str, RowComparison]) -> None:
    pool = rows["AvgPool2d-22"]
    assert (pool.printed_input, pool.measured_input, pool.agrees) == ((7, 7), (7, 7, 32), True)


def test_the_field_is_what_the_gradient_measures(rows: dict[str, RowComparison]) -> None:
    network = AssignmentNetwork()
    for row in rows.values():
        box = measured(network, row.name, (0, 0))
        assert (box.height, box.width) == row.measured_field


def test_the_comparison_only_reads_the_network() -> None:
    network = weights.load()
    before = copy.deepcopy(network.state_dict())
    compare(network)
    assert all((network.state_dict()[key] == value).all() for key, value in before.items())
    assert not any(module._forward_hooks for module in network.modules())


# ---- another network is reported otherwise ----


def test_other_channels_are_reported() -> None:
    found = mistakes(
        changed(Conv2d_4=nn.Conv2d(8, 12, 3), BatchNorm2d_5=nn.BatchNorm2d(12), Conv2d_7=nn.Conv2d(12, 16, 3))
    )
    new = {
        ("Conv2d-4", "shape"): "Each of its 12 kernels makes one feature map, so there cannot be 16 of them.",
        ("Conv2d-4", "parameters"): "It learns 12 × 8 × 3 × 3 + 12 = 876 numbers, and with that all rows sum to 9,190",
        ("BatchNorm2d-5", "shape"): "one feature map for each of the 12 that go in, so there cannot be 16.",
        ("BatchNorm2d-5", "parameters"): "It learns 12 + 12 = 24 numbers",
        ("Dropout-6", "shape"): "for each of the 12 that go in",
        ("Conv2d-7", "parameters"): "16 × 12 × 3 × 3 + 16 = 1,744 numbers",
        ("Conv2d-7", "input"): "Dropout-6 hands on 12 feature maps of 24 × 24, so 24 × 24 × 12 goes in",
    }
    assert set(found) == set(MISTAKES) | set(new)
    for key, sentence in new.items():
        assert sentence in found[key]


def test_a_last_row_with_the_printed_channels_has_the_printed_shape_and_other_parameters() -> None:
    found = mistakes(changed(Conv2d_23=nn.Conv2d(32, 32, 1)))
    assert set(found) == set(MISTAKES) - {("Conv2d-23", "shape")} | {("Conv2d-23", "parameters")}


def test_a_row_without_bias_is_counted_without() -> None:
    assert (
        "8 × 16 × 1 × 1 = 128 numbers"
        in mistakes(changed(Conv2d_13=nn.Conv2d(16, 8, 1, bias=False)))["Conv2d-13", "parameters"]
    )


def test_a_row_that_learns_nothing_is_said_to_learn_nothing() -> None:
    found = mistakes(changed(BatchNorm2d_2=nn.BatchNorm2d(8, affine=False)))
    assert found["BatchNorm2d-2", "parameters"].startswith("It learns nothing, and")


def test_other_sides_are_reported() -> None:
    found = mistakes(changed(Conv2d_1=nn.Conv2d(1, 8, 3, padding=1)))
    assert "3 × 3 over 28 × 28 values leaves 28 × 28, so it cannot be 26 × 26" in found["Conv2d-1", "shape"]
    assert "8 feature maps of 28 × 28, so 28 × 28 × 8 goes in" in found["Conv2d-4", "input"]
    assert ("Conv2d-1", "field") not in found


def test_dilation_is_in_the_arithmetic_of_the_field() -> None:
    found = mistakes(changed(Conv2d_7=nn.Conv2d(16, 16, 3, padding=1, dilation=2)))
    assert "adds (3 − 1) × 2 × 1 = 4, so it sees 9 and not 7." in found["Conv2d-7", "field"]


def test_a_field_wrong_in_one_axis_alone_is_reported_for_that_axis() -> None:
    found = mistakes(changed(Conv2d_7=nn.Conv2d(16, 16, (3, 5), padding=(0, 1))))
    assert "5 pixels before this row, which adds (5 − 1) × 1 = 4, so it sees 9 and not 7." in found["Conv2d-7", "field"]


SHORT = nn.Sequential(OrderedDict(list(AssignmentNetwork().named_children())[:-1]))


@pytest.mark.parametrize("network", [nn.Sequential(nn.Conv2d(1, 1, 3)), SHORT], ids=["other", "short"])
def test_a_network_with_other_rows_is_refused(network: nn.Module) -> None:
    with pytest.raises(InputError, match="Conv2d-23"):
        compare(network)


def test_printed_inputs_and_fields_stand_where_the_comments_have_them() -> None:
    commented = {printed.name for printed in PRINTED if printed.input or printed.field}
    kinds = ("Conv2d", "MaxPool2d", "AvgPool2d")
    assert commented == {row.name for row, kind in product(PRINTED, kinds) if row.name.startswith(kind)}
