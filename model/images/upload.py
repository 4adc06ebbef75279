"""Read an uploaded picture safely, as white ink on black."""

import threading
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from model.errors import InputError
from model.records import Pixels

MAX_MEGABYTES = 2  # in settings, the proxy and documents too: tests/test_upload_limit.py
MAX_BYTES = MAX_MEGABYTES << 20
MAX_SIDE = 4096
_WORKING_SIDE = 512  # more than enough for a digit of 20 pixels
_STRIP = 16  # rows of the reduced picture that are made at a time
_decoding = threading.Lock()  # one picture at a time: at 4,096 pixels a side the decoder alone takes 64 MB
_REMEDY = "Choose another picture."
_MIN_CONTRAST = 24  # of 255; less is paper with shadows
_SHADED = 12  # of 255; greys that differ more than this along the border mean uneven light
_BLACK = 250  # of 255; ink as strong as this is not rescaled, so that a digit of MNIST does not change


def read_ink(file: BinaryIO) -> Pixels:
    """Read a PNG or JPEG file as ink.

    It is rotated as its EXIF says; transparency becomes paper; colour, palette, CMYK and 16 bit become grey; of an
    animation the first frame is read; dark ink on light paper is inverted; the noise of the paper is removed.

    Returns:
        (H, W) in 0..255, white ink on black, at most 512 pixels a side.

    Raises:
        InputError: The file is not a PNG or JPEG, is too large, is damaged, or shows no ink.
    """
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(
            f"The file is larger than {MAX_MEGABYTES} MB.",
            f"It must be a PNG or JPEG of at most {MAX_MEGABYTES} MB.",
            "Make it smaller, or crop it.",
        )
    file.seek(0)
    try:
        # Only these two of Pillow's decoders may run.
        with _decoding, Image.open(file, formats=("PNG", "JPEG")) as image:
            if max(image.size) > MAX_SIDE:  # read from the header, before decoding
                raise InputError(
                    f"The picture is {image.width:,} by {image.height:,} pixels.",
                    f"Each side may have at most {MAX_SIDE:,}.",
                    "Make it smaller, or crop it.",
                )
            lossy = image.format != "PNG"  # a JPEG of several pictures, from some cameras, has the format MPO
            image.draft(None, (2 * _WORKING_SIDE, 2 * _WORKING_SIDE))  # a JPEG can be decoded at a smaller size
            grey = _grey(ImageOps.exif_transpose(_reduced(image)))
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError("The file is not a picture that can be read.", "It must be a PNG or JPEG.", _REMEDY) from error
    except Exception as error:  # a damaged file can raise any exception in Pillow: TypeError, struct.error
        raise InputError(f"The picture is damaged ({error}).", "It must be a complete PNG or JPEG.", _REMEDY) from error
    return _ink(grey, lossy)


def _reduced(image: Image.Image) -> Image.Image:
    """Return a picture in grey, with its transparency, each side at most twice the working side.

    It is made strip by strip: converting the whole picture would take several times its memory.
    """
    factor = max(1, max(image.size) // _WORKING_SIDE)
    deep = image.mode.startswith("I")
    mode = "LA" if image.has_transparency_data and not deep else "L"
    small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    for row in range(0, small.height, _STRIP):
        top = row * factor
        strip = image.crop((0, top, image.width, min(top + _STRIP * factor, image.height)))
        if deep:  # 16 bit; Pillow would clip it instead of scaling it
            strip = Image.fromarray((np.asarray(strip, dtype=np.float32) / 257).clip(0, 255).astype(np.uint8))
        elif mode == "LA":
            strip = strip.convert("RGBA")
        small.paste(strip.convert(mode).reduce(factor), (0, row))
    small.info = image.info  # holds the EXIF, which is applied later
    return small


def _grey(image: Image.Image) -> NDArray[np.float32]:
    """Return (H, W) in 0..255, with transparency as paper that contrasts with the ink."""
    if image.mode == "LA":
        grey, alpha = (np.asarray(image.getchannel(part), dtype=np.float32) for part in "LA")
        seen = alpha.sum()
        paper = 255.0 if seen == 0 or (grey * alpha).sum() / seen < 128 else 0.0
        image = Image.fromarray((paper + (grey - paper) * alpha / 255).astype(np.uint8))
    image.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32)


def _ink(grey: NDArray[np.float32], lossy: bool) -> Pixels:
    """Measure the paper along the border; ink differs from the paper by more than the paper's own noise."""
    paper, spread = _paper(grey)
    darker, lighter = paper - float(grey.min()), float(grey.max()) - paper
    dark = grey if darker > lighter else 255 - grey  # from here on, dark ink on light paper
    if spread > _SHADED:
        dark = _evenly_lit(dark)
    paper, spread = _paper(dark)
    ink = paper - dark
    strongest = float(ink.max())
    if strongest < _MIN_CONTRAST:
        raise InputError(
            f"The picture shows no ink: its greys differ from the paper by {strongest:.0f} of 255.",
            f"Ink must differ by at least {_MIN_CONTRAST}.",
            "Write darker, or choose another picture.",
        )
    noise = 3 * spread  # five standard deviations of uniform noise: no speck remains
    floor = max(noise, 0.05 * strongest if lossy else 0.0)  # JPEG leaves faint rings around ink
    if strongest <= floor:
        raise InputError(
            f"No ink can be told from the paper, whose greys differ by {spread:.0f} of 255.",
            "Ink must be much darker or much lighter than all of the paper.",
            "Take the picture in even light, or crop it closer.",
        )
    clean = np.where(ink > floor, ink, 0) * (255 / strongest if strongest < _BLACK else 1)
    return clean.round().clip(0, 255).astype(np.uint8)


def _paper(grey: NDArray[np.float32]) -> tuple[float, float]:
    """Return the border's median grey, and the distance from it that 90% of the border's pixels stay within."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    middle = float(np.median(border))
    return middle, float(np.percentile(np.abs(border - middle), 90))


def _evenly_lit(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide dark ink on light paper by its illumination: the picture with its strokes closed and then blurred."""
    image = Image.fromarray(grey.astype(np.uint8))
    small = image.resize((64, 64), Image.Resampling.BOX)
    light = (
        small.filter(ImageFilter.MaxFilter(15)).filter(ImageFilter.MinFilter(15)).filter(ImageFilter.GaussianBlur(3))
    )
    lit = np.asarray(light.resize(image.size, Image.Resampling.BILINEAR), dtype=np.float32)
    even: NDArray[np.float32] = (255 * grey / lit.clip(1)).clip(0, 255)
    return even
