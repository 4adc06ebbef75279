import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.pictures import words

MOST = [0.9995, 0.99951, float(np.nextafter(1, 0)), 1.0]


@pytest.mark.parametrize("share", [*MOST, *map(np.float32, MOST)])
def test_a_probability_is_never_said_to_be_certain(share: float) -> None:
    assert words.percent(share) == "over\xa099.9\xa0%"


@pytest.mark.parametrize("share", [0.0, 1e-9, 0.00049, np.float32(1e-30)])
def test_nor_to_be_impossible(share: float) -> None:
    assert words.percent(share) == "under\xa00.1\xa0%"


@given(st.floats(0, 1))
def test_what_is_said_is_true_to_a_tenth_of_a_percent(share: float) -> None:
    said = words.percent(share)
    *bound, number, _ = said.split("\xa0")
    assert 0 < float(number) < 100
    match bound:
        case ["over"]:
            assert share > 0.999
        case ["under"]:
            assert share < 0.001
        case _:
            assert float(number) == pytest.approx(100 * share, abs=0.0501)


@given(st.floats(0, 1))
def test_all_and_none_are_said_only_where_they_are_so(share: float) -> None:
    assert (words.share_of_units(share) == "none") == (share == 0)
    assert (words.share_of_units(share) == "all") == (share == 1)


@given(st.floats(-1e6, 1e6))
def test_a_number_can_be_read_back(value: float) -> None:
    said = words.number(value)
    assert "-" not in said
    assert float(said.replace("−", "-")) == pytest.approx(value, abs=0.000501)


@pytest.mark.parametrize("value", [-0.0, -0.0004])
def test_there_is_no_negative_zero(value: float) -> None:
    assert words.number(value) == "0.000"
