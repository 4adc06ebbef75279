"""A folder of pictures: the order of torchvision's ImageFolder, and keys that reach nothing outside of it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from model.errors import InputError
from model.images import folder, upload
from model.images.folder import Folder, find, listed, thumbnails
from model.records import Pixels

HERE = "nothing here"


def write(path: Path, level: int = 100, size: tuple[int, int] = (30, 20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, 0, 255 - level)).save(path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder of two classes, one with a folder inside, and with a secret beside it."""
    root = tmp_path / "root"
    for number, name in enumerate(
        ["dog/b.png", "dog/a.jpg", "cat/2.bmp", "cat/10.png", "cat/in/side.webp", "cat/in.png"]
    ):
        write(root / name, 10 * number)
    (root / "cat" / "notes.txt").write_text(HERE)
    (root / "empty").mkdir()
    write(root / ".hidden" / "x.png")
    write(root / "dog" / "._a.jpg")
    write(tmp_path / "secret.png", 255)
    return root


def levels(found: Folder, keys: Sequence[str]) -> list[int]:
    return [int(find(found, key).pixels[0, 0, 0]) for key in keys]


def test_classes_and_files_are_in_torchvisions_order(root: Path) -> None:
    (root / "empty").rmdir()
    (root / ".hidden" / "x.png").unlink()
    (root / ".hidden").rmdir()
    (root / "dog" / "._a.jpg").unlink()
    peer = ImageFolder(str(root))
    found = listed(root)
    assert [*found.classes] == peer.classes == ["cat", "dog"]
    mine = [(str(root / path), peer.classes.index(name)) for name, paths in found.files.items() for path in paths]
    assert mine == peer.imgs
    assert len(mine) == 6


def test_hidden_names_and_other_files_are_left_out(root: Path) -> None:
    found = listed(root)
    assert {name: len(paths) for name, paths in found.files.items()} == {"cat": 4, "dog": 2}
    assert len(found.keys()) == 6
    assert found.keys("dog") == ["folder-dog-0", "folder-dog-1"]


def test_a_key_gives_the_picture_with_its_class(root: Path) -> None:
    found = listed(root)
    digit = find(found, "folder-dog-1")
    assert (digit.key, digit.label, digit.class_name, digit.source) == ("folder-dog-1", None, "dog", "b.png")
    np.testing.assert_array_equal(digit.pixels, np.asarray(Image.open(root / "dog" / "b.png")))
    assert not digit.pixels.flags.writeable, "all people share it"
    assert levels(found, found.keys("dog")) == [pytest.approx(10, abs=4), 0], "a.jpg, then b.png"


def test_a_folder_without_classes(tmp_path: Path) -> None:
    write(tmp_path / "b.png", 1)
    write(tmp_path / "a.png", 2)
    found = listed(tmp_path)
    assert (found.classes, found.keys()) == ((), ["folder--0", "folder--1"])
    assert (levels(found, found.keys()), find(found, "folder--0").class_name) == ([2, 1], "")


@pytest.mark.parametrize(
    "key",
    [
        "folder-dog-2",
        "folder-dog--1",
        "folder-dog-01",
        "folder-dog-1 ",
        "folder-dog-\u0661",
        "folder-dog-" + "9" * 400,
        "folder-bird-0",
        "folder--0",
        "folder-../root/dog-0",
        "folder-../secret.png-0",
        "folder-..-0",
        "folder-/etc-0",
        "folder-cat/in-0",
        "folder-\0-0",
        "folder-",
        "folder",
        "",
        "dog/a.jpg",
    ],
)
def test_a_key_reaches_nothing_else(root: Path, key: str) -> None:
    with pytest.raises(InputError, match="There is no picture"):
        find(listed(root), key)


