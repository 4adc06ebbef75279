import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.records import Activation
from viz import theme
from viz.pictures.scaling import Range, range_of

activations = arrays(np.float32, (2, 3), elements=st.floats(-100, 100, width=32))


@given(activations)
def test_zero_is_in_the_middle_of_the_diverging_scale_and_at_the_lower_end_of_the_other(values: Activation) -> None:
    range_ = range_of(values)
    zero = range_.share(np.zeros(1, np.float32))[0]
    if (values < 0).any():
        assert (zero, range_.signed, range_.scale) == (0.5, True, theme.DIVERGING)
    else:
        assert (zero, range_.signed, range_.scale) == (0.0, False, theme.SEQUENTIAL)


@given(activations)
def test_a_range_holds_every_value_and_reaches_the_largest(values: Activation) -> None:
    range_ = range_of(values)
    assert range_.low <= values.min()
    assert values.max() <= range_.high
    assert range_.high == (np.abs(values).max() or 1)


@pytest.mark.parametrize("signed", [True, False])
def test_who_draws_may_decide_on_the_scale(signed: bool) -> None:
    assert range_of(np.array([1.0, 2.0], np.float32), signed=signed).signed is signed


def test_a_share_is_linear_and_stays_on_the_scale() -> None:
    values = np.array([-9, -2, -1, 0, 1, 2, 9], np.float32)
    expected = [0, 0, 0.25, 0.5, 0.75, 1, 1]
    np.testing.assert_array_equal(Range(-2.0, 2.0, theme.DIVERGING).share(values), expected)
