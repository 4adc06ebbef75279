import re
from xml.etree import ElementTree

import numpy as np
import pytest

from model import trace
from model.images import digits
from model.images.records import Digit
from model.networks.assignment import weights
from model.trace.records import Row, Trace
from tests.pictures import assert_painted, decode
from viz import theme
from viz.overview import figures
from viz.pictures.scaling import range_of

SAMPLES = digits.samples()
PICTURES = 23


NETWORK = weights.load()


def traced(digit: Digit) -> Trace:
    return trace.record(NETWORK, digits.to_input(digit))


@pytest.fixture(scope="module")
def three() -> Trace:
    return traced(digits.find("project-3a"))


@pytest.fixture(scope="module")
def several(three: Trace) -> list[Trace]:
    """Return traces of a few digits, a clear one and ambiguous ones among them."""
    return [three, *(traced(digit) for digit in (*SAMPLES[:50:16], digits.find("project-4or9")))]


def test_blocks_draw_every_row_once_in_order(three: Trace) -> None:
    tiles = [tile for lanes in figures.blocks(three, {}) for lane in lanes for tile in lane]
    assert [tile.name for tile in tiles] == [row.name for row in three.rows]
    assert len(tiles) == PICTURES


def test_tile_has_the_shape_of_the_row_and_the_size_of_its_picture(three: Trace) -> None:
    for row in three.rows:
        tile = figures.tile(row, figures.by_activity(row))
        assert tile.shape == " × ".join(map(str, row.output.shape))
        assert (tile.kind, tile.colour) == (row.kind, theme.KIND_COLOURS[row.kind])
        assert decode(tile.picture).shape[1::-1] == (tile.width, tile.height)


def test_tile_is_wider_for_wider_maps_and_deeper_for_more_maps(three: Trace) -> None:
    def card(row: Row) -> tuple[int, int]:
        opaque = decode(figures.tile(row, figures.by_activity(row)).picture)[..., 3] > 0
        width = int(opaque[-1].sum())  # only the front card reaches the lowest line
        return width, opaque.shape[1] - width

    rows = [row for row in three.rows if row.output.shape[1] > 1]
    drawn = {row.output.shape: card(row) for row in rows}
    for shape, (width, depth) in drawn.items():
        assert depth == 2 * (shape[0] - 1)
        for other, (its_width, _) in drawn.items():
            assert (width < its_width) == (shape[2] < other[2])


@pytest.mark.parametrize(
    ("name", "last"),
    [("Conv2d-1", "Dropout-3"), ("BatchNorm2d-8", "Dropout-9"), ("MaxPool2d-10", "Dropout-12"), ("Dropout-21",) * 2],
)
def test_block_shows_the_most_active_map_in_front(three: Trace, name: str, last: str) -> None:
    row = three[name]
    channel = int(np.abs(three[last].output).sum(axis=(1, 2)).argmax())
    most = row.output[channel]
    tiles = [tile for lanes in figures.blocks(three, {}) for lane in lanes for tile in lane]
    tile = next(each for each in tiles if each.name == name)
    assert tile.channel == channel
    picture = decode(tile.picture)
    side = int((picture[-1, :, 3] > 0).sum()) - 2
    zoom = side // most.shape[1]
    front = picture[-1 - side : -1, 1 : 1 + side]
    range_ = range_of(row.output)
    assert_painted(front, most, range_.low, range_.high, range_.scale, zoom)


def items(html: str) -> list[ElementTree.Element]:
    """Return the list's items; its markup is strict enough to be read as XML."""
    bars = ElementTree.fromstring(html)  # noqa: S314 (our own)
    assert bars.tag == "ol"
    return list(bars)


@pytest.mark.parametrize("digit", SAMPLES[::20], ids=lambda digit: digit.key)
def test_probability_bars_are_the_probabilities(digit: Digit) -> None:
    measured = traced(digit)
    bars = items(figures.probability_bars(measured))
    exponentials = np.exp(measured.logits.astype(float))
    styles = [dict(part.split(": ") for part in str(bar.get("style")).split("; ")) for bar in bars]
    shares = [float(style["--share"]) for style in styles]
    np.testing.assert_allclose(shares, exponentials / exponentials.sum(), atol=6e-5)
    assert [bar.findtext("b") for bar in bars] == list("0123456789")
    assert [place for place, bar in enumerate(bars) if bar.get("class") == "most"] == [exponentials.argmax()]
    assert [place for place, style in enumerate(styles) if style["--colour"] == theme.ACCENT] == [exponentials.argmax()]


def test_probabilities_are_never_shown_as_100_percent(several: list[Trace]) -> None:
    for measured in several:
        bars = items(figures.probability_bars(measured))
        for said in (figures.say_probabilities(measured), *(str(bar.findtext("span")) for bar in bars)):
            assert "%" in said
            assert "100" not in said


def test_say_probabilities_names_the_next_classes_in_order(several: list[Trace]) -> None:
    ambiguous = several[-1]
    order = ambiguous.logits.argsort()[::-1]
    said = [int(each) for each in re.findall(r"(\d) with", figures.say_probabilities(ambiguous))]
    assert len(said) > 1
    assert said == list(order[: len(said)])
    certain = max(several, key=lambda each: each.probabilities.max())
    assert figures.say_probabilities(certain).endswith("No other class has 0.1\xa0% or more.")
