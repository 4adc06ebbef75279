"""Receptive fields by the recurrence: against index sets, published values and the assignment."""

from collections.abc import Callable
from itertools import product

import pytest
import torch
from hypothesis import given
from torch import Tensor, nn

from model.errors import InputError, TraceError
from model.networks.assignment import weights
from model.networks.assignment.network import AssignmentNetwork
from model.receptive_field import from_windows, of_network, windows_of
from model.receptive_field.measured import measured
from model.receptive_field.records import Box, ReceptiveField, Window
from model.trace import record
from tests.model.receptive_field.fields import ASSIGNMENT, STACKS, TRUE_FIELDS, Rule, doubling, indices, pairs, square


@pytest.fixture(scope="module")
def trained() -> AssignmentNetwork:
    """Return the trained network; nothing here may change it."""
    return weights.load()


def assert_rule_follows_indices(rule: Rule, windows: list[Window]) -> None:
    fields = rule(windows)
    assert len(fields) == len(windows)
    for depth, unit in product(range(len(windows)), [(0, 0), (1, 3), (4, 2)]):
        field, rows_columns = fields[depth], [indices(windows[: depth + 1], unit[axis], axis) for axis in (0, 1)]
        (top, left), (bottom, right) = (tuple(map(edge, rows_columns)) for edge in (min, max))
        assert field.box(unit) == Box(top, left, bottom + 1, right + 1)
        assert field.center_of(unit) == ((top + bottom) / 2, (left + right) / 2)
        assert field.size == (bottom + 1 - top, right + 1 - left)


@given(STACKS)
def test_the_recurrence_follows_the_indices(windows: list[Window]) -> None:
    assert_rule_follows_indices(from_windows, windows)


def each_axis(rule: Callable[..., float], *values: tuple[float, float]) -> tuple[float, float]:
    y, x = map(rule, *values)
    return y, x


def altered(change: Callable[[Window], Window]) -> Rule:
    """Return a rule that misreads every window."""
    return lambda windows: from_windows([change(window) for window in windows])


def late(windows: list[Window]) -> list[ReceptiveField]:
    """Let a stride act on its own window already."""
    fields = from_windows([part for window in windows for part in (Window((1, 1), window.stride), window)])
    return fields[1::2]


WRONG_RULES: dict[str, Rule] = {
    "the stride multiplies the field at once": doubling,
    "the stride acts on its own window": late,
    "padding is forgotten": altered(lambda w: Window(w.kernel, w.stride, (0, 0), w.dilation)),
    "dilation is forgotten": altered(lambda w: Window(w.kernel, w.stride, w.padding)),
    "stride is forgotten": altered(lambda w: Window(w.kernel, (1, 1), w.padding, w.dilation)),
    "the axes are mixed up": altered(lambda w: Window(w.kernel[::-1], w.stride, w.padding, w.dilation)),
}


@pytest.mark.parametrize("name", WRONG_RULES)
def test_a_wrong_rule_is_caught(name: str) -> None:
    windows = [Window((3, 2), (2, 1), (1, 0), (1, 2)), Window((2, 3), (2, 2)), square(3)]
    assert_rule_follows_indices(from_windows, windows)
    with pytest.raises(AssertionError):
        assert_rule_follows_indices(WRONG_RULES[name], windows)


def test_the_notebooks_rule_gives_the_notebooks_fourteen() -> None:
    assert doubling(ASSIGNMENT[:4])[-1].size == (14, 14)
    assert from_windows(ASSIGNMENT[:4])[-1].size == (8, 8)


@given(STACKS, pairs(-5, 30))
def test_center_of_and_unit_at_are_inverses(windows: list[Window], place: tuple[int, int]) -> None:
    field = from_windows(windows)[-1]
    assert field.unit_at(field.center_of(place)) == pytest.approx(place)
    assert field.center_of(field.unit_at(place)) == pytest.approx(place)


def test_no_windows_have_no_fields() -> None:
    assert from_windows([]) == []


@pytest.mark.parametrize(
    ("window", "what"),
    [
        (Window((0, 1)), "kernel"),
        (Window((1, 1), stride=(1, 0)), "stride"),
        (Window((1, 1), padding=(-1, 0)), "padding"),
        (Window((1, 1), dilation=(1, 0)), "dilation"),
    ],
)
def test_an_impossible_window_is_refused(window: Window, what: str) -> None:
    with pytest.raises(InputError, match=f"{what} \\("):
        from_windows([window])


