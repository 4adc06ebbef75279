"""Controls that several pages share. The address holds what they choose."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any, TypeVar

import streamlit as st

from model.errors import InputError
from model.records import IMAGE, Pair
from model.trace.records import Step, Trace
from viz.app import address, current, projector, shared, sidebar, tables
from viz.app.markdown import escape_markdown
from viz.app.nearest import nearest_name

Result = TypeVar("Result")

_SIDE_BY_SIDE = 10  # classes; of more, a list shows only some at a time
_TOGETHER, _APART = "layer", "map"
_DIGIT, _USED = "digit", "used"
_SCALES = {_TOGETHER: "One scale for the layer", _APART: "One scale for each map"}


def step(trace: Trace, names: Sequence[str] = ()) -> Step:
    """Let the user choose a step from a list or with the arrow keys.

    Args:
        trace: The recorded forward pass.
        names: The steps to choose from; by default all.
    """
    names = names or [step.name for step in trace.steps]
    instead = _nearest(trace, names)

    def kept_choices(name: str) -> dict[str, str]:
        """Keep the map if the other step has one with that number, and the nearest unit."""
        chosen = address.read(address.CHANNEL, "0")
        channel = chosen if chosen in map(str, range(len(trace[name].maps))) else "0"
        return {address.CHANNEL: channel, **_kept_unit(trace[name].maps.shape[1:])}

    default = nearest_name(names, address.read(address.ROW, names[0]))

    def at() -> int:
        return names.index(address.read_one_of(address.ROW, names, default, instead, "Step"))

    def go_to(row: str) -> None:
        address.write(row=row, **kept_choices(row))

    position, move = at(), partial(_move, names, at, go_to)

    with st.container(horizontal=True, vertical_alignment="bottom", key="steps"):
        move("Previous", "Left", -1)
        address.bind(
            st.selectbox,
            "Step",
            address.ROW,
            names,
            default,
            together=kept_choices,
            instead=instead,
            format_func=lambda name: f"{name} · {trace[name].kind}",
        )
        move("Next", "Right", 1)
    return trace[names[position]]


def _move(
    values: Sequence[str], at: Callable[[], int], go_to: Callable[[str], None], words: str, key: str, by: int
) -> None:
    """Draw a button to a neighbour. Of two quick clicks, the second is about where the first has led."""

    def there() -> int | None:
        to = at() + by
        return to if 0 <= to < len(values) else None

    def go() -> None:
        to = there()
        if to is not None:
            go_to(values[to])

    st.button(words, shortcut=key, disabled=there() is None, on_click=go)


def one_by_one(label: str, name: str, titles: Mapping[str, str]) -> str:
    """Let the user choose one of many from a list or with the arrow keys, where only one is shown.

    Args:
        label: What each of them is.
        name: The address parameter.
        titles: What the list says, for each address value.
    """
    values = [*titles]

    def at() -> int:
        return values.index(address.read_one_of(name, values, values[0], label=label))

    move = partial(_move, values, at, lambda value: address.write(**{name: value}))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        move("Previous", "Left", -1)
        chosen = address.bind(st.selectbox, label, name, titles, values[0])
        move("Next", "Right", 1)
    return chosen


def _nearest(trace: Trace, names: Sequence[str]) -> dict[str, str]:
    """Return for the image and every step the last step at or before it that can be chosen, else the first.

    The address carries a row from page to page, and some pages offer only some rows. That is no error.
    """
    instead, last = {}, names[0]
    for name in [IMAGE, *(step.name for step in trace.steps)]:
        last = name if name in names else last
        instead[name] = last
    return instead


def part(name: str, parts: Mapping[str, str], allowed: Mapping[str, address.Allowed]) -> str:
    """Let the user choose which part of a page is shown; by default the first.

    Args:
        name: The address parameter; each page uses its own.
        parts: The label of each address value.
        allowed: The allowed values of the address parameters of all parts, or their readers.
    """
    address.expect(allowed)
    return segments("What to look at", name, parts)


def of_any_step() -> dict[str, address.Allowed]:
    """Return what row, channel and unit can be in a link to some page, for the parts of a page without them."""
    every = shared.arithmetic()
    return {
        address.ROW: [IMAGE, *every],
        address.CHANNEL: whole_number,
        address.UNIT: _any_unit,
        address.SCALE: _SCALES,
    }


def whole_number(text: str) -> int:
    """Read a whole number of at most four digits.

    Raises:
        InputError: It is anything else.
    """
    if text.isascii() and text.isdecimal() and len(text) <= 4:
        return int(text)
    raise InputError(f"'{text[:40]}' is no number.", "It can be a whole number from 0 to 9999.", "Leave it out.")


def _any_unit(text: str) -> Pair:
    y, _, x = text.partition(".")
    try:
        return whole_number(y), whole_number(x)
    except InputError as error:
        raise InputError(f"'{text[:40]}' is no unit.", "It can be y.x, such as 0.0.", "Leave it out.") from error


def segments(
    label: str, name: str, options: Sequence[str] | Mapping[str, str], default: str = "", **arguments: Any
) -> str:
    """Let the user choose one of a few values shown side by side.

    Args:
        label: The label of the control.
        name: The address parameter.
        options: As for ``address.bind``.
        default: The value if the address has none or an unknown one; by default the first.
        arguments: Passed to ``address.bind``.
    """
    first = default or next(iter(options))
    return address.bind(st.segmented_control, label, name, options, first, required=True, wrap=True, **arguments)


def class_of(trace: Trace, label: str, name: str, default: int) -> int:
    """Let the user choose a class: up to ten side by side, more in a list that can be searched, the likeliest first.

    Args:
        trace: Its classes.
        label: The label of the control.
        name: The address parameter, which holds the number of the class.
        default: The class if the address has none or an unknown one.
    """
    if len(trace.logits) > _SIDE_BY_SIDE:
        return int(address.bind(st.selectbox, label, name, class_names(trace), str(default)))
    classes = {number: escape_markdown(title) for number, title in class_names(trace).items()}
    return int(segments(label, name, classes, str(default)))


def class_names(trace: Trace) -> dict[str, str]:
    """Return the name of each class by its number; of many classes the likeliest come first."""
    every = range(len(trace.logits))
    order = every if len(every) <= _SIDE_BY_SIDE else (-trace.logits).argsort(kind="stable").tolist()
    twice = len({trace.class_name(k) for k in every}) < len(every)
    return {str(k): f"{k}: {trace.class_name(k)}" if twice else trace.class_name(k) for k in order}


def switch(label: str, name: str, about: str) -> bool:
    """Let the user switch something on, and return whether it is on.

    Args:
        label: The label of the control.
        name: The address parameter.
        about: One sentence on what it does.
    """
    key = f"widget-{name}"
    st.session_state[key] = address.is_on(name)
    st.toggle(label, key=key, help=about, on_change=address.when_chosen(key, lambda on: address.switch(name, on=on)))
    return bool(st.session_state[key])


def shared_scale() -> bool:
    """Let the user choose between one colour scale for the layer and one for each map."""
    return segments("Scale", address.SCALE, _SCALES) == _TOGETHER


def channel(count: int) -> int:
    """Let the user choose a channel."""
    return int(address.bind(st.selectbox, "Map", address.CHANNEL, {str(c): f"Map {c}" for c in range(count)}, "0"))


def unit(units: Pair, middle: Pair) -> Pair:
    """Let the user choose a unit of a map; by default the middle one."""
    every, default = _codes(units, middle)
    return _place(address.bind(st.selectbox, "Unit", address.UNIT, every, default, format_func=_say_unit))


def unit_in_link(units: Pair, middle: Pair, name: str) -> Pair:
    """Return the unit in the address; by default the middle one.

    Args:
        units: How many the map has, (y, x).
        middle: The middle unit.
        name: The step that is shown. If the address names another step, its unit belongs to that step's maps; then
            the nearest unit here is returned.
    """
    every, default = _codes(units, middle)
    moved = _kept_unit(units) if address.read(address.ROW, name) != name else {}
    instead = {address.read(address.UNIT, default): nearest for nearest in moved.values()}
    return _place(address.read_one_of(address.UNIT, every, default, instead))


def _codes(units: Pair, middle: Pair) -> tuple[list[str], str]:
    """Return every unit as the address writes it, and the middle one."""
    return [f"{y}.{x}" for y in range(units[0]) for x in range(units[1])], ".".join(map(str, middle))


def _place(code: str) -> Pair:
    y, x = map(int, code.split("."))
    return y, x


def _kept_unit(units: tuple[int, ...]) -> dict[str, str]:
    """Return the unit in the address, or the nearest one on a map of this size; empty if no unit is chosen."""
    places = address.read(address.UNIT, "").split(".")
    if len(places) != len(units) or not all(place.isdecimal() and len(place) < 4 for place in places):
        return {}
    return {address.UNIT: ".".join(str(min(int(place), most - 1)) for place, most in zip(places, units, strict=True))}


def _say_unit(chosen: str) -> str:
    y, x = chosen.split(".")
    return f"y {y}, x {x}"


def as_trained() -> bool:
    """Let the user choose between the picture and the pixels that the network uses."""
    stages = {_DIGIT: f"The {current.picture_word()}", _USED: "What the network uses"}
    return segments("Show", address.SHOWN, stages) == _USED


def figure(drawn: str | Callable[[], Result], words: str, numbers: tables.Numbers) -> Result | None:
    """Show a figure, and below it a description and its numbers. Every figure is shown by this function.

    Args:
        drawn: The figure in HTML, or a function that draws it.
        words: What the figure shows, with its key numbers.
        numbers: A table or a file.

    Returns:
        What the function returned.
    """
    shown = None
    with projector.first_figure():
        if isinstance(drawn, str):
            st.html(drawn)
        else:
            shown = drawn()
        st.write(words)
        numbers.show()
    return shown


def folded(title: str, draw: Callable[[], object]) -> None:
    """Show a part of a page that is closed at first, and is drawn when it is opened."""
    with st.expander(title, key=f"folded-{title}", on_change="rerun") as place:
        if place.open:
            draw()


def dead_end(missing: str, page: str, label: str) -> None:
    """Say that this network lacks what a page shows, and link to the page for the assignment's network.

    Args:
        missing: What it lacks, as plain text.
        page: The address of the page.
        label: Of the link.
    """
    (shown,) = (each for each in sidebar.all_pages() if each.url_path == page)
    with projector.first_figure():  # what a projector shows of the page
        st.info(escape_markdown(missing))
        st.page_link(shown, label=label, query_params=address.link(**{address.NET: "", address.DIGIT: ""}))


def to_try(first: str, *others: str) -> None:
    """Show ideas beside the stage, or above it in a line that unfolds. A page calls it before it draws its stage."""
    more = f" <u>and {len(others)} more</u>" if others else ""
    listed = "".join(f"<li>{escape(idea)}</li>" for idea in others)
    st.html(
        f'<details class="to-try"><summary><b>What to try</b><span>{escape(first)}</span>{more}</summary>'
        f"<ul>{listed}</ul></details>"
    )
