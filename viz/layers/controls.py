"""Walking through the network: from row to row, and from a number back to the numbers that it was made of."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from model.errors import InputError
from model.layers.records import Explanation
from model.records import IMAGE, Activation, Pair, Unit
from model.trace.records import Step, Trace
from viz import theme
from viz.app import address, components
from viz.layers.quiz import controls
from viz.pictures import words

_PAGE = "layer_by_layer"
_PROJECTOR = Path(__file__).with_name("projector.css")
_LONGEST = 40  # units in a trail; the network has 28 steps


class Stop(NamedTuple):
    """A unit of a step, one stop of a trail; the step is ``image`` at its end."""

    name: str
    unit: Unit

    @property
    def code(self) -> str:
        """As it stands in a link: ``Conv2d-7.3.0.12``."""
        return ".".join([self.name, *map(str, self.unit)])


def strip(trace: Trace, step: Step | None) -> None:
    """Draw one link for each of the rows, the current one marked."""
    items = [
        {
            "text": str(row.number),
            "title": f"Row {row.number}: {row.name}",
            "href": address.address(_PAGE, row=row.name, trail="", channel="", unit=""),
            "colour": theme.KIND_COLOURS[row.kind],
            "current": row is step,
        }
        for row in trace.rows
    ]
    components.steps("The rows", items, lambda index: go(trace.rows[index].name), "rows", wordy=False)


def turn(trace: Trace, step: Step | None) -> None:
    """Draw the buttons to the row before and the row after; the arrow keys press them."""
    names = [row.name for row in trace.rows]
    order = [IMAGE, *(each.name for each in trace.steps)]
    here = order.index(step.name if step else IMAGE)
    before = [name for name in names if order.index(name) < here]
    after = [name for name in names if order.index(name) > here]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Previous row", shortcut="Left", disabled=not before, on_click=lambda: go(before[-1]))
        st.button("Next row", shortcut="Right", disabled=not after, on_click=lambda: go(after[0]))
        st.button("Start at the answer", on_click=lambda: go(names[-1]))
        _turn_projector()
        controls.switch()
        if step:
            _choose_map(step)


def _turn_projector() -> None:
    """Draw the button to the projector view, or back; P presses it, and Escape leaves too."""
    on = projector()

    def turn() -> None:
        address.switch(address.PROJECTOR, on=not on)

    if on:
        st.html(_PROJECTOR)
        st.button("Leave the projector view", shortcut="Escape", on_click=turn)
    with st.container(key="project", width="content"):  # while it is on, out of sight: a button has one key alone
        st.button("Projector view", shortcut="P", on_click=turn)


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


def projector() -> bool:
    """Tell whether only the stage is shown, large, for the back row."""
    return address.is_on(address.PROJECTOR)


def go(name: str) -> None:
    """Go to a step afresh."""
    address.write(row=name, channel="", unit="", trail="")


def unit_of(maps: Activation) -> Unit:
    """Return the unit of some maps (C, H, W) that the link asks for; what it does not say is where they are largest."""
    largest = np.unravel_index(int(maps.argmax()), maps.shape)
    channel = int(address.read_one_of(address.CHANNEL, [str(c) for c in range(len(maps))], str(largest[0])))
    height, width = maps.shape[1:]
    largest_here = divmod(int(maps[channel].argmax()), width)
    read_place = partial(_place, shape=(height, width))
    y, x = address.read_as(address.UNIT, read_place, largest_here, "Showing the largest instead.")
    return channel, y, x


def trail(trace: Trace) -> list[Stop]:
    """Return the units that were followed to the present one, first to last; nothing of what makes no sense."""

    def stops(text: str) -> list[Stop]:
        try:
            return [_stop(trace, code) for code in [each for each in text.split("~") if each][:_LONGEST]]
        except (ValueError, LookupError) as error:
            allowed = "It can be units of this network with ~ between, such as Conv2d-7.3.0.12."
            raise InputError(f"'{text[:40]}' is no trail.", allowed, "Leave it out.") from error

    return address.read_as(address.TRAIL, stops, [], "It is left out here.")


def show_trail(trace: Trace, here: Stop, *, hidden: bool = False) -> None:
    """Draw the way from the first unit to this one; each is a link back.

    Args:
        trace: What was recorded.
        here: The unit that is worked out now.
        hidden: Whether its value is still asked for.
    """
    way = trail(trace)
    if not way:
        return
    items = [
        {
            "text": f"{stop.name} {'?' if hidden and stop == here else _value(trace, stop)}",
            "title": f"{stop.name}, map {stop.unit[0]}, y {stop.unit[1]}, x {stop.unit[2]}",
            "href": address.address(_PAGE, **_choices(stop, way[:index])),
            "colour": theme.MUTED if stop.name == IMAGE else theme.KIND_COLOURS[trace[stop.name].kind],
            "current": stop == here and index == len(way),
        }
        for index, stop in enumerate([*way, here])
    ]
    components.steps(
        "The way here",
        items,
        lambda index: address.write(**_choices([*way, here][index], way[:index])),
        "trail",
        wordy=True,
    )


def follow(trace: Trace, explained: Explanation, unit: Unit) -> None:
    """Go from a unit to one that it was made of, and remember the way."""
    way = [*trail(trace), Stop(explained.name, explained.unit)]
    address.write(**_choices(Stop(explained.source, unit), way))


def choose(unit: Unit) -> None:
    """Look at another unit of the same step; the way to the first one ends here."""
    channel, y, x = unit
    address.write(channel=str(channel), unit=f"{y}.{x}", trail="")


def _place(text: str, shape: Pair) -> Pair:
    """Read ``y.x``, a unit of maps of this shape."""
    places = {f"{y}.{x}": (y, x) for y in range(shape[0]) for x in range(shape[1])}
    if text in places:
        return places[text]
    allowed = f"It can be y.x, y from 0 to {shape[0] - 1} and x from 0 to {shape[1] - 1}."
    raise InputError(f"'{text[:40]}' is no unit.", allowed, "Leave it out.")


def _value(trace: Trace, stop: Stop) -> str:
    return words.number(float(trace.maps_of(stop.name)[stop.unit]))


def _choices(stop: Stop, way: list[Stop]) -> dict[str, str]:
    channel, y, x = stop.unit
    codes = "~".join(each.code for each in way)
    return {"row": stop.name, "channel": str(channel), "unit": f"{y}.{x}", "trail": codes}


def _stop(trace: Trace, code: str) -> Stop:
    name, c, y, x = code.rsplit(".", 3)
    found = (int(c), int(y), int(x))
    if min(found) < 0:
        raise ValueError(code)
    trace.maps_of(name)[found]  # an index error tells that it is not there
    return Stop(name, found)