def test_alexnet_v2_is_as_published() -> None:
    """From the table of google-research/receptive_field, where the last has effective stride 32 and padding 64."""
    windows = {
        "conv1": square(11, 4),
        "pool1": square(3, 2),
        "conv2": square(5, padding=2),
        "pool2": square(3, 2),
        "conv3": square(3, padding=1),
        "conv4": square(3, padding=1),
        "conv5": square(3, padding=1),
        "pool5": square(3, 2),
    }
    fields = dict(zip(windows, from_windows(windows.values()), strict=True))
    published = {"conv1": 11, "pool1": 19, "conv2": 51, "conv3": 99, "conv4": 131, "conv5": 163, "pool5": 195}
    assert {name: fields[name].size for name in published} == {name: (n, n) for name, n in published.items()}
    assert fields["pool5"].jump == (32, 32)
    assert fields["pool5"].box((0, 0)).top == -64


# ---- of a network ----


@pytest.mark.parametrize("name", TRUE_FIELDS)
def test_the_assignments_fields_are_the_true_ones(trained: AssignmentNetwork, name: str) -> None:
    size, jump, center, side = TRUE_FIELDS[name]
    fields, trace = of_network(trained), record(trained, torch.zeros(1, 1, 28, 28))
    assert fields[name] == ReceptiveField((size, size), (jump, jump), (center, center))
    assert trace[name].output.shape[1:] == (side, side)


def test_every_step_with_maps_has_a_field_in_the_order_it_runs(trained: AssignmentNetwork) -> None:
    fields, trace = of_network(trained), record(trained, torch.zeros(1, 1, 28, 28))
    assert list(fields) == [step.name for step in trace.steps if step.name not in ("flatten", "log-softmax")]


def test_a_step_that_works_on_each_value_changes_no_field(trained: AssignmentNetwork) -> None:
    fields = of_network(trained)
    for name, like in [("Dropout-3", "Conv2d-1"), ("ReLU-16", "Conv2d-16"), ("BatchNorm2d-11", "MaxPool2d-10")]:
        assert fields[name] == fields[like]


@pytest.mark.parametrize(
    ("module", "window"),
    [
        (nn.Conv2d(1, 1, (3, 2), (2, 1), (1, 0), (1, 2)), Window((3, 2), (2, 1), (1, 0), (1, 2))),
        (nn.Conv2d(1, 1, (5, 3), padding="same", dilation=(1, 2)), Window((5, 3), (1, 1), (2, 2), (1, 2))),
        (nn.Conv2d(1, 1, 3, padding="valid"), square(3)),
        (nn.MaxPool2d((3, 2), padding=1, dilation=2), Window((3, 2), (3, 2), (1, 1), (2, 2))),
        (nn.AvgPool2d((3, 2), (1, 2)), Window((3, 2), (1, 2))),
        (nn.AdaptiveAvgPool2d(1), Window((12, 10), (12, 10))),
        (nn.AdaptiveAvgPool2d((3, 5)), Window((4, 2), (4, 2))),
        (nn.AdaptiveAvgPool2d((None, 5)), Window((1, 2), (1, 2))),
        (nn.AdaptiveAvgPool2d((11, 1)), Window((2, 10), (1, 10))),  # its windows overlap, and still all are alike
        (nn.BatchNorm2d(1), square(1)),
    ],
    ids=str,
)
def test_a_window_is_read_from_the_module_and_the_sizes(module: nn.Module, window: Window) -> None:
    assert windows_of(nn.Sequential(module), (1, 12, 10)) == {"0": window}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
def test_padding_to_the_same_size_with_an_even_kernel_puts_less_before() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, (4, 2), padding="same"))
    assert windows_of(network, (1, 9, 9)) == {"0": Window((4, 2), padding=(1, 0))}
    assert measured(network, "0", (4, 4), (1, 9, 9)) == of_network(network, (1, 9, 9))["0"].box((4, 4))


@pytest.mark.parametrize("sides", [(5, 1), (24, 10)])
def test_an_adaptive_pool_whose_windows_differ_is_refused(sides: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="from 12 to"):
        of_network(nn.Sequential(nn.AdaptiveAvgPool2d(sides)), (1, 12, 10))


def test_padding_with_other_pixels_is_refused() -> None:
    with pytest.raises(InputError, match="circular"):
        of_network(nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular")))


class HiddenPool(nn.Sequential):
    """Pools between two steps without a module for it."""

    def forward(self, x: Tensor) -> Tensor:
        """Return what the second step makes of the pooled output of the first."""
        return torch.as_tensor(self[1](nn.functional.max_pool2d(self[0](x), 2)))


def test_an_operation_between_steps_is_noticed() -> None:
    with pytest.raises(TraceError, match=r"1 takes in \(1, 13, 13\), but \(1, 26, 26\)"):
        of_network(HiddenPool(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)))


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        (Box(-2, 3, 5, 31), Box(0, 3, 5, 28)),
        (Box(1, 2, 3, 4), Box(1, 2, 3, 4)),
        (Box(-9, 30, -2, 33), Box(0, 28, 0, 28)),
    ],
)
def test_a_box_is_clipped_to_the_image(box: Box, clipped: Box) -> None:
    assert box.clipped((28, 28)) == clipped
