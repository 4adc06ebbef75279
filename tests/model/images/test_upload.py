"""Uploads: a picture of a digit in any format gives the digit; other files are refused with a sentence."""

import io
import warnings
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from model.errors import InputError
from model.images import digits, mnist, upload
from model.images.digits import from_upload, samples
from model.images.doubt import doubts
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


# Formats


def as_black_and_white(image: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(image).convert("1", dither=Image.Dither.NONE)


def as_16_bit(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image, dtype=np.uint16) * 257)


def as_ink_on_transparency(mode: str, ink: int) -> Callable[[Image.Image], Image.Image]:
    """Return a function that makes the dark parts ink of one grey and all else transparent."""

    def convert(image: Image.Image) -> Image.Image:
        alpha = ImageOps.autocontrast(ImageOps.invert(image))
        return Image.merge("LA", [Image.new("L", image.size, ink), alpha]).convert(mode)

    return convert


def as_palette_with_transparency(image: Image.Image) -> Image.Image:
    """Return a palette image whose colour 0, the paper, is transparent."""
    drawn = Image.fromarray((np.asarray(image) < 128).astype(np.uint8)).convert("P")
    drawn.putpalette([250, 250, 240, 20, 20, 120])
    drawn.info["transparency"] = 0
    return drawn


def as_mode(mode: str) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.convert(mode)


@pytest.mark.parametrize("inverted", [ImageOps.invert, lambda image: image], ids=["light on dark", "dark on light"])
@pytest.mark.parametrize(
    ("convert", "format"),
    [
        *[pytest.param(as_mode(mode), "PNG", id=f"PNG {mode}") for mode in ("L", "LA", "P", "RGB", "RGBA")],
        *[pytest.param(as_mode(mode), "JPEG", id=f"JPEG {mode}") for mode in ("L", "RGB", "CMYK")],
        *[pytest.param(as_mode(mode), "WEBP", id=f"WebP {mode}") for mode in ("RGB", "RGBA")],
        *[pytest.param(as_mode(mode), "BMP", id=f"BMP {mode}") for mode in ("L", "P", "RGB")],
        *[pytest.param(as_mode(mode), "GIF", id=f"GIF {mode}") for mode in ("L", "P")],
        *[pytest.param(as_mode(mode), "HEIF", id=f"HEIC {mode}") for mode in ("L", "RGB", "RGBA")],
        pytest.param(as_black_and_white, "PNG", id="PNG 1"),
        pytest.param(as_16_bit, "PNG", id="PNG I;16"),
    ],
)
def test_from_upload_reads_every_mode(
    convert: Callable[[Image.Image], Image.Image], format: str, inverted: Callable[[Image.Image], Image.Image]
) -> None:
    assert_shows(saved(convert(inverted(photograph())), format), at_least=0.95)


@pytest.mark.parametrize(
    "convert",
    [
        *[as_ink_on_transparency(mode, ink) for mode in ("LA", "RGBA") for ink in (0, 60, 200, 255)],
        as_palette_with_transparency,
    ],
)
def test_from_upload_reads_transparency_as_paper(convert: Callable[[Image.Image], Image.Image]) -> None:
    assert_shows(saved(convert(photograph())), at_least=0.95)


