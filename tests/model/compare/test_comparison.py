"""Two networks compared: their figures, which images each gets right, and which steps stand beside each other."""

import numpy as np
import pytest

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


def test_every_image_is_in_one_cell() -> None:
    labels, first, second = (np.random.default_rng(seed).integers(0, 3, 200) for seed in range(3))
    found = comparison.agreement(labels, first, second)
    cells = [found.both, found.only_first, found.only_second, found.neither]
    assert sorted(np.concatenate(cells)) == list(range(200))
    for index in range(200):
        cell = 2 * int(first[index] != labels[index]) + int(second[index] != labels[index])
        assert index in cells[[0, 1, 2, 3][cell]]
    assert found.accuracies == ((first == labels).mean(), (second == labels).mean())
    assert found.same_mistake == sum(first[i] == second[i] != labels[i] for i in range(200))


def test_mcnemar_of_a_network_with_itself_is_one() -> None:
    labels = np.arange(10)
    assert comparison.agreement(labels, labels, labels).p == 1
    assert comparison.agreement(labels, labels, labels - 1).p == pytest.approx(2 / 2**10)


def test_steps_with_maps_of_one_size_are_beside_each_other() -> None:
    first = [row.shape for row in read(residual()).graph.rows]
    second = [row.shape for row in by_id("assignment").graph.rows]
    found = comparison.side_by_side(first, second)
    for column, count in ((0, len(first)), (1, len(second))):
        assert [pair[column] for pair in found if pair[column] is not None] == list(range(count))
    assert (0, 0) in found
    assert first[0][1:] == second[0][1:] == (26, 26)


def test_a_network_beside_itself_is_paired_step_by_step() -> None:
    shapes = [row.shape for row in by_id("assignment").graph.rows]
    assert comparison.side_by_side(shapes, shapes) == [(at, at) for at in range(23)]
