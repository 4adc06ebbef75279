import numpy as np
import pytest
from PIL import ImageColor

from model.records import Activation
from tests.pictures import assert_painted, decode
from viz.pictures import raster
from viz.pictures.scaling import Range, range_of

EDGE = "#0072b2"
CORNERS = [(0, 0), (0, 9), (8, 0)]


def noise(*shape: int, signed: bool = True) -> Activation:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return values if signed else np.abs(values)


def test_grey_picture_keeps_every_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    picture = decode(raster.image(pixels))
    for colour in range(3):
        np.testing.assert_array_equal(picture[..., colour], pixels)


def test_coloured_picture_keeps_every_pixel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 31, 3), dtype=np.uint8)
    np.testing.assert_array_equal(decode(raster.image(pixels))[..., :3], pixels)


def test_sprite_has_its_pictures_side_by_side() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    strip = decode(raster.sprite(images))[..., 0]
    np.testing.assert_array_equal(np.split(strip, 3, axis=1), images)
    coloured = np.random.default_rng(0).integers(0, 256, (3, 12, 9, 3), dtype=np.uint8)
    strip = decode(raster.sprite(coloured))[..., :3]
    np.testing.assert_array_equal(np.split(strip, 3, axis=1), coloured)


def test_coloured_picture_has_no_outline() -> None:
    """It would surround whatever is bright; a digit of the same size has one."""
    white = np.pad(np.full((4, 4, 3), 255, np.uint8), ((1, 1), (1, 1), (0, 0)))
    assert decode(raster.outline(white, 5)).shape == (30, 30, 4)
    assert not decode(raster.outline(white, 5))[..., 3].any()
    assert decode(raster.outline(white[..., 0], 5))[..., 3].any()


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_mosaic_has_the_colour_of_each_value(signed: bool, shared: bool) -> None:
    maps = noise(3, 6, 7, signed=signed) * np.array([1, 5, 25], np.float32)[:, None, None]
    ranges = [range_of(maps if shared else each, signed=signed) for each in maps]
    picture = decode(raster.mosaic(maps, ranges, CORNERS))
    for each, range_, (top, left) in zip(maps, ranges, CORNERS, strict=True):
        card = picture[top : top + 6, left : left + 7]
        assert_painted(card, each, range_.low, range_.high, range_.scale)


@pytest.mark.parametrize("wrong", ["upside down", "another map", "another range"])
def test_wrong_mosaic_is_detected(wrong: str) -> None:
    maps = noise(3, 6, 7)
    range_ = range_of(maps)
    painted = {
        "upside down": maps[:, ::-1],
        "another map": maps[::-1],
        "another range": maps * 1.1,
    }[wrong]
    picture = decode(raster.mosaic(painted, [range_] * 3, CORNERS))
    with pytest.raises(AssertionError):
        assert_painted(picture[:6, :7], maps[0], range_.low, range_.high, range_.scale)


def test_mosaic_is_transparent_between_maps() -> None:
    maps = noise(3, 6, 7)
    opacity = decode(raster.mosaic(maps, [range_of(maps)] * 3, CORNERS))[..., 3]
    assert opacity.shape == (14, 16)
    for top, left in CORNERS:
        opacity[top : top + 6, left : left + 7] -= 255
    assert not opacity.any()


@pytest.mark.parametrize("value", [0.0, 2.0, -2.0])
def test_mosaic_of_one_value(value: float) -> None:
    maps = np.full((1, 2, 2), value, np.float32)
    range_ = range_of(maps)
    picture = decode(raster.mosaic(maps, [range_], [(0, 0)]))
    assert_painted(picture, maps[0], range_.low, range_.high, range_.scale)


@pytest.mark.parametrize(("channels", "zoom", "offset"), [(1, 3, 2), (8, 3, 2), (32, 5, 2), (4, 1, 3)])
def test_deck_has_one_card_for_each_channel(channels: int, zoom: int, offset: int) -> None:
    activation = noise(channels, 7, 9)
    picture = decode(raster.deck(activation, range(channels), zoom, offset, EDGE))
    assert picture.shape[1::-1] == raster.deck_size(activation.shape, zoom, offset)
    top = len(picture) - 7 * zoom - 2
    corners = [(top - depth * offset, depth * offset) for depth in range(channels)]
    for y, x in corners:
        assert tuple(picture[y, x]) == (*ImageColor.getrgb(EDGE), 255)
    assert corners[-1][0] == 0  # the last card reaches the upper edge
    clear = picture[..., 3] == 0
    assert clear.any() == (channels > 1)
    assert not picture[clear].any()


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 0, 3, 1]])
def test_deck_has_cards_in_the_given_order(order: list[int]) -> None:
    activation = noise(4, 5, 6)
    range_ = range_of(activation)
    picture = decode(
        raster.deck(activation, order, zoom=2, offset=20, edge=EDGE)
    )  # so far apart that no card is covered
    for depth, channel in enumerate(order):
        bottom, left = len(picture) - 1 - 20 * depth, 1 + 20 * depth
        card = picture[bottom - 10 : bottom, left : left + 12]
        assert_painted(card, activation[channel], range_.low, range_.high, range_.scale, zoom=2)


def test_deck_draws_units_as_squares() -> None:
    activation = noise(1, 5, 6)
    inside = decode(raster.deck(activation, [0], zoom=3, offset=2, edge=EDGE))[1:-1, 1:-1]
    range_ = range_of(activation)
    assert_painted(inside, activation[0], range_.low, range_.high, range_.scale, zoom=3)


def test_column_has_each_number_in_its_cell() -> None:
    values = noise(10)
    inside = decode(raster.cells(values[:, None], (9, 18), EDGE))[1:-1, 1:-1]
    assert inside.shape[:2] == (90, 18)
    range_ = range_of(values)
    assert_painted(inside, np.repeat(values, 9)[:, None].repeat(18, axis=1), range_.low, range_.high, range_.scale)


def test_wider_range_has_fainter_colours() -> None:
    """The same value is darker on a wider range."""
    maps = np.ones((2, 1, 1), np.float32)
    ranges = [Range(0, high, range_of(maps).scale) for high in (1.0, 10.0)]
    bright, faint = decode(raster.mosaic(maps, ranges, [(0, 0), (0, 1)]))[0, :, :3].sum(axis=1)
    assert bright > 2 * faint
