"""Navigation through the network: from row to row, and from a unit back to its input units."""

import re
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st

from model import layers
from model.errors import InputError
from model.images import inputs
from model.images.records import Digit
from model.layers.records import Explanation
from model.networks.records import ImageSpec
from model.receptive_field.records import Box, Window
from model.records import IMAGE, Activation, Pair, Unit
from model.trace.records import LayerKind, Row, Step, Trace
from viz import theme
from viz.app import address, components, current, projector, tables, widgets
from viz.layers import worked_unit
from viz.layers.quiz import controls as quiz
from viz.pictures import words

_PAGE = "layer_by_layer"
_SIGNS = {"add": "+", "subtract": "−", "multiply": "×"}  # of function calls, which have no number
_AROUND = 4  # rows on both sides of the current one that a projector shows
_MAX_TRAIL = 200  # units; longer than the way through most networks


_WORDS: Mapping[str, tuple[str, ...]] = {
    LayerKind.CONVOLUTION: ("kernel", "patch", "bias", "stride", "padding"),
    LayerKind.LINEAR: ("weight", "bias"),
    LayerKind.BATCH_NORM: ("batch norm",),
    LayerKind.DROPOUT: ("dropout", "mask"),
    LayerKind.RELU: ("ReLU",),
    LayerKind.MAX_POOL: ("max pool", "stride"),
    LayerKind.AVERAGE_POOL: ("stride",),
    LayerKind.SOFTMAX: ("logit", "softmax"),
    LayerKind.LOG_SOFTMAX: ("logit", "log-probability"),
}


class TrailUnit(NamedTuple):
    """One unit of a trail; the name is ``image`` for a pixel."""

    name: str
    unit: Unit

    @property
    def code(self) -> str:
        """The unit in an address: ``Conv2d-7.3.0.12``."""
        return ".".join([self.name, *map(str, self.unit)])


def words_of(step: Step | None) -> tuple[str, ...]:
    """Return the words of the glossary that the arithmetic of a step uses; without a step those of a pixel."""
    return ("row", "feature map", "unit", "recorded", *(_WORDS.get(step.kind, ()) if step else ()))


def row_links(trace: Trace, step: Step | None) -> None:
    """Show a link for each row and each joining function call, with the current one marked; on a projector a few."""
    rows = trace.main_steps
    if projector.is_on():
        here = next((place for place, row in enumerate(rows) if row is step), 0)
        first = max(0, min(here - _AROUND, len(rows) - 2 * _AROUND - 1))
        rows = rows[first : first + 2 * _AROUND + 1]
    items = [
        {
            "text": str(row.number) if isinstance(row, Row) else _SIGNS.get(row.kind, "ƒ"),
            "title": f"Row {row.number}: {row.name}" if isinstance(row, Row) else f"{row.name}, a function call",
            "href": address.address(_PAGE, row=row.name, trail="", channel="", unit=""),
            "colour": theme.KIND_COLOURS[row.kind],
            "current": row is step,
        }
        for row in rows
    ]
    components.steps("The rows", items, lambda index: go_to(rows[index].name), "rows", wordy=False)


def buttons(trace: Trace, step: Step | None) -> None:
    """Show the buttons to the previous and the next row; the arrow keys press them."""
    names = [row.name for row in trace.main_steps]
    order = [IMAGE, *(each.name for each in trace.steps)]
    shown = step.name if step else IMAGE

    def neighbour(by: int) -> str | None:
        now = address.read(address.ROW, shown)  # of two quick clicks, the second is about where the first has led
        here = order.index(now if now in order else shown)
        beyond = [name for name in names[::by] if by * order.index(name) > by * here]
        return beyond[0] if beyond else None

    def move(by: int) -> None:
        to = neighbour(by)
        if to:
            go_to(to)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Previous row", shortcut="Left", disabled=not neighbour(-1), on_click=move, args=(-1,))
        st.button("Next row", shortcut="Right", disabled=not neighbour(1), on_click=move, args=(1,))
        if not projector.is_on():
            st.button("Last row", on_click=lambda: go_to(names[-1]))
        quiz.switch()
        if step:
            _choose_map(step)


def _choose_map(step: Step) -> None:
    numbers = [str(number) for number in range(len(step.maps))]
    address.bind(
        st.selectbox,
        "Output map",
        address.CHANNEL,
        numbers,
        str(unit_of(step.maps)[0]),
        together=lambda _channel: {address.UNIT: "", address.TRAIL: ""},
        label_visibility="collapsed",
        format_func=lambda number: f"Output map {number}",
        width=180,
    )


def go_to(name: str) -> None:
    """Go to a step, with its default map and unit and no trail."""
    address.write(row=name, channel="", unit="", trail="")


def unit_of(maps: Activation) -> Unit:
    """Return the unit of maps (C, H, W) that the address names; by default the one with the largest value."""
    largest = np.unravel_index(int(maps.argmax()), maps.shape)
    channel = int(address.read_one_of(address.CHANNEL, [str(c) for c in range(len(maps))], str(largest[0])))
    height, width = maps.shape[1:]
    largest_here = divmod(int(maps[channel].argmax()), width)
    read_position = partial(_read_position, shape=(height, width))
    y, x = address.read_as(
        address.UNIT, read_position, largest_here, "Showing the unit with the largest value instead."
    )
    return channel, y, x


