"""The comparison with the printed table: exactly the known mistakes, and all figures measured."""

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
from model.receptive_field.measured import measured_box

MISTAKES = {  # the printed and the measured figure
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
    ("Conv2d-4", "input"): "Dropout-3 gives 8 feature maps of 26 × 26, so the input is 26 × 26 × 8, not 26 × 26 × 1.",
    ("Conv2d-7", "input"): "Dropout-6 gives 16 feature maps of 24 × 24, so the input is 24 × 24 × 16, not 24 × 24 × 1.",
    (
        "MaxPool2d-10",
        "field",
    ): "is 7. The row adds (2 − 1) × 1 = 1, so it is 8, not 14. Its stride multiplies the jump by 2",
    ("Conv2d-13", "parameters"): "8 × 16 × 1 × 1 + 8 = 136 numbers. With these all rows sum to 10,066",
    (
        "Conv2d-13",
        "field",
    ): "Before this row the receptive field is 8. The row adds (1 − 1) × 2 = 0, so it is 8, not 14.",
    (
        "Conv2d-16",
        "field",
    ): "Before this row the receptive field is 8. The row adds (3 − 1) × 2 = 4, so it is 12, not 16.",
    (
        "Conv2d-19",
        "field",
    ): "Before this row the receptive field is 12. The row adds (3 − 1) × 2 = 4, so it is 16, not 18.",
    ("Conv2d-23", "shape"): "Each of its 10 kernels makes one feature map, so there cannot be 32",
    (
        "Conv2d-23",
        "field",
    ): "Before this row the receptive field is 28. The row adds (1 − 1) × 14 = 0, so it is 28, not 22.",
}


def mistakes(network: nn.Module) -> dict[tuple[str, str], str]:
    """Return the sentence on each mistake, by row and figure."""
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


def test_compare_finds_exactly_the_known_mistakes(rows: dict[str, RowComparison]) -> None:
    assert {(row.name, what) for row in rows.values() for what in row.disagreements} == set(MISTAKES)
    assert [row.name for row in rows.values() if not row.agrees] == ["Conv2d-13", "Conv2d-23"]


@pytest.mark.parametrize(("name", "what"), MISTAKES)
def test_compare_returns_both_figures_of_a_mistake(rows: dict[str, RowComparison], name: str, what: str) -> None:
    row = rows[name]
    assert (getattr(row, f"printed_{what}"), getattr(row, f"measured_{what}")) == MISTAKES[name, what]


def test_compare_explains_a_mistake_with_measured_numbers() -> None:
    found = mistakes(AssignmentNetwork())
    for key, reason in REASONS.items():
        assert reason in found[key]


def test_compare_returns_one_record_for_each_row_in_order(rows: dict[str, RowComparison]) -> None:
    assert list(rows) == [printed.name for printed in PRINTED]
    assert [int(name.split("-")[1]) for name in rows] == list(range(1, 24))


def test_compare_sums_of_parameters(rows: dict[str, RowComparison]) -> None:
    assert sum(row.measured_parameters for row in rows.values()) == 10_066
    assert sum(row.printed_parameters for row in rows.values()) == 10_066 - 100


def test_compare_checks_only_the_sides_of_an_input_without_channels(rows: dict[str, RowComparison]) -> None:
    pool = rows["AvgPool2d-22"]
    assert (pool.printed_input, pool.measured_input, pool.agrees) == ((7, 7), (7, 7, 32), True)


def test_compare_fields_are_those_of_the_gradient(rows: dict[str, RowComparison]) -> None:
    network = AssignmentNetwork()
    for row in rows.values():
        box = measured_box(network, row.name, (0, 0))
        assert (box.height, box.width) == row.measured_field


def test_compare_does_not_change_the_network() -> None:
    network = weights.load()
    before = copy.deepcopy(network.state_dict())
    compare(network)
    assert all((network.state_dict()[key] == value).all() for key, value in before.items())
    assert not any(module._forward_hooks for module in network.modules())


# ---- other networks ----


