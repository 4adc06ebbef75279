"""A lesson's bar, the teacher's notes, and the list of stations, in HTML."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from viz.lessons.records import Lesson, Station


def line(lesson: Lesson, number: int, station: Station) -> str:
    """Draw the place in a lesson, and the question to the class."""
    place = f"{escape(lesson.title)}, {number} of {len(lesson.stations)}: {escape(station.title)}"
    asked = f"<p><strong>{escape(station.ask)}</strong></p>"
    return f'<section class="lesson" aria-label="Lesson"><p>{place}</p>{asked}</section>'


def notes(station: Station, following: Sequence[Station]) -> str:
    """Draw the teacher's notes.

    Args:
        station: The one that is shown.
        following: The next one, or none.
    """
    usual = "".join(f"<li>{escape(each)}</li>" for each in station.usual)
    after = "".join(f"<p><b>Next</b>: {escape(each.title)}</p>" for each in following)
    return (
        '<aside class="lesson-notes" tabindex="0" aria-label="Teacher\'s notes">'
        f"<div><h2>People usually answer</h2><ul>{usual}</ul></div>"
        f"<div><h2>Point at</h2><p>{escape(station.point)}</p>{after}</div></aside>"
    )


def say_length(lesson: Lesson) -> str:
    """Say how many stations and minutes a lesson has."""
    return f"{len(lesson.stations)} stations, {lesson.minutes:g} minutes."


def address_of(page: str, link: Mapping[str, str]) -> str:
    """Return the address of a station."""
    return f"{page}?{urlencode(link)}"


def stations(every: Sequence[Station], addresses: Sequence[str]) -> str:
    """Draw the stations of a lesson as a table, with a link to each."""
    rows = "".join(
        f'<tr><td>{number}</td><th scope="row"><a href="{escape(to)}" target="_self">{escape(station.title)}</a></th>'
        f"<td>{station.minutes:g}</td><td>{escape(station.ask)}</td></tr>"
        for number, (station, to) in enumerate(zip(every, addresses, strict=True), start=1)
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("", "Station", "Minutes", "Question"))
    return (
        '<div class="sideways" role="region" tabindex="0" aria-label="The stations">'
        f'<table class="ledger readable stations"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