def trail(trace: Trace) -> list[TrailUnit]:
    """Return the trail in the address, first to last; empty after a notice where it is invalid."""

    def units(text: str) -> list[TrailUnit]:
        try:
            return [_trail_unit(trace, code) for code in [each for each in text.split("~") if each][:_MAX_TRAIL]]
        except (ValueError, LookupError) as error:
            allowed = "It can be units of this network with ~ between, such as Conv2d-7.3.0.12."
            raise InputError(f"'{text[:40]}' is not a trail.", allowed, "Leave it out.") from error

    return address.read_as(address.TRAIL, units, [], "It is left out here.")


def show_trail(trace: Trace, here: TrailUnit, *, hidden: bool = False) -> None:
    """Show the trail from the first unit to the current one; each unit is a link back.

    Args:
        trace: The recorded forward pass.
        here: The unit that the page shows.
        hidden: Whether its value is an open question.
    """
    previous = trail(trace)
    if not previous:
        return
    units = [*previous, here]
    items = [
        {
            "text": f"{unit.name} {'?' if hidden and unit == here else _value(trace, unit)}",
            "title": f"{unit.name}, map {unit.unit[0]}, y {unit.unit[1]}, x {unit.unit[2]}",
            "href": address.address(_PAGE, **_parameters(unit, previous[:index])),
            "colour": theme.MUTED if unit.name == IMAGE else theme.KIND_COLOURS[trace[unit.name].kind],
            "current": unit == here and index == len(previous),
        }
        for index, unit in enumerate(units)
    ]
    components.steps(
        "Trail to this unit",
        items,
        lambda index: address.write(**_parameters(units[index], previous[:index])),
        "trail",
        wordy=True,
    )


def show_pixel(digit: Digit, trace: Trace) -> None:
    """Show the pixel at which a trail ends."""
    pixel, image = unit_of(trace.image), current.structure().input
    show_trail(trace, TrailUnit(IMAGE, pixel))
    left, right = st.columns(2, gap="large")
    with left:
        drawn = worked_unit.receptive_field(digit.pixels, worked_unit.pixel_box(pixel), large=True)
        numbers = tables.pixels_file(digit.pixels, Box(0, 0, image.height, image.width), f"pixels-{digit.key[:20]}")
        widgets.figure(drawn, inputs.say_normalised(digit.pixels, image, pixel), numbers)
    with right:
        st.header(f"Pixel y {pixel[1]}, x {pixel[2]}: the start of the arithmetic")
        st.write(
            f"Every {current.picture_word()} is normalised with a mean and a standard deviation{_say_of(image)} before "
            f"it enters the network.{' The links above lead back the way that you came.' if trail(trace) else ''}"
        )


def _say_of(image: ImageSpec) -> str:
    """Say whose mean and deviation they are, where that is known."""
    if current.is_assignment():
        return " of MNIST"
    return " for each channel" if image.channels > 1 else ""


def window_of(step: Step) -> Window | None:
    """Return the window of a step, or None where it has no single one."""
    try:
        return layers.window(step)
    except InputError:
        return None


def follow(trace: Trace, explained: Explanation, source: str, unit: Unit) -> None:
    """Go from a unit to one of its input units, and add the first to the trail."""
    previous = [*trail(trace), TrailUnit(explained.name, explained.unit)]
    address.write(**_parameters(TrailUnit(source, unit), previous))


def choose_unit(unit: Unit) -> None:
    """Go to another unit of the same step, without a trail."""
    channel, y, x = unit
    address.write(channel=str(channel), unit=f"{y}.{x}", trail="")


def _read_position(text: str, shape: Pair) -> Pair:
    """Read ``y.x``, a unit of maps of this shape.

    Raises:
        InputError: There is no such unit.
    """
    found = re.fullmatch(r"([0-9]{1,4})\.([0-9]{1,4})", text, re.ASCII)
    if found and int(found[1]) < shape[0] and int(found[2]) < shape[1]:
        return int(found[1]), int(found[2])
    allowed = f"It can be y.x, y from 0 to {shape[0] - 1} and x from 0 to {shape[1] - 1}."
    raise InputError(f"'{text[:40]}' is not a unit.", allowed, "Leave it out.")


def _value(trace: Trace, unit: TrailUnit) -> str:
    return words.number(float(trace.maps_of(unit.name)[unit.unit]))


def _parameters(unit: TrailUnit, previous: list[TrailUnit]) -> dict[str, str]:
    """Return the address parameters of a unit and the trail to it."""
    channel, y, x = unit.unit
    codes = "~".join(each.code for each in previous)
    return {"row": unit.name, "channel": str(channel), "unit": f"{y}.{x}", "trail": codes}


def _trail_unit(trace: Trace, code: str) -> TrailUnit:
    name, c, y, x = code.rsplit(".", 3)
    unit = (int(c), int(y), int(x))
    if min(unit) < 0:
        raise ValueError(code)
    trace.maps_of(name)[unit]  # raises IndexError where there is no such unit
    return TrailUnit(name, unit)