def test_compare_reports_other_channels() -> None:
    found = mistakes(
        changed(Conv2d_4=nn.Conv2d(8, 12, 3), BatchNorm2d_5=nn.BatchNorm2d(12), Conv2d_7=nn.Conv2d(12, 16, 3))
    )
    new = {
        ("Conv2d-4", "shape"): "Each of its 12 kernels makes one feature map, so there cannot be 16 of them.",
        ("Conv2d-4", "parameters"): "It learns 12 × 8 × 3 × 3 + 12 = 876 numbers. With these all rows sum to 9,190",
        ("BatchNorm2d-5", "shape"): "one feature map for each of its 12 input maps, so there cannot be 16.",
        ("BatchNorm2d-5", "parameters"): "It learns 12 + 12 = 24 numbers",
        ("Dropout-6", "shape"): "for each of its 12 input maps",
        ("Conv2d-7", "parameters"): "16 × 12 × 3 × 3 + 16 = 1,744 numbers",
        ("Conv2d-7", "input"): "Dropout-6 gives 12 feature maps of 24 × 24, so the input is 24 × 24 × 12",
    }
    assert set(found) == set(MISTAKES) | set(new)
    for key, sentence in new.items():
        assert sentence in found[key]


def test_compare_of_a_last_row_with_32_channels() -> None:
    found = mistakes(changed(Conv2d_23=nn.Conv2d(32, 32, 1)))
    assert set(found) == set(MISTAKES) - {("Conv2d-23", "shape")} | {("Conv2d-23", "parameters")}


def test_compare_counts_a_row_without_bias() -> None:
    assert (
        "8 × 16 × 1 × 1 = 128 numbers"
        in mistakes(changed(Conv2d_13=nn.Conv2d(16, 8, 1, bias=False)))["Conv2d-13", "parameters"]
    )


def test_compare_says_when_a_row_learns_nothing() -> None:
    found = mistakes(changed(BatchNorm2d_2=nn.BatchNorm2d(8, affine=False)))
    assert found["BatchNorm2d-2", "parameters"].startswith("It learns nothing. With")


def test_compare_reports_other_sizes() -> None:
    found = mistakes(changed(Conv2d_1=nn.Conv2d(1, 8, 3, padding=1)))
    assert "3 × 3 over 28 × 28 values gives 28 × 28, so it cannot be 26 × 26" in found["Conv2d-1", "shape"]
    assert "8 feature maps of 28 × 28, so the input is 28 × 28 × 8" in found["Conv2d-4", "input"]
    assert ("Conv2d-1", "field") not in found


def test_compare_explains_dilation() -> None:
    found = mistakes(changed(Conv2d_7=nn.Conv2d(16, 16, 3, padding=1, dilation=2)))
    assert "adds (3 − 1) × 2 × 1 = 4, so it is 9, not 7." in found["Conv2d-7", "field"]


def test_compare_reports_a_field_that_is_wrong_on_one_axis() -> None:
    found = mistakes(changed(Conv2d_7=nn.Conv2d(16, 16, (3, 5), padding=(0, 1))))
    assert "is 5. The row adds (5 − 1) × 1 = 4, so it is 9, not 7." in found["Conv2d-7", "field"]


SHORT = nn.Sequential(OrderedDict(list(AssignmentNetwork().named_children())[:-1]))


@pytest.mark.parametrize("network", [nn.Sequential(nn.Conv2d(1, 1, 3)), SHORT], ids=["other", "short"])
def test_compare_refuses_a_network_with_other_rows(network: nn.Module) -> None:
    with pytest.raises(InputError, match="Conv2d-23"):
        compare(network)


def test_printed_inputs_and_fields_belong_to_convolutions_and_pools() -> None:
    commented = {printed.name for printed in PRINTED if printed.input or printed.field}
    kinds = ("Conv2d", "MaxPool2d", "AvgPool2d")
    assert commented == {row.name for row, kind in product(PRINTED, kinds) if row.name.startswith(kind)}
