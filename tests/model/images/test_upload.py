"""Uploads: a picture of a digit is the digit, however it was saved; anything else is refused with a sentence."""

import io
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from model.errors import InputError
from model.images import mnist, upload
from model.images.digits import from_upload, samples
from model.records import Pixels
from tests.damage import chunk

THREE = next(digit for digit in samples() if digit.key == "project-3a").pixels
SCALE = 8


def photograph(pixels: Pixels = THREE) -> Image.Image:
    """Return dark ink on light paper, eight times as large, with grey levels as a camera gives them."""
    paper = 255 - np.pad(pixels, 3).repeat(SCALE, 0).repeat(SCALE, 1)
    return Image.fromarray((40 + paper * 0.8).astype(np.uint8))


def saved(image: Image.Image, format: str = "PNG", **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file


def assert_shows(file: io.BytesIO, pixels: Pixels = THREE, at_least: float = 0.97) -> None:
    found = from_upload(file).pixels
    assert np.corrcoef(found.ravel(), pixels.ravel())[0, 1] > at_least


# Every way to save a digit


def as_black_and_white(image: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(image).convert("1", dither=Image.Dither.NONE)


def as_16_bit(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image, dtype=np.uint16) * 257)


def as_ink_on_glass(mode: str, ink: int) -> Callable[[Image.Image], Image.Image]:
    """Return what makes the dark parts ink of one grey, and everything else transparent."""

    def convert(image: Image.Image) -> Image.Image:
        alpha = ImageOps.autocontrast(ImageOps.invert(image))
        return Image.merge("LA", [Image.new("L", image.size, ink), alpha]).convert(mode)

    return convert


def as_palette_on_glass(image: Image.Image) -> Image.Image:
    """Return a palette image whose colour 0, the paper, is transparent."""
    drawn = Image.fromarray((np.asarray(image) < 128).astype(np.uint8)).convert("P")
    drawn.putpalette([250, 250, 240, 20, 20, 120])
    drawn.info["transparency"] = 0
    return drawn


def as_mode(mode: str) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.convert(mode)


@pytest.mark.parametrize("turned", [ImageOps.invert, lambda image: image], ids=["light on dark", "dark on light"])
@pytest.mark.parametrize(
    ("convert", "format"),
    [
        *[pytest.param(as_mode(mode), "PNG", id=f"PNG {mode}") for mode in ("L", "LA", "P", "RGB", "RGBA")],
        *[pytest.param(as_mode(mode), "JPEG", id=f"JPEG {mode}") for mode in ("L", "RGB", "CMYK")],
        pytest.param(as_black_and_white, "PNG", id="PNG 1"),
        pytest.param(as_16_bit, "PNG", id="PNG I;16"),
    ],
)
def test_in_every_mode_it_is_the_same_digit(
    convert: Callable[[Image.Image], Image.Image], format: str, turned: Callable[[Image.Image], Image.Image]
) -> None:
    assert_shows(saved(convert(turned(photograph())), format), at_least=0.95)


@pytest.mark.parametrize(
    "convert",
    [
        *[as_ink_on_glass(mode, ink) for mode in ("LA", "RGBA") for ink in (0, 60, 200, 255)],
        as_palette_on_glass,
    ],
)
def test_transparent_paper_is_paper(convert: Callable[[Image.Image], Image.Image]) -> None:
    assert_shows(saved(convert(photograph())), at_least=0.95)


TO_UPRIGHT = {  # EXIF's orientation -> how the camera's picture lies when the digit is upright
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
@pytest.mark.parametrize(("orientation", "lies"), TO_UPRIGHT.items())
def test_it_is_turned_as_its_exif_says(orientation: int, lies: Image.Transpose | None, format: str) -> None:
    image = photograph() if lies is None else photograph().transpose(lies)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_shows(saved(image, format, exif=exif))


def test_of_an_animation_it_is_the_first_picture() -> None:
    other = photograph(samples()[0].pixels)
    assert_shows(saved(photograph(), save_all=True, append_images=[other], duration=100))


@pytest.mark.parametrize("noise", [1, 3])
def test_grainy_paper_is_paper(noise: int) -> None:
    grey = np.asarray(photograph(), dtype=float)
    grain = np.random.default_rng(0).normal(0, noise, grey.shape)
    assert_shows(saved(Image.fromarray((grey + grain).clip(0, 255).astype(np.uint8))), at_least=0.95)


@pytest.mark.parametrize("turned", [ImageOps.invert, lambda image: image], ids=["chalk", "pencil"])
@pytest.mark.parametrize("darkest", [0.45, 0.7])
def test_paper_in_uneven_light_is_paper(darkest: float, turned: Callable[[Image.Image], Image.Image]) -> None:
    lit = np.asarray(photograph(), dtype=float)
    light = np.linspace(darkest, 1, lit.shape[0])[:, None] * np.linspace(0.9, 1, lit.shape[1])
    assert_shows(saved(turned(Image.fromarray((lit * light).astype(np.uint8)))), at_least=0.9)


def test_noise_alone_is_no_digit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    with pytest.raises(InputError, match="No ink stands out from the paper"):
        from_upload(saved(Image.fromarray(noise)))


@pytest.mark.usefixtures("mnist_root")
def test_a_digit_of_mnist_saved_as_png_comes_back_to_the_pixel() -> None:
    images, _ = mnist.read("test")
    for number in range(500):
        found = from_upload(saved(Image.fromarray(images[number]))).pixels
        np.testing.assert_array_equal(found, images[number], f"test-{number}")


def test_a_large_picture_is_worked_on_at_a_moderate_size() -> None:
    large = photograph().resize((upload.MAX_SIDE, upload.MAX_SIDE // 2))
    assert upload.read_ink(saved(large)).shape == (256, 512)


# Everything else


def png_header(width: int, height: int) -> bytes:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size + b"\x08\0\0\0\0")


PNG, JPEG = saved(photograph()).getvalue(), saved(photograph(), "JPEG").getvalue()
BOMB = png_header(60_000, 60_000) + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")
FLAT = saved(Image.new("L", (50, 50), 128)).getvalue()
PALE = saved(photograph().point(lambda grey: 200 + grey // 20)).getvalue()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        *[
            pytest.param(saved(photograph(), format).getvalue(), "not a picture", id=format)
            for format in ("GIF", "BMP", "WEBP", "TIFF")
        ],
        pytest.param(b"GIF89a is what I am", "not a picture", id="text"),
        pytest.param(b"", "not a picture", id="empty"),
        pytest.param(PNG[: len(PNG) // 2], "damaged", id="half a PNG"),
        pytest.param(JPEG[: len(JPEG) // 2], "damaged", id="half a JPEG"),
        pytest.param(png_header(4_097, 1) + chunk(b"IEND", b""), "4,097 by 1 pixels", id="wide"),
        pytest.param(BOMB, "3600000000 pixels", id="bomb"),
        pytest.param(PNG + bytes(upload.MAX_BYTES), "larger than 2 MB", id="heavy"),
        pytest.param(FLAT, "differ from the paper by 0 of 255", id="flat"),
        pytest.param(PALE, r"differ from the paper by \d\d? of 255", id="pale"),
    ],
)
def test_what_shows_no_digit_is_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        from_upload(io.BytesIO(data))
    assert caught.value.remedy


def assert_a_digit_or_a_sentence(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own, about what is damaged in the file
        try:
            digit = from_upload(io.BytesIO(data))
        except InputError:
            return
    assert digit.pixels.shape == (28, 28)


@given(st.sampled_from([b"", PNG[:8], PNG[:33], JPEG[:2], JPEG[:20]]), st.binary(max_size=300))
def test_random_bytes_are_refused_whatever_they_begin_with(start: bytes, rest: bytes) -> None:
    with pytest.raises(InputError):
        from_upload(io.BytesIO(start + rest))


EXIF = Image.Exif()
EXIF.update({0x0112: 6, 0x010E: "a description", 0x011A: 72.0})
SMALL = Image.fromarray(THREE)
TO_DAMAGE = [saved(SMALL, "PNG", exif=EXIF).getvalue(), saved(SMALL, "JPEG", exif=EXIF).getvalue()]


@given(st.data())
def test_a_damaged_picture_gives_a_digit_or_a_sentence(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(TO_DAMAGE)))
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5)):
        whole[position] = data.draw(st.integers(0, 255))
    assert_a_digit_or_a_sentence(bytes(whole))


def test_a_damaged_exif_gives_a_digit_or_a_sentence() -> None:
    """Try every byte of it with every bit flipped: Pillow answers with a TypeError, a struct.error, ..."""
    picture = TO_DAMAGE[1]
    for position in range(picture.index(b"Exif"), picture.index(b"a description")):
        for bit in range(8):
            damaged = bytearray(picture)
            damaged[position] ^= 1 << bit
            assert_a_digit_or_a_sentence(bytes(damaged))


def test_a_jpeg_of_several_pictures_is_as_lossy_as_any() -> None:
    """Cameras write such files, and JPEG's rings around ink are no ink."""
    several = saved(photograph(), "MPO", save_all=True, append_images=[photograph()], quality=60)
    alone = saved(photograph(), "JPEG", quality=60)
    np.testing.assert_array_equal(upload.read_ink(several), upload.read_ink(alone))


SIDES = st.integers(1, 40) | st.integers(500, 1_100)
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


@settings(max_examples=40)
@given(st.sampled_from(MODES), SIDES, SIDES, st.integers(0, 255), st.integers(0, 255))
def test_a_picture_of_any_mode_and_size_is_read_or_refused(
    mode: str, width: int, height: int, paper: int, ink: int
) -> None:
    """One corner is of another grey; the wider strips and the last one are narrower than the others."""
    grey = np.full((height, width), paper, np.uint8)
    grey[: (height + 1) // 2, : (width + 1) // 2] = ink
    image = Image.fromarray(grey)
    file = saved(as_16_bit(image) if mode == "I;16" else image.convert(mode))
    try:
        found = upload.read_ink(file)
    except InputError:
        return
    longest, shorter = max(width, height), min(width, height)
    assert max(found.shape) == min(longest, 512)
    assert abs(min(found.shape) - max(1, shorter * min(longest, 512) / longest)) < 1.5
