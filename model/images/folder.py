"""A folder of pictures, in the form of torchvision's ``ImageFolder``: a sub-folder for each class, or none at all.

The folder is listed once; a picture is decoded when it is shown. Its key names its class and its place in the list,
``folder-cat-12``, so that a key reaches nothing but what was listed.
"""

import errno
import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from model.errors import InputError
from model.images import inputs, upload
from model.images.records import Digit
from model.networks.records import ImageSpec
from model.records import Pixels

SOURCE = "folder"
THUMBNAIL = 48  # pixels a side
_SIDE = 4 * THUMBNAIL  # of the picture that a thumbnail is cut out of, so that even a wide one is sharp
MAX_FILES = 100_000
_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}")
_PATIENCE = 3  # times as many files are tried as pictures are wanted
_SUFFIXES = tuple(f".{suffix}" for suffix in upload.SUFFIXES)


@dataclass(frozen=True, eq=False, slots=True)
class Folder:
    """The pictures of a folder.

    Attributes:
        root: The folder.
        files: For each class in alphabetical order its files, as paths from the root in the order of torchvision. The
            class of files that lie in the folder itself is empty.
        unreadable: The files that could not be read when they were to be shown; it grows.
    """

    root: Path
    files: Mapping[str, tuple[str, ...]]
    unreadable: set[str] = field(default_factory=set)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that have pictures, without the empty one."""
        return tuple(name for name in self.files if name)

    def keys(self, class_name: str | None = None) -> list[str]:
        """Return the key of each picture of a class, or of all, without those that could not be read."""
        names = self.files if class_name is None else [class_name]
        return [
            f"{SOURCE}-{name}-{number}"
            for name in names
            for number, path in enumerate(self.files.get(name, ()))
            if path not in self.unreadable
        ]

    def path_of(self, key: str) -> tuple[str, str]:
        """Return the path from the root and the class of the picture of a key.

        Raises:
            InputError: There is none.
        """
        class_name, _, number = key.removeprefix(f"{SOURCE}-").rpartition("-")
        files = self.files.get(class_name, ())
        if not _NUMBER.fullmatch(number) or int(number) >= len(files):
            raise InputError(
                f"There is no picture '{key[:40]}' in the folder.",
                f"There are {', '.join(self.keys()[:2])} and so on.",
                "Choose a picture in the sidebar.",
            )
        return files[int(number)], class_name


@functools.lru_cache(maxsize=4)
def listed(root: Path) -> Folder:
    """List the pictures of a folder, once in a process; names with a dot in front and links are left out.

    Raises:
        InputError: It cannot be listed, holds no pictures, or too many.
    """
    files: dict[str, list[str]] = {}
    try:
        for count, (class_name, path) in enumerate(_walk(root)):
            if count == MAX_FILES:
                raise InputError(
                    f"The folder '{_said(root)}' has more than {MAX_FILES:,} pictures.",
                    f"At most {MAX_FILES:,} can be shown.",
                    "Give a smaller folder.",
                )
            files.setdefault(class_name, []).append(path)
    except OSError as error:
        raise InputError(
            f"The folder '{_said(root)}' cannot be listed ({error.strerror or type(error).__name__}).",
            "It must be a folder with pictures, or with a sub-folder for each class.",
            "Start the app with '--images' and another folder.",
        ) from error
    if not files:
        raise InputError(
            f"The folder '{_said(root)}' has no pictures.",
            f"Their names end in {', '.join(upload.SUFFIXES)}.",
            "Start the app with '--images' and another folder.",
        )
    return Folder(root, {name: tuple(files[name]) for name in sorted(files)})


def _said(root: Path) -> str:
    return ascii(str(root))[1:-1][-80:]


def _walk(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the class and the path from the root of each picture, sorted."""
    with os.scandir(root) as entries:
        found = sorted((each.name, each.is_dir()) for each in entries if not each.is_symlink())
    for name, is_folder in found:
        if not is_folder:
            if _is_picture(name):
                yield "", name
            continue
        for place, _folders, names in sorted(os.walk(root / name)):
            inside = os.path.relpath(place, root)
            if all(map(_is_shown, Path(inside).parts)):
                pictures = (each for each in sorted(names) if _is_picture(each))
                yield from ((name, f"{inside}/{each}") for each in pictures if not Path(place, each).is_symlink())


