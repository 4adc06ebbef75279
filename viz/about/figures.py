"""Words that open, and the glossary as a list, in HTML."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from viz.about.glossary import GLOSSARY, Term

Link = Callable[[Term], tuple[str, str]]  # returns an address and the title of its page
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def say_row(name: str) -> str:
    """Say what the name of a row means.

    >>> say_row("Conv2d-7")
    'Conv2d-7 is the seventh row, a Conv2d.'
    """
    kind, _, number = name.rpartition("-")
    place = f"the {_ORDINALS[int(number) - 1]} row" if int(number) <= len(_ORDINALS) else f"row {number}"
    return f"{name} is {place}, a {kind}."


def opening(names: Sequence[str], link: Link, meanings: Mapping[str, str]) -> str:
    """Draw words that open what they mean, with a link to a view of each.

    Args:
        names: Words of the glossary.
        link: Gives the address of a term.
        meanings: More that is said of a word, about the network that is shown.
    """
    drawn = "".join(_opening(name, GLOSSARY[name], link, meanings.get(name, "")) for name in names)
    return f'<div class="terms"><span>Words:</span>{drawn}</div>'


def _opening(name: str, term: Term, link: Link, more: str) -> str:
    id = f"term-{name.replace(' ', '-')}"
    return (
        f'<button type="button" popovertarget="{id}">{escape(name)}</button>'
        f'<div popover id="{id}"><p><b>{escape(name)}</b></p>{_meaning(term, link, more)}'
        f'<button type="button" popovertarget="{id}" popovertargetaction="hide">Close</button></div>'
    )


def _meaning(term: Term, link: Link, more: str) -> str:
    address, title = link(term)
    said = escape(f"{term.means} {more}".strip())
    return f'<p>{said}</p><p><a href="{escape(address)}" target="_self">See it: {escape(title)}</a></p>'


def listed(names: Iterable[str], link: Link, meanings: Mapping[str, str]) -> str:
    """Draw words of the glossary, each with what it means.

    Args:
        names: The words.
        link: Gives the address of a term.
        meanings: More that is said of a word, about the network that is shown.
    """
    entries = (
        f"<dt>{escape(name)}</dt><dd>{_meaning(GLOSSARY[name], link, meanings.get(name, ''))}</dd>" for name in names
    )
    return f'<dl class="glossary">{"".join(entries)}</dl>'


def pages(groups: Sequence[tuple[str, Sequence[tuple[str, str, str]]]]) -> str:
    """Draw a list of all pages by group.

    Args:
        groups: The name of each group, and of each of its pages the address, the title and what it shows.
    """
    drawn = (
        f"<dt>{escape(group)}</dt><dd><ul>"
        + "".join(
            f'<li><a href="{escape(address)}" target="_self">{escape(title)}</a>: {escape(shows)}</li>'
            for address, title, shows in members
        )
        + "</ul></dd>"
        for group, members in groups
    )
    return f'<dl class="glossary">{"".join(drawn)}</dl>'
