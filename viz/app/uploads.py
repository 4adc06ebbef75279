"""Uploads and drawings: how a picture comes in, what it shows, and how the person turns, swaps or crops it.

The picture stays in the session; the address holds the digit that was found. Each digit of the picture remembers the
adjustment that gave it, so that the browser's Back is an undo.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from model.errors import InputError
from model.images import codec, digits, strokes, upload
from model.images.adjustment import AS_IT_IS, Adjustment, straightening
from model.images.doubt import doubts
from model.images.records import Digit, Upload
from viz.app import address, picture_file
from viz.app.components import picture_grid
from viz.app.markdown import escape_markdown
from viz.app.queued_cache import WORK_QUEUE
from viz.pictures import raster

_OPENED = "the last upload"
_WORD = "digit"
_SIDES = ("Top", "Left", "Bottom", "Right")
_TURNS = {"⟲ 90°": 90, "⟲ 15°": 15, "⟳ 15°": -15, "⟳ 90°": -90}
_MOST_STEPS = 100  # adjustments of one picture that Back and Undo can return to


@dataclass(eq=False, slots=True)
class _Opened:
    """A picture that was opened.

    Attributes:
        picture: Its grey levels.
        found: What it shows with the adjustment that was read last.
        adjustments: For the key of each digit that was found in it, the adjustment that gave the digit.
        before: For the first digit of an adjustment, the digit that was shown before.
    """

    picture: upload.Picture
    found: Upload
    adjustments: dict[str, Adjustment] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)


def find(key: str) -> Digit | None:
    """Return a digit of the opened picture with its stages, None for any other key."""
    opened: _Opened | None = st.session_state.get(_OPENED)
    if opened is None or key not in opened.adjustments:
        return None
    if (known := _digit(opened, key)) is None:
        opened.found = digits.read_picture(opened.picture, opened.adjustments[key])
        known = _digit(opened, key)
    return known


def _digit(opened: _Opened, key: str) -> Digit | None:
    return next((digit for digit in opened.found.digits if digit.key == key), None)


def show(digit: Digit) -> None:
    """Show the uploader, and what an upload went through."""

    def below() -> None:
        if digit.key.startswith("upload-"):
            _show_several(digit)
            show_stages(digit)

    picture_file.take("A picture of a digit", _WORD, "", _receive, below)
    if digit.key.startswith("upload-"):
        _show_controls(digit)


def _receive(file: Any) -> None:
    """Put an upload into the link."""
    picture = upload.decode(file)
    opened = _Opened(picture, digits.read_picture(picture))
    st.session_state[_OPENED] = opened
    _keep(opened, AS_IT_IS)


def _keep(opened: _Opened, adjustment: Adjustment) -> None:
    """Note which adjustment gave each digit, and put the first one into the link."""
    opened.adjustments.update(dict.fromkeys((digit.key for digit in opened.found.digits), adjustment))
    for key in [*opened.adjustments][:-_MOST_STEPS]:
        del opened.adjustments[key]
    address.write(digit=opened.found.digits[0].key)


def _show_several(digit: Digit) -> None:
    """Let the person choose one of several digits."""
    opened: _Opened | None = st.session_state.get(_OPENED)
    if opened is None or digit.key not in opened.adjustments or not opened.found.is_several:
        return
    found = opened.found.digits
    if len(found) == 1:
        st.warning("The ink is wide: it may be several digits that touch. Crop the picture to one digit.")
        return
    keys = [each.key for each in found]
    chosen = keys.index(digit.key)
    said = f"The picture shows {len(found)} parts that may be digits. Part {chosen + 1} is shown; choose another."
    st.warning(escape_markdown(said))
    picture_grid(
        "Parts of the picture",
        np.stack([each.pixels for each in found]),
        [f"Part {number} of {len(found)}" for number in range(1, len(found) + 1)],
        chosen,
        lambda index: address.write(digit=keys[index]),
        key="parts",
    )


def show_doubts(digit: Digit) -> None:
    """Say beside the answer why a drawing or an upload may be no digit."""
    if digit.key.startswith(("drawn-", "upload-")) and (reasons := doubts(digit.pixels)):
        said = "This does not look like the digits that the network learned."
        lesson = "The network answers all the same: it can be sure of nonsense."
        st.warning(escape_markdown(" ".join([said, *reasons, lesson])))


def show_stages(digit: Digit) -> None:
    """Show the preprocessing stages of a drawing or an upload."""
    if not digit.stages:  # the link of an upload holds only the final pixels
        return
    figures = "".join(
        f'<figure><img src="{raster.image(stage.pixels)}" alt=""><figcaption>{stage.name}</figcaption></figure>'
        for stage in digit.stages
    )
    st.html(f'<div class="stages">{figures}</div>')


def _show_controls(digit: Digit) -> None:
    """Let the person turn, straighten, swap and crop the picture."""
    opened: _Opened | None = st.session_state.get(_OPENED)
    if opened is None or digit.key not in opened.adjustments:
        return
    now = opened.adjustments[digit.key]
    with st.expander("Turn, swap or crop"):
        _turn_buttons(digit, lambda degrees: _adjust(digit, replace(now, turn=(now.turn + degrees) % 360)))
        _button("Swap ink and paper", lambda: _adjust(digit, replace(now, invert=not now.invert)))
        for side, share in zip(_SIDES, now.crop, strict=True):
            st.session_state[f"crop-{side}"] = round(100 * share)
            st.slider(f"{side}: cut off, %", 0, 90, step=5, key=f"crop-{side}", on_change=lambda: _crop(digit, now))
        previous = opened.before.get(digit.key, "")
        _button("Undo", lambda: address.write(digit=previous), disabled=previous not in opened.adjustments)


def _crop(digit: Digit, now: Adjustment) -> None:
    top, left, bottom, right = (st.session_state.get(f"crop-{side}", 0) / 100 for side in _SIDES)
    _adjust(digit, replace(now, crop=(top, left, bottom, right)))


def _adjust(digit: Digit, adjustment: Adjustment) -> None:
    """Read the opened picture again with another adjustment."""
    picture_file.allow(_WORD)
    opened: _Opened | None = st.session_state.get(_OPENED)
    if opened is None:
        return
    try:
        with WORK_QUEUE.turn():
            found = digits.read_picture(opened.picture, adjustment)
    except InputError as error:
        picture_file.refuse(_WORD, error)
        return
    opened.found = found
    if found.digits[0].key != digit.key:
        opened.before[found.digits[0].key] = digit.key
    _keep(opened, adjustment)


def show_turning(digit: Digit) -> None:
    """Let the person turn a drawing."""
    drawn = codec.unpack_strokes(digit.key.removeprefix("drawn-"))

    def turn(degrees: int) -> None:
        try:
            address.write(digit=digits.from_strokes(strokes.turned(drawn, degrees)).key)
        except InputError as error:
            picture_file.refuse(_WORD, error)

    with st.expander("Turn"):
        _turn_buttons(digit, turn)


def _turn_buttons(digit: Digit, turn: Callable[[int], None]) -> None:
    with st.container(horizontal=True):
        for label, degrees in _TURNS.items():
            _button(label, partial(turn, degrees), help=_say_turn(degrees))
        angle = straightening(digit.pixels)
        _button("Straighten", lambda: turn(angle), disabled=angle == 0)


def _say_turn(degrees: int) -> str:
    return f"Turn by {abs(degrees)} degrees {'to the left' if degrees > 0 else 'to the right'}"


def _button(label: str, act: Callable[[], None], **options: Any) -> None:
    st.button(label, key=f"adjust-{label}", on_click=act, **options)
