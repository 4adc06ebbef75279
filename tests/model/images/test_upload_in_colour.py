"""Coloured uploads: pixels as Pillow gives them by the straight way, and the same limits as for digits."""

import io
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from model.errors import InputError
from model.images import upload
from model.images.upload import decode_in_colour
from model.records import Pixels
from tests.damage import chunk
from tests.model.images.test_upload import BOMB, JPEG, PNG, ROTATIONS, TO_DAMAGE, TOO_LARGE, blank, png_header, saved


def scene(height: int = 40, width: int = 60) -> Image.Image:
    """Return a picture in which every quarter has another colour, with gradients, so that any turn shows."""
    y, x = np.mgrid[:height, :width]
    planes = [255 * y / height, 255 * x / width, 80 + 90 * (y < height / 2) + 60 * (x < width / 3)]
    return Image.fromarray(np.stack(planes, axis=2).astype(np.uint8))


SCENE = np.asarray(scene())


def found(image: Image.Image, format: str = "PNG", **options: Any) -> Pixels:
    return decode_in_colour(saved(image, format, **options))


@pytest.mark.parametrize("format", ["PNG", "BMP", "WEBP"])
def test_a_lossless_picture_comes_back_to_the_pixel(format: str) -> None:
    options = {"lossless": True} if format == "WEBP" else {}
    np.testing.assert_array_equal(found(scene(), format, **options), SCENE)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "I;16"])
def test_every_mode_is_what_pillow_makes_of_it(mode: str) -> None:
    image = scene().convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image, dtype=np.uint16) * 257)
    file = saved(image, "JPEG" if mode == "CMYK" else "PNG", quality=95)
    if mode == "I;16":
        expected = np.asarray(scene().convert("L").convert("RGB"))
    else:
        file.seek(0)
        expected = np.asarray(Image.open(file).convert("RGB"))
    np.testing.assert_array_equal(decode_in_colour(file), expected)


@pytest.mark.parametrize("format", ["JPEG", "HEIF"])
def test_a_lossy_picture_is_near(format: str) -> None:
    assert np.abs(found(scene(), format, quality=95).astype(float) - SCENE).mean() < 6


def test_transparency_is_laid_on_white() -> None:
    """Half transparent black is grey; what is fully transparent is white, whatever colour it hides."""
    image = Image.new("RGBA", (3, 1))
    image.putdata([(0, 0, 0, 255), (0, 0, 0, 127), (255, 0, 0, 0)])
    np.testing.assert_array_equal(found(image)[0, :, 0], [0, 128, 255])
    np.testing.assert_array_equal(found(image)[0, 2], [255, 255, 255])
    palette = Image.new("P", (2, 1))
    palette.putpalette([250, 10, 10, 10, 10, 250])
    palette.putdata([0, 1])
    np.testing.assert_array_equal(found(palette, transparency=0)[0], [[255, 255, 255], [10, 10, 250]])


def test_a_hidden_colour_does_not_bleed_when_the_picture_is_reduced() -> None:
    image = Image.new("RGBA", (2_048, 2_048), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 1_022, 2_048))  # the edge lies within a block of the reduction
    seen = found(image)
    assert seen.shape == (512, 512, 3)
    assert seen[..., 0].min() == 0
    assert (seen[..., 0] <= seen[..., 2]).all(), "no pixel is redder than white"


@pytest.mark.parametrize(("orientation", "rotation"), ROTATIONS.items())
def test_the_exif_orientation_turns_it(orientation: int, rotation: Image.Transpose | None) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = scene() if rotation is None else scene().transpose(rotation)
    np.testing.assert_array_equal(found(image, exif=exif), SCENE)


def test_the_first_frame_of_an_animation_counts() -> None:
    image = scene().quantize(64)
    seen = found(image, "GIF", save_all=True, append_images=[Image.new("P", image.size)], duration=9)
    np.testing.assert_array_equal(seen, np.asarray(image.convert("RGB")))


def test_a_large_picture_is_averaged() -> None:
    """Each pixel is the mean of its block, as Pillow's own reduction gives it."""
    large = scene(1_024, 1_024)
    np.testing.assert_array_equal(found(large), np.asarray(large.reduce(2)))
    assert found(scene(700, 3_000)).shape == (119, 512, 3)
    np.testing.assert_array_equal(decode_in_colour(saved(large), 128), np.asarray(large.reduce(8)))


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"no picture", "not a picture"),
        (saved(scene(), "TIFF").getvalue(), "not a picture"),
        (PNG[: len(PNG) // 2], "damaged"),
        (JPEG[: len(JPEG) // 2], "damaged"),
        (png_header(50_001, 1_000) + chunk(b"IEND", b""), "50,001 x 1,000 pixels"),
        (BOMB, "too large"),
        (PNG + bytes(upload.MAX_BYTES), "larger than 20 MB"),
        (saved(Image.new("RGB", (900, 89))).getvalue(), "900 x 89 pixels.*can be 10 times"),
    ],
)
def test_what_is_refused_for_digits_is_refused_in_colour(data: bytes, named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        decode_in_colour(io.BytesIO(data))
    assert caught.value.remedy


@pytest.mark.parametrize("size", [(1, 1), (10, 1), (900, 90)])
def test_the_narrowest_picture_is_read(size: tuple[int, int]) -> None:
    assert found(Image.new("RGB", size)).any(axis=2).sum() == 0


def test_a_picture_above_its_limit_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    format, mode, width, height, limit = TOO_LARGE["CMYK"]
    monkeypatch.setattr(upload, "_reduced", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(InputError, match=f"can have {limit} million"):
        decode_in_colour(io.BytesIO(blank(format, mode, width, height)))


@given(st.data())
@settings(max_examples=40)
def test_a_damaged_picture_gives_a_picture_or_an_error(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(TO_DAMAGE)))
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5)):
        whole[position] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about damaged files
        try:
            seen = decode_in_colour(io.BytesIO(bytes(whole)))
        except InputError:
            return
    assert seen.shape[2:] == (3,)
    assert max(seen.shape) <= 512