ROTATIONS = {  # EXIF orientation -> how the stored picture is rotated
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
@pytest.mark.parametrize(("orientation", "rotation"), ROTATIONS.items())
def test_from_upload_applies_the_exif_orientation(
    orientation: int, rotation: Image.Transpose | None, format: str
) -> None:
    image = photograph() if rotation is None else photograph().transpose(rotation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_shows(saved(image, format, exif=exif))


@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP"])
def test_from_upload_reads_the_first_frame_of_an_animation(format: str) -> None:
    other = photograph(samples()[0].pixels)
    assert_shows(saved(photograph(), format, save_all=True, append_images=[other], duration=100))


@pytest.mark.parametrize("noise", [1, 3])
def test_from_upload_removes_noise_of_the_paper(noise: int) -> None:
    grey = np.asarray(photograph(), dtype=float)
    grain = np.random.default_rng(0).normal(0, noise, grey.shape)
    assert_shows(saved(Image.fromarray((grey + grain).clip(0, 255).astype(np.uint8))), at_least=0.95)


@pytest.mark.parametrize("inverted", [ImageOps.invert, lambda image: image], ids=["chalk", "pencil"])
@pytest.mark.parametrize("darkest", [0.45, 0.7])
def test_from_upload_handles_uneven_light(darkest: float, inverted: Callable[[Image.Image], Image.Image]) -> None:
    lit = np.asarray(photograph(), dtype=float)
    light = np.linspace(darkest, 1, lit.shape[0])[:, None] * np.linspace(0.9, 1, lit.shape[1])
    assert_shows(saved(inverted(Image.fromarray((lit * light).astype(np.uint8)))), at_least=0.9)


def test_noise_is_no_confident_single_digit() -> None:
    """A threshold always finds two groups of grey levels: noise is read, with a doubt beside it."""
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    try:
        found = digits.read_upload(saved(Image.fromarray(noise)))
    except InputError:
        return
    assert found.is_several or doubts(found.digits[0].pixels)


@pytest.mark.usefixtures("mnist_root")
@pytest.mark.parametrize("count", [40, pytest.param(500, marks=pytest.mark.exhaustive)])
def test_from_upload_round_trips_mnist_digits(count: int) -> None:
    images, _ = mnist.read("test")
    for number in range(count):
        found = from_upload(saved(Image.fromarray(images[number]))).pixels
        np.testing.assert_array_equal(found, images[number], f"test-{number}")


def test_decode_reduces_large_pictures() -> None:
    assert upload.decode(saved(photograph().resize((4_096, 2_048)))).grey.shape == (256, 512)


def test_suffixes_are_those_of_the_formats() -> None:
    by_suffix = Image.registered_extensions()
    assert {by_suffix[f".{suffix}"] for suffix in upload.SUFFIXES} == set(upload.FORMATS)


def blank(format: str, mode: str, width: int, height: int, **options: Any) -> bytes:
    """Return a grey picture with one dark bar."""
    image = Image.new("L", (width, height), 220)
    image.paste(30, (width * 9 // 20, height // 5, width * 11 // 20, height * 4 // 5))
    return saved(image.convert(mode), format, **options).getvalue()


LARGEST: dict[str, tuple[str, str, int, int, dict[str, Any]]] = {
    "JPEG": ("JPEG", "RGB", 8_000, 6_000, {}),
    "progressive JPEG": ("JPEG", "RGB", 8_000, 6_000, {"progressive": True}),
    "GIF": ("GIF", "P", 8_000, 6_000, {}),
    "HEIC": ("HEIF", "RGB", 5_700, 4_300, {"quality": 50}),
}


def sampled(names: Iterable[str], without: str) -> list[Any]:
    """Leave the one that takes longest to the exhaustive suite."""
    return [pytest.param(each, marks=pytest.mark.exhaustive) if each == without else each for each in names]


@pytest.mark.slow(reason="decodes pictures of 48 megapixels")
@pytest.mark.parametrize("name", sampled(LARGEST, without="HEIC"))
def test_largest_picture_of_a_camera_is_read(name: str) -> None:
    format, mode, width, height, options = LARGEST[name]
    found = digits.read_upload(io.BytesIO(blank(format, mode, width, height, **options)))
    assert len(found.digits) == 1
    assert np.ptp(np.flatnonzero(found.digits[0].pixels.any(1))) == 19


TOO_LARGE = {
    "JPEG": ("JPEG", "L", 8_000, 6_300, 50),
    "WEBP": ("WEBP", "RGB", 4_100, 4_000, upload.MAX_MEGAPIXELS_WEBP),
    "HEIF": ("HEIF", "L", 5_300, 4_800, upload.MAX_MEGAPIXELS_HEIC),
    "CMYK": ("JPEG", "CMYK", 6_100, 6_000, upload.MAX_MEGAPIXELS_CMYK),
}


@pytest.mark.slow(reason="writes pictures of 50 megapixels")
@pytest.mark.parametrize("name", sampled(TOO_LARGE, without="HEIF"))
def test_picture_above_its_limit_is_refused_by_its_header(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    format, mode, width, height, limit = TOO_LARGE[name]
    data = blank(format, mode, width, height)
    monkeypatch.setattr(upload, "_reduced", lambda _image: pytest.fail("it was decoded"))
    with pytest.raises(InputError, match=rf"{width:,} x {height:,} pixels.*{name} picture can have {limit} million"):
        from_upload(io.BytesIO(data))


# Errors


def png_header(width: int, height: int) -> bytes:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size + b"\x08\0\0\0\0")


PNG, JPEG = saved(photograph()).getvalue(), saved(photograph(), "JPEG").getvalue()
BOMB = png_header(60_000, 60_000) + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")
FLAT = saved(Image.new("L", (50, 50), 128)).getvalue()
PALE = saved(photograph().point(lambda grey: 200 + grey // 50)).getvalue()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        *[
            pytest.param(saved(photograph(), format).getvalue(), "not a picture", id=format)
            for format in ("TIFF", "TGA", "PPM", "ICO", "JPEG2000")
        ],
        pytest.param(b"GIF is what I am", "not a picture", id="text"),
        pytest.param(b"", "not a picture", id="empty"),
        pytest.param(PNG[: len(PNG) // 2], "damaged", id="half a PNG"),
        pytest.param(JPEG[: len(JPEG) // 2], "damaged", id="half a JPEG"),
        *[
            pytest.param(whole[: len(whole) // 2], "damaged", id=f"half a {format}")
            for format, whole in ((each, saved(photograph(), each).getvalue()) for each in ("BMP", "WEBP", "HEIF"))
        ],
        pytest.param(png_header(50_001, 1_000) + chunk(b"IEND", b""), "50,001 x 1,000 pixels", id="wide"),
        pytest.param(BOMB, "too large: it has 3,600,000,000 pixels", id="bomb"),
        pytest.param(PNG + bytes(upload.MAX_BYTES), "larger than 20 MB", id="heavy"),
        pytest.param(FLAT, "differs from the paper by more than 0 of 255", id="flat"),
        pytest.param(PALE, r"differs from the paper by more than [1-5] of 255", id="pale"),
    ],
)
def test_from_upload_refuses_files_without_a_digit(data: bytes, named: str) -> None:
    with pytest.raises(InputError, match=named) as caught:
        from_upload(io.BytesIO(data))
    assert caught.value.remedy


def assert_digit_or_error(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about damaged files
        try:
            digit = from_upload(io.BytesIO(data))
        except InputError:
            return
    assert digit.pixels.shape == (28, 28)


@given(st.sampled_from([b"", PNG[:8], PNG[:33], JPEG[:2], JPEG[:20]]), st.binary(max_size=300))
def test_from_upload_refuses_random_bytes(start: bytes, rest: bytes) -> None:
    with pytest.raises(InputError):
        from_upload(io.BytesIO(start + rest))


EXIF = Image.Exif()
EXIF.update({0x0112: 6, 0x010E: "a description", 0x011A: 72.0})
SMALL = Image.fromarray(THREE)
TO_DAMAGE = [saved(SMALL, format, exif=EXIF).getvalue() for format in ("PNG", "JPEG", "WEBP", "HEIF")]
TO_DAMAGE += [saved(SMALL, format).getvalue() for format in ("GIF", "BMP")]


@given(st.data())
@settings(max_examples=40)
def test_from_upload_of_a_damaged_picture_gives_a_digit_or_an_error(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(TO_DAMAGE)))
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5)):
        whole[position] = data.draw(st.integers(0, 255))
    assert_digit_or_error(bytes(whole))


@pytest.mark.parametrize("bits", [(0, 3), pytest.param(range(8), marks=pytest.mark.exhaustive)], ids=["two", "all"])
def test_from_upload_of_a_damaged_exif_gives_a_digit_or_an_error(bits: Sequence[int]) -> None:
    """Flip bits in every byte: Pillow raises TypeError, struct.error and others."""
    picture = TO_DAMAGE[1]
    for position in range(picture.index(b"Exif"), picture.index(b"a description")):
        for bit in bits:
            damaged = bytearray(picture)
            damaged[position] ^= 1 << bit
            assert_digit_or_error(bytes(damaged))


def test_decode_treats_mpo_as_jpeg() -> None:
    """Cameras write such files, and the rings that JPEG leaves around ink are not ink."""
    several = saved(photograph(), "MPO", save_all=True, append_images=[photograph()], quality=60)
    alone = saved(photograph(), "JPEG", quality=60)
    as_mpo, as_jpeg = upload.decode(several), upload.decode(alone)
    assert as_mpo.lossy
    assert as_jpeg.lossy
    np.testing.assert_array_equal(as_mpo.grey, as_jpeg.grey)


SIDES = st.integers(1, 40) | st.integers(500, 1_100)
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


@settings(max_examples=25)
@given(st.sampled_from(MODES), SIDES, SIDES, st.integers(0, 255), st.integers(0, 255))
def test_decode_of_any_mode_and_size_gives_grey(mode: str, width: int, height: int, paper: int, ink: int) -> None:
    """One corner has another grey."""
    grey = np.full((height, width), paper, np.uint8)
    grey[: (height + 1) // 2, : (width + 1) // 2] = ink
    image = Image.fromarray(grey)
    file = saved(as_16_bit(image) if mode == "I;16" else image.convert(mode))
    found = upload.decode(file).grey
    longest, shorter = max(width, height), min(width, height)
    assert max(found.shape) == min(longest, 512)
    assert abs(min(found.shape) - max(1, shorter * min(longest, 512) / longest)) < 1.5
