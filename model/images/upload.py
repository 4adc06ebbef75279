"""A picture file, decoded with care to a small picture: grey levels for digits, colours for all else."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from model.errors import InputError
from model.images.ink import Grey
from model.records import Pixels

T = TypeVar("T")

MAX_MEGABYTES = 20  # in settings, the proxy and documents too: tests/test_documents.py
MAX_BYTES = MAX_MEGABYTES << 20
MAX_MEGAPIXELS = 50
# What is decoded whole and takes more memory for each pixel has a limit of its own: 300 MB are enough for each.
MAX_MEGAPIXELS_HEIC = 25
MAX_MEGAPIXELS_WEBP = 16
MAX_MEGAPIXELS_CMYK = 36
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "HEIF")  # the allow-list: every other decoder stays out of reach
SUFFIXES = ("png", "jpg", "jpeg", "webp", "bmp", "gif", "heic", "heif")
_NAMES = "a PNG, JPEG, WebP, BMP, GIF or HEIC file"
_LOSSLESS = {"PNG", "BMP", "GIF"}
WORKING_SIDE = 512  # plenty for a digit of 20 pixels, and more than most networks take
MAX_RATIO = 10  # of the longer side to the shorter, of a coloured picture: what is narrower grows when it is scaled
_STRIP = 16  # rows of the reduced picture that are made at a time
_one_at_a_time = threading.Lock()  # a decoder alone may take 200 MB
_REMEDY = "Choose another picture."
_SMALLER = "Make it smaller, or crop it."
_CARD = 0.9  # of its box: an opaque card fills more of it, strokes far less

pillow_heif.register_heif_opener(thumbnails=False)


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A decoded picture.

    Attributes:
        grey: (H, W) in 0..255, at most 512 pixels a side, upright, without transparency.
        lossy: Whether its format leaves faint rings around strokes.
    """

    grey: Grey
    lossy: bool


def decode(file: BinaryIO) -> Picture:
    """Decode a picture file to grey levels.

    It is turned as its EXIF says; what is transparent becomes paper; colour, palette, CMYK and 16 bit become grey; of
    an animation the first frame counts.

    Raises:
        InputError: It has another format, is too large, or is damaged.
    """
    # A JPEG of several pictures, as some cameras write, is called MPO.
    return _decoded(file, lambda image: Picture(_grey(_upright(_reduced(image))), image.format not in _LOSSLESS))


def decode_in_colour(file: BinaryIO, side: int = WORKING_SIDE) -> Pixels:
    """Decode a picture file to red, green and blue.

    It is turned as its EXIF says; what is transparent becomes white; of an animation the first frame counts.

    Args:
        file: Its content.
        side: How many pixels its longer side has at most; fewer are decoded faster.

    Returns:
        (H, W, 3) in 0..255.

    Raises:
        InputError: It has another format, is too large or too narrow, or is damaged.
    """
    return _decoded(file, lambda image: _coloured(image, side), side)


def _decoded(file: BinaryIO, convert: Callable[[Image.Image], T], side: int = WORKING_SIDE) -> T:
    """Open a picture file, refuse it if it is too large, and convert what it shows."""
    file.seek(0)
    if len(file.read(MAX_BYTES + 1)) > MAX_BYTES:
        raise InputError(
            f"The file is larger than {MAX_MEGABYTES} MB.",
            f"A{_NAMES[1:]} of at most {MAX_MEGABYTES} MB can be opened.",
            _SMALLER,
        )
    file.seek(0)
    try:
        with _one_at_a_time, Image.open(file, formats=FORMATS) as image:
            _check_size(image)
            image.draft(None, (2 * side, 2 * side))  # a JPEG can be decoded to a part of its size
            return convert(image)
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        count = re.search(r"\d+", str(error))  # all that Pillow tells, in a sentence of its own
        pixels = f": it has {int(count[0]):,} pixels" if count else ""
        raise InputError(
            f"The picture is too large{pixels}.", f"It can have {MAX_MEGAPIXELS} million pixels.", _SMALLER
        ) from error
    except UnidentifiedImageError as error:
        raise InputError("The file is not a picture that can be opened.", f"It must be {_NAMES}.", _REMEDY) from error
    except Exception as error:  # a damaged file makes a decoder raise anything: TypeError, struct.error
        raise InputError(
            f"The picture is damaged ({error}).", f"It must be {_NAMES} that is whole.", _REMEDY
        ) from error


