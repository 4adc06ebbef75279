"""Several digits in one picture: found, in reading order; a broken digit stays whole."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.images import several
from model.images.digits import read_picture, samples
from model.images.records import Upload
from model.images.upload import Picture
from tests.model.images.test_ink import prediction

BY_KEY = {digit.key.removeprefix("project-"): digit.pixels for digit in samples()}


def page(*lines: str, apart: int = 0) -> NDArray[np.float32]:
    """Return samples side by side, line below line, as dark ink on light paper, (H, W)."""
    rows = [np.hstack([np.pad(BY_KEY[key], ((0, 0), (apart, apart))) for key in line.split()]) for line in lines]
    return (255 - np.pad(np.vstack(rows), 12).repeat(5, 0).repeat(5, 1)).astype(np.float32)


def read(*lines: str, apart: int = 0) -> Upload:
    return read_picture(Picture(page(*lines, apart=apart), lossy=False))


@pytest.mark.parametrize("lines", [["1a 0a"], ["3a 1b 7a"], ["2a 4b", "6a 9a"], ["8a", "1a"]], ids=" / ".join)
def test_several_digits_are_found_in_reading_order(lines: list[str]) -> None:
    upload = read(*lines, apart=2)
    assert upload.is_several
    expected = [int(key[0]) for line in lines for key in line.split()]
    assert [prediction(digit) for digit in upload.digits] == expected


def test_each_sample_alone_is_one_digit() -> None:
    flagged = [key for key in BY_KEY if read(key).is_several]
    assert len(flagged) <= 0.025 * len(BY_KEY) + 1, flagged


def test_digits_that_touch_are_flagged_by_their_width() -> None:
    pixels = np.hstack([BY_KEY["0d"][:, 3:25], BY_KEY["0d"][:, 3:25]])
    pixels[13:15, 18:26] = 255  # a bridge
    upload = read_picture(Picture((255 - np.pad(pixels, 9).repeat(5, 0).repeat(5, 1)).astype(np.float32), lossy=False))
    assert len(upload.digits) == 1
    assert upload.is_several


def test_wrong_order_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "_in_reading_order", lambda groups, _boxes: groups[::-1])
    assert [prediction(digit) for digit in read("3a 1b 7a", apart=2).digits] != [3, 1, 7]


def test_a_gap_in_a_stroke_does_not_split_a_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = page("0d")
    middle = broken.shape[0] // 2
    broken[middle + 4 : middle + 9] = 255
    assert len(read_picture(Picture(broken, lossy=False)).digits) == 1
    monkeypatch.setattr(several, "_without_broken_digits", lambda groups, _boxes: groups)
    assert len(read_picture(Picture(broken, lossy=False)).digits) > 1
