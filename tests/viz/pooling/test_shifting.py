import re
from dataclasses import replace

import numpy as np
import pytest

from model import receptive_field
from model.images import digits
from model.networks.assignment import weights
from model.pooling import max_pool
from model.pooling.records import Offset, Shift, ShiftedMaps
from model.pooling.shifting import shift
from model.trace import record
from model.trace.records import Trace
from tests.pictures import assert_painted, decode
from viz.pictures.scaling import range_of
from viz.pooling import shifting

NETWORK = weights.load()
DIGIT = digits.find("project-3a")
CHANNEL = 3


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(NETWORK, digits.to_input(DIGIT))


@pytest.fixture(scope="module")
def moves(trace: Trace) -> list[Shift]:
    fields = receptive_field.of_network(NETWORK)
    return [shift(NETWORK, trace, DIGIT.pixels, by, fields, "MaxPool2d-10") for by in ((0, 1), (0, 2))]


def with_pool(move: Shift, equivariant: bool) -> Shift:
    into, pool, average = move.maps
    return replace(move, maps=(into, replace(pool, equivariant=equivariant), average))


def test_shifts_draw_the_digit_the_maps_and_the_difference(trace: Trace, moves: list[Shift]) -> None:
    html = shifting.shifts(trace, DIGIT.pixels, moves, CHANNEL)
    pictures = [decode(uri) for uri in re.findall(r'src="([^"]+)"', html)]
    assert len(pictures) == 3 + 4 + 4
    into, pool, _ = moves[0].maps
    before, after = (range_of(maps.before, signed=True) for maps in (into, pool))
    np.testing.assert_array_equal(pictures[0][..., 0], DIGIT.pixels)
    assert_painted(pictures[1], into.before[CHANNEL], before.low, before.high, before.scale)
    assert_painted(pictures[2], pool.before[CHANNEL], after.low, after.high, after.scale)
    for move, (ink, entering, leaving, left) in zip(moves, (pictures[3:7], pictures[7:]), strict=True):
        into, pool, _ = move.maps
        np.testing.assert_array_equal(ink[..., 0], np.pad(DIGIT.pixels, ((0, 0), (move.by[1], 0)))[:, :28])
        assert_painted(entering, into.after[CHANNEL], before.low, before.high, before.scale)
        assert_painted(leaving, pool.after[CHANNEL], after.low, after.high, after.scale)
        clear = pool.best.units[1]
        assert left.shape[:2] == (11, 11)
        assert not left[:, :clear, 3].any()
        assert_painted(left[:, clear:], pool.difference(CHANNEL), after.low, after.high, after.scale)


def test_say_shift_gives_the_difference_of_every_map(moves: list[Shift]) -> None:
    one, two = (shifting.say_shift(move) for move in moves)
    for move, said in zip(moves, (one, two), strict=True):
        for maps, name in zip(move.maps, ("Input of the pool", "Max pool", "Average pool"), strict=True):
            sentence = next(part for part in said.split(". ") if name in part)
            assert ("the maps change" in sentence) != maps.equivariant
    pool = moves[0].maps[1]
    assert (
        f"at most {pool.best.largest:.3f}, and on average by {pool.best.mean / np.abs(pool.before).mean():.0%}" in one
    )
    assert "image" not in one
    assert "5 non-zero pixels left the image." in shifting.say_shift(replace(moves[0], cut_off=5))
    blank = np.zeros((1, 2, 2), np.float32)
    assert shifting.relative(ShiftedMaps("max pool", blank, blank, (Offset((0, 0), 0.0, 0.0),), equivariant=True)) == 0


def test_outcome_is_the_measured_answer(trace: Trace, moves: list[Shift]) -> None:
    assert shifting.outcome(moves) == "two"
    for one, two, outcome in [
        (True, False, "one"),
        (False, True, "two"),
        (True, True, "both"),
        (False, False, "neither"),
    ]:
        assert shifting.outcome([with_pool(moves[0], one), with_pool(moves[1], two)]) == outcome
    assert f"{moves[0].maps[1].best.largest:.3f} after 1 pixel right" in shifting.say_outcome(
        moves, max_pool.pooled(trace, "MaxPool2d-10"), 2
    )


def test_table_has_a_line_for_each_shift_back(moves: list[Shift]) -> None:
    table = shifting.table(moves)
    lines = list(zip(*table.values(), strict=True))
    assert len(lines) == (1 + 2 + 2) + (1 + 1 + 1)
    for move in moves:
        for maps in move.maps:
            for offset in maps.offsets:
                y, x = offset.units
                height, width = maps.after.shape[1:]
                left = np.abs(maps.after[:, y:, x:] - maps.before[:, : height - y, : width - x])
                assert offset.largest == pytest.approx(float(left.max()))
                assert offset.mean == pytest.approx(float(left.mean()), rel=1e-4)
    assert ("2 pixels right", "max pool", "1 unit") in [line[:3] for line in lines]
    html = shifting.folded(moves)
    assert html.startswith("<details><summary>")
    assert html.count("<tr>") == 1 + len(lines)
