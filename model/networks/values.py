"""The values of ``network.json``, each checked for its kind and length; what is wrong is refused in a sentence."""

import re
from typing import Any

from model.graph.capture import text_problem
from model.graph.shapes.records import Misfit
from model.networks.limits import refuse


def said(value: Any) -> str:
    """Return a value as a refusal names it, at most 40 characters of it."""
    text = ascii(value if isinstance(value, str | int | float | tuple | None) else type(value).__name__)
    return text if len(text) <= 40 else f"{text[:40]}..."


def read_object(value: Any, keys: set[str], what: str) -> dict[str, Any]:
    """Return an object that has exactly these keys.

    Raises:
        NetworkError: It is none, or has others.
    """
    if not isinstance(value, dict) or value.keys() != keys:
        found = value.keys() if isinstance(value, dict) else set[str]()
        missing, unknown = (said(", ".join(sorted(each))) if each else "" for each in (keys - found, found - keys))
        lacks, has = f"lacks {missing}" if missing else "", f"has {unknown} too much" if unknown else ""
        refuse(f"{what} {' and '.join(filter(None, (lacks, has)))}.", "It has exactly the parts of its version.")
    return value


def read_list(value: Any, what: str, most: int) -> list[Any]:
    """Return a list.

    Raises:
        NetworkError: It is none, or has more values than this.
    """
    if not isinstance(value, list) or len(value) > most:
        count = f"count {len(value):,}" if isinstance(value, list) else "are no list"
        refuse(f"The {what} {count}.", f"They are a list of up to {most:,}.")
    return value


def read_text(value: Any, what: str, longest: int) -> str:
    """Return a text without markup.

    Raises:
        NetworkError: It is none, is empty or longer than this, or has other characters.
    """
    problem = text_problem(value, longest) if isinstance(value, str) else "is no text"
    if problem:
        refuse(
            f"The {what} {said(value)} {problem}.",
            f"It has 1 to {longest} visible characters and no markup.",
        )
    return str(value)


def checked(what: str, check: Any, value: Any) -> Any:
    """Return what a check of settings makes of a value.

    Raises:
        NetworkError: The check refuses it.
    """
    try:
        return check(value)
    except Misfit as error:
        refuse(f"{what} {error.args[0]}", error.args[1])


def match(pattern: re.Pattern[str], value: Any, what: str) -> None:
    """Check that a text has a form.

    Raises:
        NetworkError: It is no text, or has another.
    """
    if not isinstance(value, str) or not pattern.fullmatch(value):
        refuse(f"The {what} {said(value)} is not of the right form.", "It is as 'save' writes it.")