def test_a_class_may_have_any_printable_name(tmp_path: Path) -> None:
    """Names with dashes and numbers are told apart; a class called like a path is a name like any other."""
    names = ["a-1", "a", "a-1-1", "..b", "<b>&", "*x*", "Straße 9"]
    for number, name in enumerate(names):
        write(tmp_path / name / "x.png", number)
        write(tmp_path / name / "y.png", 100 + number)
    found = listed(tmp_path)
    shown = [name for name in names if not name.startswith(".")]
    assert [*found.classes] == sorted(shown)
    assert levels(found, [f"folder-{name}-1" for name in names if name in shown]) == [
        100 + number for number, name in enumerate(names) if name in shown
    ]


def test_names_that_no_address_can_hold_are_left_out(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")).mkdir()
    write(tmp_path / "good" / "x.png")
    write(tmp_path / "good" / "new\nline.png")
    for name in (b"/\xff\xfe/x.png", b"/good/\xff.png"):
        Path(os.fsdecode(os.fsencode(tmp_path) + name)).write_bytes((tmp_path / "good" / "x.png").read_bytes())
    assert listed(tmp_path).files == {"good": ("good/x.png",)}


def test_links_are_left_out(root: Path) -> None:
    """A link could lead out of the folder, or in circles."""
    (root / "dog" / "link.png").symlink_to(root.parent / "secret.png")
    (root / "link").symlink_to(root.parent)
    (root / "dog" / "circle").symlink_to(root / "dog")
    (root / "top.png").symlink_to(root.parent / "secret.png")
    assert {name: len(paths) for name, paths in listed(root).files.items()} == {"cat": 4, "dog": 2}


def test_files_that_cannot_be_read_are_left_out_and_counted(root: Path) -> None:
    found = listed(root)
    (root / "cat" / "10.png").write_bytes(b"no picture")
    (root / "cat" / "2.bmp").unlink()
    os.mkfifo(root / "cat" / "2.bmp")  # reading it would never end
    keys = found.keys("cat")
    assert [*thumbnails(found, keys, 3)] == keys[2:]
    assert found.unreadable == {"cat/10.png", "cat/2.bmp"}
    assert found.keys("cat") == keys[2:], "the others keep their keys"
    for key in keys[:2]:
        with pytest.raises(InputError, match=r"not a picture|cannot be read"):
            find(found, key)


def test_a_file_that_is_opened_by_its_link_is_counted_too(root: Path) -> None:
    found = listed(root)
    (root / "dog" / "a.jpg").write_bytes(b"")
    with pytest.raises(InputError):
        find(found, "folder-dog-0")
    assert found.keys("dog") == ["folder-dog-1"]


def test_thumbnails_stop_when_there_are_enough(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of files only those are decoded that are shown, and each one once."""
    decoded = []
    straight = upload.decode_in_colour

    def counting(file: BinaryIO, side: int) -> Pixels:
        decoded.append(file)
        return straight(file, side)

    monkeypatch.setattr(upload, "decode_in_colour", counting)
    found = listed(root)
    for _ in range(2):
        shown = thumbnails(found, found.keys(), 4)
    assert [*shown] == found.keys()[:4]
    assert {pixels.shape for pixels in shown.values()} == {(48, 48, 3)}
    assert len(decoded) == 4


def test_a_thumbnail_is_the_centre_of_its_picture(tmp_path: Path) -> None:
    wide = np.zeros((96, 288, 3), np.uint8)
    wide[:, 96:192] = 250
    wide[:, :96] = (255, 0, 0)
    Image.fromarray(wide).save(tmp_path / "a.png")
    (thumbnail,) = thumbnails(listed(tmp_path), ["folder--0"], 1).values()
    assert thumbnail[:, 2:-2].min() == thumbnail[:, 2:-2].max() == 250


def test_many_broken_files_do_not_hold_up_a_page(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:03}.png").write_bytes(b"no")
    found = listed(tmp_path)
    assert thumbnails(found, found.keys(), 5) == {}
    assert len(found.unreadable) == 15


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_cannot_be_listed_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be listed.*--images"):
        listed(tmp_path / name)


def test_a_folder_without_pictures_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(InputError, match="has no pictures"):
        listed(tmp_path)


def test_too_many_files_are_a_sentence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_FILES", 5)
    with pytest.raises(InputError, match="more than 5 pictures"):
        listed(root)
