"""An uploaded picture, read with care, as white ink on black."""

import threading
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps, UnidentifiedImageError

from model.errors import InputError
from model.records import Pixels

MAX_BYTES = 2 * 1024 * 1024
MAX_SIDE = 4096
_WORKING_SIDE = 512  # plenty for a digit of 20 pixels
_STRIP = 16  # rows of the shrunk picture that are made at a time
_one_at_a_time = threading.Lock()  # at 4,096 a side the decoder alone takes 64 MB
_REMEDY = "Choose another picture."
_MIN_CONTRAST = 24  # of 255: less is paper with shadows
_SHADED = 12  # of 255: a border whose greys differ more than this lies in uneven light
_BLACK = 250  # of 255: ink this strong is left as it is, so that a digit of MNIST stays itself


def read_ink(file: BinaryIO) -> Pixels:
    """Read a PNG or JPEG file as ink.

    Turned as its EXIF says; transparency laid on paper; colour, palette, CMYK and 16 bit made grey; of an
    animation the first frame; dark ink on light paper inverted; the paper's own noise removed.

    Returns:
        (H, W) in 0..255, white ink on black, at most 512 pixels a side.

    Raises:
        InputError: It is no PNG or JPEG, too large, damaged, or shows nothing.
    """
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(
            "The file is larger than 2 MB.",
            "A PNG or JPEG of at most 2 MB can be read.",
            "Make it smaller, or crop it.",
        )
    file.seek(0)
    try:
        # The allow-list keeps every other decoder of Pillow out of reach.
        with _one_at_a_time, Image.open(file, formats=("PNG", "JPEG")) as image:
            if max(image.size) > MAX_SIDE:  # known from the header, before anything is decoded
                raise InputError(
                    f"The picture is {image.width:,} by {image.height:,} pixels.",
                    f"At most {MAX_SIDE:,} a side can be read.",
                    "Make it smaller, or crop it.",
                )
            lossy = image.format != "PNG"  # a JPEG of several pictures, as some cameras write, is called MPO
            image.draft(None, (2 * _WORKING_SIDE, 2 * _WORKING_SIDE))  # a JPEG can be decoded to a part of its size
            grey = _grey(ImageOps.exif_transpose(_shrunk(image)))
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError("The file is not a picture that can be read.", "It must be a PNG or JPEG.", _REMEDY) from error
    except Exception as error:  # a damaged file leads Pillow into whatever it likes: TypeError, struct.error
        raise InputError(f"The picture is damaged ({error}).", "It must be a whole PNG or JPEG.", _REMEDY) from error
    return _ink(grey, lossy)


def _shrunk(image: Image.Image) -> Image.Image:
    """Return a picture in grey, with its transparency, each side at most twice the working side.

    It is made strip by strip: colours, transparency and 16 bit of the whole would take several times its memory.
    """
    factor = max(1, max(image.size) // _WORKING_SIDE)
    deep = image.mode.startswith("I")
    mode = "LA" if image.has_transparency_data and not deep else "L"
    small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    for row in range(0, small.height, _STRIP):
        top = row * factor
        strip = image.crop((0, top, image.width, min(top + _STRIP * factor, image.height)))
        if deep:  # 16 bit, which Pillow would clip rather than scale
            strip = Image.fromarray((np.asarray(strip, dtype=np.float32) / 257).clip(0, 255).astype(np.uint8))
        elif mode == "LA":
            strip = strip.convert("RGBA")
        small.paste(strip.convert(mode).reduce(factor), (0, row))
    small.info = image.info  # its EXIF, which is still to be heeded
    return small


def _grey(image: Image.Image) -> NDArray[np.float32]:
    """Return (H, W) in 0..255, transparency laid on paper that the ink stands out from."""
    if image.mode == "LA":
        grey, alpha = (np.asarray(image.getchannel(part), dtype=np.float32) for part in "LA")
        seen = alpha.sum()
        paper = 255.0 if seen == 0 or (grey * alpha).sum() / seen < 128 else 0.0
        image = Image.fromarray((paper + (grey - paper) * alpha / 255).astype(np.uint8))
    image.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32)


def _ink(grey: NDArray[np.float32], lossy: bool) -> Pixels:
    """Measure the paper along the border; ink is what differs from it by more than the paper itself does."""
    paper, spread = _paper(grey)
    darker, lighter = paper - float(grey.min()), float(grey.max()) - paper
    dark = grey if darker > lighter else 255 - grey  # dark ink on light paper from here on
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
    noise = 3 * spread  # five deviations of even grain: no speck is left
    floor = max(noise, 0.05 * strongest if lossy else 0.0)  # JPEG leaves faint rings around ink
    if strongest <= floor:
        raise InputError(
            f"No ink stands out from the paper, whose own greys differ by {spread:.0f} of 255.",
            "Ink must be much darker than all of the paper, or much lighter.",
            "Take the picture in even light, or crop it closer.",
        )
    clean = np.where(ink > floor, ink, 0) * (255 / strongest if strongest < _BLACK else 1)
    return clean.round().clip(0, 255).astype(np.uint8)


def _paper(grey: NDArray[np.float32]) -> tuple[float, float]:
    """Return the grey of the border, and how far nine tenths of it stay within that."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    middle = float(np.median(border))
    return middle, float(np.percentile(np.abs(border - middle), 90))


def _evenly_lit(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide dark ink on light paper by its light: what is left where strokes are closed over and all is blurred."""
    image = Image.fromarray(grey.astype(np.uint8))
    small = image.resize((64, 64), Image.Resampling.BOX)
    light = (
        small.filter(ImageFilter.MaxFilter(15)).filter(ImageFilter.MinFilter(15)).filter(ImageFilter.GaussianBlur(3))
    )
    lit = np.asarray(light.resize(image.size, Image.Resampling.BILINEAR), dtype=np.float32)
    even: NDArray[np.float32] = (255 * grey / lit.clip(1)).clip(0, 255)
    return even
