"""The bar of a lesson on every page: its station, previous and next, a clock, and the teacher's notes.

The address holds the place in the lesson, ``lesson=tour.3``, so every link carries it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from model.errors import InputError, WeightsError
from viz.app import address, components, projector, sidebar
from viz.lessons import cache, figures
from viz.lessons.plans import IDS, lesson
from viz.lessons.records import Lesson, Station

# Notes that are open at the desk stay closed on the projector; there they are opened for one station.
_AT_DESK, _PROJECTED = address.YES, address.PROJECTOR
_HIDES = ("answer", "field")  # what a station can cover until the class has answered


class Place(NamedTuple):
    """A place in a lesson; stations are counted from 1."""

    lesson: Lesson
    number: int

    @property
    def station(self) -> Station:
        """The station at this place."""
        return self.lesson.stations[self.number - 1]

    @property
    def code(self) -> str:
        """The place as the address writes it."""
        return f"{self.lesson.id}.{self.number}"


def place() -> Place | None:
    """Return the place that the address names; None without one, or after a notice."""
    return address.read_as(address.LESSON, _read, None, "No lesson is shown.")


def _read(text: str) -> Place:
    id, _, number = text.partition(".")
    if id not in IDS:
        raise InputError(f"'{text[:40]}' is no lesson.", f"It can begin with {', '.join(IDS)}.", "Leave it out.")
    found = lesson(id)
    if not (number.isascii() and number.isdecimal() and len(number) < 4 and 0 < int(number) <= len(found.stations)):
        allowed = f"It can be {id}.1 to {id}.{len(found.stations)}."
        raise InputError(f"'{text[:40]}' is no station.", allowed, "Leave it out.")
    return Place(found, int(number))


def link(of: Place) -> Mapping[str, str]:
    """Return the parameters of the view of a station; the projector view stays, and notes that are open at the desk."""
    kept = {name: value for name, value in address.link().items() if name in {address.PROJECTOR, address.NOTES}}
    if kept.get(address.NOTES) == _PROJECTED:
        del kept[address.NOTES]
    return {**of.station.link, address.LESSON: of.code, **kept}


def page_of(of: Place) -> st.Page:
    """Return the page of a station."""
    (found,) = (page for page in sidebar.all_pages() if page.url_path == of.station.page)
    return found


def cover() -> None:
    """Cover what the station asks for until it is told, before the page shows it; the style does it."""
    here = place()
    if here and _covers(here):
        st.html(f'<span class="covers-{here.station.hides}"></span>')


def _covers(here: Place) -> bool:
    return here.station.hides in _HIDES and not address.is_on(address.TOLD)


def bar(page: st.Page) -> None:
    """Show the bar where the address names a lesson.

    Args:
        page: The page below.
    """
    here, notes = place(), _notes()
    if here is None:
        return
    try:
        station = cache.filled(here.station)
    except WeightsError:  # which the page says, if it needs them
        st.info("This lesson needs the trained weights for its numbers.")
        return
    with st.container(key="lesson"):
        with st.container(horizontal=True, vertical_alignment="center", key="lesson-line"):
            st.html(figures.line(here.lesson, here.number, station))
            _clock(here)
            if _covers(here) and projector.is_on():
                _tell()
        with st.container(horizontal=True, vertical_alignment="center", key="lesson-buttons"):
            _buttons(here, page, notes=notes)
        if notes:
            following = here.lesson.stations[here.number : here.number + 1]
            st.html(figures.notes(station, [cache.filled(each) for each in following]))


def _notes() -> bool:
    shown = address.read_one_of(address.NOTES, ["", _AT_DESK, _PROJECTED], "")
    return shown == (_PROJECTED if projector.is_on() else _AT_DESK)


def _clock(here: Place) -> None:
    done = sum(each.minutes for each in here.lesson.stations[: here.number - 1])
    components.lesson_clock(here.lesson.id, here.number, here.station.minutes, done, here.lesson.minutes)


def _buttons(here: Place, page: st.Page, *, notes: bool) -> None:
    last = len(here.lesson.stations)

    def move(by: int) -> None:
        now = place() or here  # of two quick clicks, the second is about where the first has led
        if 0 < now.number + by <= last:
            _open(Place(here.lesson, now.number + by))

    st.button("Previous station", shortcut="PageUp", disabled=here.number == 1, on_click=move, args=(-1,))
    st.button("Next station", shortcut="PageDown", disabled=here.number == last, on_click=move, args=(1,))
    if _is_away(here, page):
        st.button("Back to the station", type="primary", on_click=lambda: _open(here))
    if _covers(here) and not projector.is_on():
        _tell()
    written = "" if notes else _PROJECTED if projector.is_on() else _AT_DESK
    st.button(
        "Hide the notes" if notes else "Teacher's notes",
        shortcut="N",
        key="lesson-notes",
        on_click=lambda: address.write(**{address.NOTES: written}),
    )
    left = {address.LESSON: "", address.NOTES: "", address.TOLD: ""}
    st.button("Leave the lesson", on_click=lambda: address.write(**left))


def _tell() -> None:
    told = {address.TOLD: address.YES}
    st.button("Show the answer", shortcut="A", key="lesson-tell", on_click=lambda: address.write(**told))


def _open(of: Place) -> None:
    others = dict.fromkeys(address.link(), "")
    address.go_to(of.station.page, **{**others, **link(of)})


def _is_away(here: Place, page: st.Page) -> bool:
    """Tell whether the page or one of the choices differs from those of the station."""
    shown = address.link()
    return page.url_path != here.station.page or any(
        shown.get(name, "") != value for name, value in here.station.link.items()
    )


def first_of(id: str) -> Place:
    """Return where a lesson begins."""
    return Place(lesson(id), 1)


def show_lesson(id: str) -> None:
    """Show what a lesson is, its stations, and a link that begins it."""
    shown = lesson(id)
    first = first_of(id)
    with st.container(key=f"lesson-{id}"):
        st.header(shown.title)
        st.write(f"{shown.about} {figures.say_length(shown)}")
        st.page_link(page_of(first), label=f"Begin: {shown.title}", query_params=link(first))
        with st.expander("Its stations", key=f"stations-{id}", on_change="rerun") as opened:
            if opened.open:
                places = [Place(shown, number) for number in range(1, len(shown.stations) + 1)]
                addresses = [figures.address_of(each.station.page, link(each)) for each in places]
                st.html(figures.stations([cache.filled(each.station) for each in places], addresses))
