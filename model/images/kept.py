"""Pictures that people gave, kept for a while: a coloured picture is too large for an address, which names its hash."""

import functools
import io
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from model import kept_files
from model.errors import InputError
from model.images.upload import WORKING_SIDE
from model.records import Pixels

SUFFIX = ".png"
MAX_FILES, MAX_BYTES = 1_000, 400_000_000
_MAX_FILE = 2 * 3 * WORKING_SIDE**2  # of one picture; a PNG is hardly larger than its pixels


def folder() -> Path:
    """Return the folder of kept pictures: ``GLASS_PICTURES``, or ``runs/pictures`` of this project."""
    default = Path(__file__).resolve().parents[2] / "runs" / "pictures"
    return Path(os.environ.get("GLASS_PICTURES", default))


def keep(pixels: Pixels) -> str:
    """Keep a picture (H, W, 3) of at most 512 pixels a side, and return its hash.

    Raises:
        InputError: The folder cannot be written.
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    try:
        return kept_files.keep(file.getvalue(), folder(), SUFFIX, MAX_FILES, MAX_BYTES)
    except OSError as error:
        raise InputError(
            f"The picture cannot be kept in '{ascii(str(folder()))[1:-1]}' ({error.strerror or type(error).__name__}).",
            "It must be a folder on a disk with room.",
            "Make room, or set GLASS_PICTURES to another folder.",
        ) from error


def find(hash: str) -> Pixels:
    """Return a picture that was kept, (H, W, 3), read-only.

    Raises:
        InputError: It is not here (any more).
    """
    path = kept_files.path_of(folder(), hash, SUFFIX)
    if path is None:
        raise InputError(
            f"The picture '{hash[:40]}' is not here (any more).",
            "An uploaded picture is kept on this server until newer ones take its place.",
            "Upload it again.",
        )
    return _read(path, hash)


@functools.lru_cache(maxsize=32)
def _read(path: Path, hash: str) -> Pixels:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
        if len(data) <= _MAX_FILE and kept_files.hash_of(data) == hash:
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                if max(image.size) <= WORKING_SIDE:
                    return np.asarray(image.convert("RGB"))  # read-only, as Pillow gives it
    except OSError:
        pass  # it is gone, or no picture: so it is refused, like one that was changed
    with suppress(OSError):  # of a folder that can only be read
        path.unlink(missing_ok=True)
    raise InputError(
        f"The file of the picture {hash} was changed.", "Its hash is its name.", "Upload the picture again."
    )
