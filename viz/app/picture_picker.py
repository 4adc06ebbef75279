"""Choose a picture for a network that does not read digits: a sample, one of a folder, or an upload."""

import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from model.errors import GlassError
from model.images import folder as folders
from model.images import inputs, pictures
from model.images.folder import Folder
from model.images.records import Digit
from model.records import Pixels
from viz.app import address, current, paging, picture_file, shared
from viz.app.components import picture_grid
from viz.app.error_boundary import or_show_error
from viz.app.start import folder_of
from viz.pictures import raster, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import range_of

_SOURCES = {pictures.SHAPE: "Samples", pictures.FOLDER: "Folder", pictures.GIVEN: "Upload"}
_SAMPLE_CELL, _CELL = "2.2rem", "2.9rem"  # two classes of samples in a line; photographs need more
_STAGE = 128  # pixels a side at which a stage is shown


def given_folder() -> Path | None:
    """Return the folder that the app was started with: ``streamlit run viz/Home.py -- --images FOLDER``."""
    return folder_of(sys.argv[1:])


def find(key: str) -> Digit:
    """Return the picture of a key, as it was opened.

    Raises:
        InputError: There is none, or not any more.
    """
    root = given_folder() if key.startswith(f"{pictures.FOLDER}-") else None
    return pictures.find(key, current.structure().input, folders.listed(root) if root else None)


def show(digit: Digit, *, opened: bool) -> None:
    """Draw the picker, and how the picture becomes the network's input.

    Args:
        digit: What is chosen now.
        opened: Whether the samples are shown at once, and not only when a source is chosen.
    """
    root = given_folder()
    address.expect({address.CLASS: ["", *_classes(root)]})
    sources = {name: said for name, said in _SOURCES.items() if root or name != pictures.FOLDER}
    source = digit.key.partition("-")[0]
    match st.segmented_control(
        "Choose a picture",
        list(sources),
        default=(source if source in sources else pictures.SHAPE) if opened else None,
        format_func=sources.__getitem__,
        required=opened,
        key="picture-source-on-start" if opened else "picture-source",
        width="stretch",
    ):
        case pictures.SHAPE:
            _choose_sample(digit)
        case pictures.FOLDER if root:
            found = or_show_error(lambda: folders.listed(root))
            if found:
                _choose_in_folder(digit, found)
        case pictures.GIVEN:
            picture_file.take("A picture", "picture", "picture-", _receive, _say_kept)
    with st.expander("From the picture to the input"):
        st.html(_stages(digit.key, digit))


def _classes(root: Path | None) -> tuple[str, ...]:
    try:
        return folders.listed(root).classes if root else ()
    except GlassError:  # which the picker says where it shows the folder
        return ()


def _choose_sample(digit: Digit) -> None:
    samples = shared.samples()
    keys = [sample.key for sample in samples]
    picture_grid(
        "Coloured shapes, drawn for this project",
        _sample_thumbnails(),
        [sample.class_name for sample in samples],
        keys.index(digit.key) if digit.key in keys else -1,
        lambda index: address.write(digit=keys[index]),
        key="shapes",
        cell=_SAMPLE_CELL,
    )


@current.of_network(max_entries=32)
def _sample_thumbnails() -> NDArray[np.uint8]:
    return np.stack([folders.small(sample.pixels) for sample in shared.samples()])


def _choose_in_folder(digit: Digit, folder: Folder) -> None:
    class_name = _class(folder)
    keys = folder.keys(class_name)
    start = paging.start(pictures.FOLDER, len(keys), keys.index(digit.key) if digit.key in keys else 0)
    with st.spinner("Reading the pictures"):
        found = folders.thumbnails(folder, keys[start:], paging.SHOWN)
    shown, keys = [*found], folder.keys(class_name)  # without those that could not be read just now
    if found:
        picture_grid(
            "Pictures of the folder",
            np.stack([*found.values()]),
            [_title(folder, key) for key in shown],
            shown.index(digit.key) if digit.key in shown else -1,
            lambda index: address.write(digit=shown[index]),
            key=pictures.FOLDER,
            cell=_CELL,
        )
    paging.buttons(pictures.FOLDER, len(keys), start, keys.__getitem__)
    _say_how_many(folder, keys, start, len(shown))


def _class(folder: Folder) -> str | None:
    """Let the person choose a class of the folder, or return None for all."""
    options = {"": "every class", **{name: name for name in folder.classes}}
    if len(options) < 3:
        return None
    return (
        address.bind(
            st.selectbox,
            "Class",
            address.CLASS,
            options,
            "",
            together=lambda _value: paging.from_the_start(pictures.FOLDER),
        )
        or None
    )


def _title(folder: Folder, key: str) -> str:
    path, class_name = folder.path_of(key)
    return f"{Path(path).name}, {class_name}" if class_name else Path(path).name


def _say_how_many(folder: Folder, keys: Sequence[str], start: int, shown: int) -> None:
    said = f"{start + 1:,} to {start + shown:,} of {len(keys):,}" if shown else f"None of {len(keys):,} can be read"
    if count := len(folder.unreadable):
        said += f" · {count:,} unreadable {'file' if count == 1 else 'files'} left out"
    st.caption(said)


def _receive(file: Any) -> None:
    """Keep an upload and put it into the link."""
    address.write(digit=pictures.give(file))


def _say_kept() -> None:
    st.caption("The app keeps a small copy, which everyone with the link can see, until newer pictures take its place.")


def reduced(pixels: Pixels, side: int) -> Pixels:
    """Return a picture (H, W) or (H, W, 3) with at most ``side`` pixels a side, for where it is shown small."""
    if max(pixels.shape[:2]) <= side:
        return pixels
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image)


@current.of_network(max_entries=64)
def _stages(key: str, _digit: Digit) -> str:
    """Draw in HTML each stage from the picture as it was opened to the normalised channels of the network's input."""
    figures = "".join(
        f'<figure><img src="{raster.image(reduced(stage.pixels, _STAGE))}" alt="">'
        f"<figcaption>{stage.name}<br>{words.shape(stage.pixels.shape[:2])}</figcaption></figure>"
        for stage in _digit.stages
    )
    image = current.structure().input
    values = shared.to_input(_digit)[0].numpy()  # (C, H, W)
    range_ = range_of(values, signed=True)
    reading = 1 + max(values.shape[1:]) // _STAGE  # of a large input every second or third value is drawn
    channels = "".join(
        f'<figure><img src="{raster.mosaic(each[None, ::reading, ::reading], [range_], [(0, 0)])}" alt="">'
        f"<figcaption>{name}<br>{words.number(each.min())} to {words.number(each.max())}</figcaption></figure>"
        for name, each in zip(pictures.CHANNELS[image.channels], values, strict=True)
    )
    middle = (image.height // 2, image.width // 2)
    lines = "<br>".join(
        escape(inputs.say_normalised(_digit.pixels, image, (channel, *middle))) for channel in range(image.channels)
    )
    return (
        f'<div class="fitting"><div>{figures}</div>'
        "<p>Normalised by this network's mean and deviation of each channel:</p>"
        f"<div>{channels}</div><p>{scale_bar(range_)}</p>"
        f"<p>The pixel in the middle, y {middle[0]}, x {middle[1]}:<br>{lines}</p></div>"
    )
