"""Adjustments by hand: turned, inverted and cropped before the ink is found."""

import numpy as np
import pytest

from model.images.adjustment import Adjustment, adjusted, straightening
from model.images.digits import read_picture
from model.images.upload import Picture
from tests.model.images.test_ink import prediction, written


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_turns_by_90_degrees_are_exact(quarters: int) -> None:
    grey = written()[:, :200]
    np.testing.assert_array_equal(adjusted(grey, Adjustment(turn=90 * quarters)), np.rot90(grey, quarters))


def test_sideways_picture_is_turned_back() -> None:
    sideways = Picture(np.rot90(written(), -1).astype(np.float32), lossy=False)
    assert prediction(read_picture(sideways).digits[0]) != 3
    assert prediction(read_picture(sideways, Adjustment(turn=90)).digits[0]) == 3


def test_crop_leaves_out_a_second_digit() -> None:
    two = Picture(np.hstack([written(), written()]).astype(np.float32), lossy=False)
    assert read_picture(two).is_several
    one = read_picture(two, Adjustment(crop=(0.0, 0.5, 0.0, 0.0)))
    assert not one.is_several
    assert prediction(one.digits[0]) == 3


@pytest.mark.parametrize("crop", [(0.9, 0.9, 0.9, 0.9), (0.0, 0.9, 0.0, 0.9)])
def test_crop_leaves_some_pixels(crop: tuple[float, float, float, float]) -> None:
    assert min(adjusted(written(), Adjustment(crop=crop)).shape) >= 8


def test_invert_takes_the_other_side_for_ink() -> None:
    picture = Picture(written(ink=60, paper=180), lossy=False)
    picture.grey[10:20, 10:30] = 255  # lighter than the paper
    assert prediction(read_picture(picture).digits[0]) == 3
    other = read_picture(picture, Adjustment(invert=True)).digits[0]
    assert other.stages[1].pixels.shape == (10, 20)


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
def test_straightening_undoes_a_turn_of_a_tall_digit(degrees: int) -> None:
    upright = np.zeros((101, 101), dtype=np.uint8)
    upright[10:91, 43:58] = 255
    leaning = adjusted(upright.astype(np.float32), Adjustment(turn=degrees)).astype(np.uint8)
    assert straightening(upright) == 0
    assert straightening(leaning) == pytest.approx(-degrees, abs=1)


def test_round_or_no_ink_has_no_direction() -> None:
    square = np.zeros((50, 50), dtype=np.uint8)
    assert straightening(square) == 0
    square[10:40, 10:40] = 255
    assert straightening(square) == 0
