"""Choose a picture for a network that does not read digits: a sample, one of a folder, or an upload."""

import random
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
from model.images import inputs, pictures, upload
from model.images.folder import Folder
from model.images.records import Digit
from model.records import Pixels
from viz.app import address, current, shared
from viz.app.components import picture_grid, picture_source
from viz.app.error_boundary import or_show_error
from viz.app.markdown import escape_markdown
from viz.app.queued_cache import WORK_QUEUE
from viz.app.start import folder_of
from viz.pictures import raster, words
from viz.pictures.panels import scale_bar
from viz.pictures.scaling import range_of

_SOURCES = {pictures.SHAPE: "Samples", pictures.FOLDER: "Folder", pictures.GIVEN: "Upload"}
_START = "folder-start"
_REFUSED = "why the last picture was refused"
_CAMERA = "whether the camera for pictures is shown"
_SHOWN = 20
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
            _upload()
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
    start = st.session_state.setdefault(_START, keys.index(digit.key) // _SHOWN * _SHOWN if digit.key in keys else 0)
    start = min(start, max(len(keys) - 1, 0) // _SHOWN * _SHOWN)  # the list may be shorter now
    with st.spinner("Reading the pictures"):
        found = folders.thumbnails(folder, keys[start:], _SHOWN)
    shown, keys = [*found], folder.keys(class_name)  # without those that could not be read just now
    if found:
        picture_grid(
            "Pictures of the folder",
            np.stack([*found.values()]),
            [_title(folder, key) for key in shown],
            shown.index(digit.key) if digit.key in shown else -1,
            lambda index: address.write(digit=shown[index]),
            key="folder",
            cell=_CELL,
        )
    _turn_pages(keys, start)
    _say_how_many(folder, keys, start, len(shown))


def _class(folder: Folder) -> str | None:
    """Let the person choose a class of the folder, or return None for all."""
    options = {"": "every class", **{name: name for name in folder.classes}}
    if len(options) < 3:
        return None
    return address.bind(st.selectbox, "Class", address.CLASS, options, "", together=_from_the_start) or None


def _from_the_start(_value: str) -> dict[str, str]:
    st.session_state[_START] = 0
    return {}


def _title(folder: Folder, key: str) -> str:
    path, class_name = folder.path_of(key)
    return f"{Path(path).name}, {class_name}" if class_name else Path(path).name


def _turn_pages(keys: Sequence[str], start: int) -> None:
    def go(to: int) -> None:
        st.session_state[_START] = to

    def pick_at_random() -> None:
        position = random.randrange(len(keys))  # noqa: S311 (not for security)
        st.session_state[_START] = position // _SHOWN * _SHOWN
        address.write(digit=keys[position])

    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.button("Back", on_click=go, args=(max(start - _SHOWN, 0),), disabled=start == 0, key="folder-back")
        st.button("Random", on_click=pick_at_random, disabled=not keys, key="folder-random")
        last = start + _SHOWN >= len(keys)
        st.button("More", on_click=go, args=(start + _SHOWN,), disabled=last, key="folder-more")


def _say_how_many(folder: Folder, keys: Sequence[str], start: int, shown: int) -> None:
    said = f"{start + 1:,} to {start + shown:,} of {len(keys):,}" if shown else f"None of {len(keys):,} can be read"
    if count := len(folder.unreadable):
        said += f" · {count:,} unreadable {'file' if count == 1 else 'files'} left out"
    st.caption(said)


def _upload() -> None:
    st.file_uploader(
        "A picture: JPEG, PNG, WebP, BMP, GIF or HEIC, "
        f"at most {upload.MAX_MEGABYTES} MB and {upload.MAX_MEGAPIXELS} megapixels",
        type=list(upload.SUFFIXES),
        key="picture-upload",
        on_change=address.when_chosen("picture-upload", _receive),
    )
    picture_source(_switch_camera)
    with st.container():  # always there, so that what is open below stays open when a message goes
        if st.session_state.get(_CAMERA):
            st.camera_input("Camera", key="picture-camera", on_change=address.when_chosen("picture-camera", _receive))
        if _REFUSED in st.session_state:
            st.error(escape_markdown(f"{st.session_state[_REFUSED]} The picture before it stays."))
    st.caption("The app keeps a small copy, which everyone with the link can see, until newer pictures take its place.")


def _switch_camera() -> None:
    st.session_state[_CAMERA] = not st.session_state.get(_CAMERA)


def _receive(file: Any) -> None:
    """Keep an upload and put it into the link, or keep the sentence that says why it was refused."""
    st.session_state.pop(_REFUSED, None)
    if file is None:
        return
    try:
        with WORK_QUEUE.turn():  # a large picture needs much memory
            key = pictures.give(file)
    except GlassError as error:
        st.session_state[_REFUSED] = str(error)
        return
    address.write(digit=key)


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