def _check_size(image: Image.Image) -> None:
    """Refuse a picture by the size in its header, before anything is decoded."""
    own = {"HEIF": MAX_MEGAPIXELS_HEIC, "WEBP": MAX_MEGAPIXELS_WEBP, "CMYK": MAX_MEGAPIXELS_CMYK}
    kind = next((name for name in (image.format, image.mode) if name in own), "")
    limit = own.get(kind, MAX_MEGAPIXELS)
    if image.width * image.height > limit * 1_000_000:
        raise InputError(
            f"The picture has {image.width:,} x {image.height:,} pixels.",
            f"A {kind or image.format} picture can have {limit} million pixels.",
            _SMALLER,
        )


def _reduced(image: Image.Image, side: int = WORKING_SIDE, in_colour: bool = False) -> Image.Image:
    """Return a picture, no side longer than twice ``side``: in grey with its transparency, or in colour on white.

    It is made strip by strip: colours, transparency and 16 bit of the whole would take several times its memory.
    """
    factor = max(1, max(image.size) // side)
    deep = image.mode.startswith("I")
    clear = image.has_transparency_data and not deep
    mode = "RGB" if in_colour else "LA" if clear else "L"
    small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    for row in range(0, small.height, _STRIP):
        top = row * factor
        strip = image.crop((0, top, image.width, min(top + _STRIP * factor, image.height)))
        if deep:  # 16 bit, which Pillow would clip rather than scale
            strip = Image.fromarray((np.asarray(strip, dtype=np.float32) / 257).clip(0, 255).astype(np.uint8))
        elif clear:
            strip = strip.convert("RGBA")
            if in_colour:
                strip = Image.alpha_composite(Image.new("RGBA", strip.size, "white"), strip)
        small.paste(strip.convert(mode).reduce(factor), (0, row))
    small.info = image.info  # its EXIF, which still has to turn it
    return small


def _upright(image: Image.Image) -> Image.Image:
    return ImageOps.exif_transpose(image)


def _coloured(image: Image.Image, side: int) -> Pixels:
    """Return (H, W, 3) in 0..255."""
    if max(image.size) > MAX_RATIO * min(image.size):
        raise InputError(
            f"The picture has {image.width:,} x {image.height:,} pixels.",
            f"Its longer side can be {MAX_RATIO} times its shorter one.",
            "Crop it.",
        )
    upright = _upright(_reduced(image, side, in_colour=True))
    upright.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(upright)


def _grey(image: Image.Image) -> Grey:
    """Return (H, W) in 0..255, transparency laid on paper that the ink stands out from."""
    if image.mode == "LA":
        image = _without_transparency(image)
    image.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32)


def _without_transparency(image: Image.Image) -> Image.Image:
    """Lay a picture on paper.

    Opaque strokes on nothing get paper of the other side of grey. An opaque card has paper of its own: it is cut out.
    """
    grey, alpha = (np.asarray(image.getchannel(part), dtype=np.float32) for part in "LA")
    opaque = alpha > 127
    card = Image.fromarray(opaque).getbbox() if opaque.any() else None
    if card and opaque[card[1] : card[3], card[0] : card[2]].mean() > _CARD:
        paper = float(np.median(grey[opaque]))
    else:
        seen = alpha.sum()
        paper, card = 255.0 if seen == 0 or (grey * alpha).sum() / seen < 128 else 0.0, None
    laid = Image.fromarray((paper + (grey - paper) * alpha / 255).round().astype(np.uint8))
    return laid.crop(card)
