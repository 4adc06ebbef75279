"""Pictures that were given are kept by their hash, in a bounded folder, and nothing else is ever read."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model import kept_files
from model.errors import InputError
from model.images import kept
from model.records import Pixels


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASS_PICTURES", str(tmp_path / "pictures"))
    kept._read.cache_clear()
    return tmp_path / "pictures"


def picture(seed: int = 0, side: int = 30) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (side, side + 5, 3), dtype=np.uint8)


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.iterdir()}


def test_a_picture_comes_back_to_the_pixel(folder: Path) -> None:
    hash = kept.keep(picture())
    assert kept.keep(picture()) == hash != kept.keep(picture(1))
    np.testing.assert_array_equal(kept.find(hash), picture())
    np.testing.assert_array_equal(np.asarray(Image.open(folder / f"{hash}.png")), picture())
    assert not kept.find(hash).flags.writeable, "all people share it"


@pytest.mark.parametrize(
    "hash", ["0" * 32, "", "..", "../../etc/passwd", "a" * 31, "A" * 32, "0" * 32 + "\n", "é" * 32, "\0", "0" * 5_000]
)
def test_a_made_up_hash_is_a_sentence(hash: str) -> None:
    kept.keep(picture())
    with pytest.raises(InputError, match="is not here"):
        kept.find(hash)


def test_a_file_beside_the_folder_is_never_read(folder: Path) -> None:
    """The same file is read where it belongs."""
    hash = kept.keep(picture())
    (folder / f"{hash}.png").rename(folder.parent / f"{hash}.png")
    with pytest.raises(InputError):
        kept.find(f"../{hash}")
    (folder.parent / f"{hash}.png").rename(folder / f"{hash}.png")
    assert kept.find(hash).any()


def test_a_changed_file_is_refused_and_removed(folder: Path) -> None:
    hash, other = kept.keep(picture()), kept.keep(picture(1))
    (folder / f"{hash}.png").write_bytes((folder / f"{other}.png").read_bytes())
    with pytest.raises(InputError, match="was changed"):
        kept.find(hash)
    with pytest.raises(InputError, match="is not here"):
        kept.find(hash)


def test_the_least_recently_used_is_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_FILES", 2)
    first, second = kept.keep(picture(1)), kept.keep(picture(2))
    for age, hash in enumerate((second, first)):
        os.utime(folder / f"{hash}.png", (1_000 - age, 1_000 - age))
    kept.find(first)
    third = kept.keep(picture(3))
    assert names(folder) == {first, third}


def test_the_bytes_are_bounded_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept.keep(picture(1))
    monkeypatch.setattr(kept, "MAX_BYTES", int(1.5 * (folder / f"{first}.png").stat().st_size))
    second = kept.keep(picture(2))
    assert names(folder) == {second}
    large = kept.keep(picture(3, side=60))
    assert names(folder) == {large}, "the newest stays, however large"


def test_what_was_never_finished_is_removed_after_a_while(folder: Path) -> None:
    kept.keep(picture(1))
    old, young = folder / "a.part", folder / "b.part"
    old.touch()
    young.touch()
    os.utime(old, (1_000, 1_000))
    kept.keep(picture(2))
    assert not old.exists()
    assert young.exists(), "another process may be writing it"


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GLASS_PICTURES", str(tmp_path / "file" / "pictures"))
    with pytest.raises(InputError, match=r"cannot be kept.*GLASS_PICTURES"):
        kept.keep(picture())


def test_a_full_disk_leaves_no_part_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.keep(picture(1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left on device"):
        kept.keep(picture(2))
    assert len(names(folder)) == 1


def test_files_that_vanish_meanwhile_are_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process removes a file between the listing and the look at its size."""
    hash = kept.keep(picture(1))
    (folder / "gone.png").symlink_to(folder / "nothing.png")
    assert [path.stem for path, *_ in kept_files._listed(folder, ".png")] == [hash]


def test_only_its_owner_may_read_the_file(folder: Path) -> None:
    hash = kept.keep(picture())
    assert stat.S_IMODE((folder / f"{hash}.png").stat().st_mode) == 0o600
