"""Two networks compared: their figures, and which steps stand beside each other."""

from model.compare import comparison
from model.networks import by_id
from model.networks.file import read
from tests.own_networks import colours, residual


def test_figures_are_those_of_the_network() -> None:
    found = comparison.facts(by_id("assignment"))
    assert (found.parameters, found.rows, found.input, found.classes) == (10_066, 23, (1, 28, 28), 10)
    assert found.last_field == (16, 16)  # of the maps before the average pool
    assert found.card["test_accuracy"] == 0.9953
    own = comparison.facts(read(colours()))
    assert (own.parameters, own.rows, own.classes) == (6 * 3 * 25 + 6 + 35, 2, 5)
    assert own.multiply_accumulates == 14 * 14 * 450 + 30
    assert not own.card


def assert_each_once(found: list[comparison.Beside], first: list[object], second: list[object]) -> None:
    assert [at for places, _ in found for at in places] == [*range(len(first))]
    assert [at for _, places in found for at in places] == [*range(len(second))]


def test_steps_with_maps_alike_in_size_are_beside_each_other() -> None:
    first = [row.shape for row in read(residual()).graph.rows]
    second = [row.shape for row in by_id("assignment").graph.rows]
    found = comparison.side_by_side(first, second)
    assert_each_once(found, [*first], [*second])
    sizes = [[{first[at][1:] for at in one}, {second[at][1:] for at in other}] for one, other in found]
    assert sizes == [
        [{(26, 26)}, {(26, 26)}],
        [set(), {(24, 24)}],
        [set(), {(22, 22)}],
        [{(13, 13)}, {(11, 11)}],
        [set(), {(9, 9)}],
        [set(), {(7, 7)}],
        [{(1, 1)}, {(1, 1)}],
    ]


def test_a_network_beside_itself_has_the_same_steps_on_both_sides() -> None:
    shapes = [row.shape for row in by_id("assignment").graph.rows]
    found = comparison.side_by_side(shapes, shapes)
    assert all(left == right for left, right in found)
    assert_each_once(found, [*shapes], [*shapes])


def test_a_network_without_numbered_steps_is_beside_nothing() -> None:
    assert comparison.side_by_side([], [(3, 2, 2), (3, 2, 2)]) == [(range(0), range(2))]
    assert comparison.side_by_side([], []) == []
