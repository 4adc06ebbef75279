"""Sentences that quote what a person gave, shown as they are: Streamlit reads all text as Markdown."""

import re

_JOINER = "\u2060"  # has no width, and keeps what stands on either side of it from being read together
_SYNTAX = re.compile(r"[\\`*\[\]<>$~&|{}]|(?<!\w)_|_(?!\w)")
# What is no syntax but is replaced all the same: addresses, mail, icons, and smileys between colons.
_REPLACED = re.compile(r":(?=\S)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)


def plain(sentence: str) -> str:
    r"""Return a sentence such that Markdown shows every character of it, and makes nothing of any: no link, no picture.

    >>> plain("There is no digit '[a](b) $x$'.")
    "There is no digit '\\[a\\](b) \\$x\\$'."
    """
    line = re.sub(r"\s*[\r\n]\s*", " ", sentence)  # a new line could begin a heading or a list
    return _SYNTAX.sub(r"\\\g<0>", _REPLACED.sub(lambda found: found[0] + _JOINER, line))
