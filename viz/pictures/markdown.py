"""Escape text for Markdown: Streamlit renders every string as Markdown."""

import re

_JOINER = "\u2060"  # zero width; it separates the characters on both sides
_SYNTAX = re.compile(r"[\\`*\[\]<>$~&|{}]|(?<![^\W_])_|_(?![^\W_])")
# Not Markdown syntax, but Streamlit replaces it: web addresses, mail addresses, icons and emoji between colons.
_REPLACED = re.compile(r":(?=\S)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)


def escape_markdown(sentence: str) -> str:
    r"""Escape a sentence so that Markdown shows every character as it is: no link, no picture, no formula.

    >>> escape_markdown("There is no digit '[a](b) $x$'.")
    "There is no digit '\\[a\\](b) \\$x\\$'."
    """
    line = re.sub(r"\s*[\r\n]\s*", " ", sentence)  # a new line could start a heading or a list
    return _SYNTAX.sub(r"\\\g<0>", _REPLACED.sub(lambda found: found[0] + _JOINER, line))
