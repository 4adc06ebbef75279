import numpy as np
import pytest

from model.trace.records import LayerKind
from tests.pictures import colours
from viz import theme

each_scale = pytest.mark.parametrize("scale", [theme.DIVERGING, theme.SEQUENTIAL], ids=["diverging", "sequential"])


def test_every_kind_of_layer_has_a_colour() -> None:
    assert set(theme.KIND_COLOURS) == set(LayerKind)


@each_scale
def test_no_colour_of_a_scale_is_one_that_streamlit_would_replace(scale: theme.Scale) -> None:
    """Its chart theme swaps hexadecimal placeholders, ``#000004`` among them, for colours of its own."""
    assert all(str(colour).startswith("rgb(") for _, colour in scale)


@each_scale
def test_a_scale_runs_from_0_to_1(scale: theme.Scale) -> None:
    places = [float(place) for place, _ in scale]
    assert places == sorted(set(places))
    assert (places[0], places[-1]) == (0, 1)


@each_scale
def test_the_lookup_is_the_scale_that_plotly_draws(scale: theme.Scale) -> None:
    np.testing.assert_array_equal(theme.lookup(scale), colours(scale, np.linspace(0, 1, 256)))


def test_zero_is_black_on_the_one_scale_and_nearly_white_between_blue_and_red_on_the_other() -> None:
    assert theme.lookup(theme.SEQUENTIAL)[0].max() < 8
    below, zero, above = colours(theme.DIVERGING, np.array([0.1, 0.5, 0.9]))
    assert zero.min() > 240
    assert below[2] > below[0]
    assert above[0] > above[2]