def _is_shown(name: str) -> bool:
    """Tell whether a name is no hidden one, and text: others cannot be in an address."""
    return not name.startswith(".") and name.isprintable()


def _is_picture(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES) and _is_shown(name)


def find(folder: Folder, key: str) -> Digit:
    """Return the picture of a key, at most 512 pixels a side.

    Raises:
        InputError: There is none, or its file cannot be read.
    """
    path, class_name = folder.path_of(key)
    with _noting(folder, path):
        pixels = _picture(folder.root, path, stamp(folder, key))
    return Digit(key, pixels, None, Path(path).name, class_name=class_name)


def decoded(folder: Folder, key: str) -> Pixels:
    """Return the pixels of the picture of a key as ``find`` does, for one of many that are not kept.

    Raises:
        InputError: There is none, or its file cannot be read.
    """
    path, _class_name = folder.path_of(key)
    with _noting(folder, path):
        return _decoded(folder.root, path)


def stamp(folder: Folder, key: str) -> tuple[int, int]:
    """Return the size and the time of change of the file of a key, which tell whether it is still the same."""
    path, _class_name = folder.path_of(key)
    try:
        found = (folder.root / path).stat()
    except OSError:  # the code that reads it says so
        return 0, 0
    return found.st_size, found.st_mtime_ns


@contextmanager
def _noting(folder: Folder, path: str) -> Iterator[None]:
    """Note a file that cannot be read."""
    try:
        yield
    except InputError:
        folder.unreadable.add(path)
        raise


@functools.lru_cache(maxsize=32)
def _picture(root: Path, path: str, _stamp: tuple[int, int]) -> Pixels:
    pixels = _decoded(root, path)
    pixels.setflags(write=False)
    return pixels


@functools.lru_cache(maxsize=4_096)  # 28 MB
def _thumbnail(root: Path, path: str, _stamp: tuple[int, int]) -> Pixels:
    return small(_decoded(root, path, _SIDE))


def _decoded(root: Path, path: str, side: int = upload.WORKING_SIDE) -> Pixels:
    try:
        if not (root / path).is_file():  # a pipe would never end
            raise FileNotFoundError(errno.ENOENT, "it is no file any more")
        with (root / path).open("rb") as file:
            return upload.decode_in_colour(file, side)
    except OSError as error:
        raise InputError(
            f"The file '{path[-60:]}' cannot be read ({error.strerror or type(error).__name__}).",
            "It must be a picture file in the folder.",
            "Choose another picture.",
        ) from error


def small(pixels: Pixels) -> Pixels:
    """Return the centre of a picture as a square, (48, 48, 3)."""
    return inputs.fit(pixels, ImageSpec(3, THUMBNAIL, THUMBNAIL, (0.0,) * 3, (1.0,) * 3))


def thumbnails(folder: Folder, keys: Sequence[str], count: int) -> Mapping[str, Pixels]:
    """Return small pictures (48, 48, 3) by their keys: the first that can be read, which are looked for for a while.

    Args:
        folder: The folder; it notes which files cannot be read.
        keys: Of its pictures.
        count: How many pictures.

    Raises:
        InputError: No picture has one of these keys.
    """
    found: dict[str, Pixels] = {}
    for key in keys[: _PATIENCE * count]:
        path, _class_name = folder.path_of(key)
        with suppress(InputError), _noting(folder, path):
            found[key] = _thumbnail(folder.root, path, stamp(folder, key))
        if len(found) == count:
            break
    return found
