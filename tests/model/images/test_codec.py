"""Links: what is packed comes back, and what is damaged is refused without taking memory."""

import tracemalloc
import zlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model.errors import InputError
from model.images import codec
from model.images.strokes import Point

coordinates = st.floats(0, 1)
drawings = st.lists(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=20), max_size=8)
whole = codec.pack(b"an arbitrary drawing, or anything else")


@given(st.binary(max_size=500))
def test_bytes_come_back_through_a_code_that_needs_no_escaping(data: bytes) -> None:
    code = codec.pack(data)
    assert codec.unpack(code, limit=len(data)) == data
    assert code.replace("-", "").replace("_", "").isalnum()


@given(drawings)
def test_strokes_come_back_to_half_a_step_of_255(strokes: list[list[Point]]) -> None:
    found = codec.unpack_strokes(codec.pack_strokes(strokes))
    assert list(map(len, found)) == list(map(len, strokes))
    for stroke, expected in zip(found, strokes, strict=True):
        for point, meant in zip(stroke, expected, strict=True):
            assert point == pytest.approx(meant, abs=0.5 / 255 + 1e-9)


@given(drawings)
def test_strokes_that_came_from_a_link_make_the_same_link(strokes: list[list[Point]]) -> None:
    code = codec.pack_strokes(strokes)
    assert codec.pack_strokes(codec.unpack_strokes(code)) == code


def test_the_most_points_make_a_link_under_6_kb() -> None:
    noise = [(n * 0.618 % 1, n * 0.414 % 1) for n in range(codec.POINTS)]
    assert len(codec.pack_strokes([noise])) < 6_000


@pytest.mark.parametrize(("value", "edge"), [(-0.2, 0), (1.7, 1), (float("inf"), 1), (float("-inf"), 0)])
def test_a_point_outside_the_sheet_is_moved_to_its_edge(value: float, edge: int) -> None:
    assert codec.unpack_strokes(codec.pack_strokes([[(value, 1.0), (0.0, value)]])) == [[(edge, 1), (0, edge)]]


def test_a_stroke_without_points_is_left_out() -> None:
    assert codec.unpack_strokes(codec.pack_strokes([[], [(0, 1)], []])) == [[(0, 1)]]


@pytest.mark.parametrize(
    ("strokes", "named"),
    [
        ([[(0.5, 0.5)] * (codec.POINTS - 1), [(0, 0)] * 2], "2,001 points"),
        ([[(0.5, 0.5), (0.5, float("nan"))]], r"\(0\.5, nan\)"),
    ],
)
def test_strokes_that_no_link_can_hold_are_refused(strokes: list[list[Point]], named: str) -> None:
    with pytest.raises(InputError, match=named):
        codec.pack_strokes(strokes)


@pytest.mark.parametrize("end", range(len(whole)))
def test_a_code_cut_off_anywhere_is_refused(end: int) -> None:
    with pytest.raises(InputError, match="whole"):
        codec.unpack(whole[:end], limit=100)


@pytest.mark.parametrize("code", ["", "é", "a b", "%20", "=", "AAAA", whole + "AAAA", "!" + whole[1:]])
def test_a_code_that_pack_never_wrote_is_refused(code: str) -> None:
    with pytest.raises(InputError, match="whole"):
        codec.unpack(code, limit=100)


@given(st.text() | st.binary().map(codec.pack))
@example(codec.pack(b"\x00"))
@example(codec.pack(b"\x00\x00"))
@example(codec.pack(b"\x00\x02\x01\x01"))
def test_any_code_gives_strokes_with_points_on_the_sheet_or_is_refused(code: str) -> None:
    try:
        strokes = codec.unpack_strokes(code)
    except InputError:
        return
    assert all(strokes)
    assert all(0 <= value <= 1 for stroke in strokes for point in stroke for value in point)


def test_more_than_the_limit_is_refused() -> None:
    assert codec.unpack(codec.pack(b"four"), limit=4) == b"four"
    with pytest.raises(InputError, match="3 bytes"):
        codec.unpack(codec.pack(b"four"), limit=3)


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    unfolded = 50_000_000
    bomb = urlsafe_b64encode(zlib.compress(bytes(unfolded))).decode()
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="8,000 bytes"):
            codec.unpack(bomb, limit=8_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(bomb) < unfolded / 20
