"""Escaped text: no underscore is left with which Markdown could begin or end emphasis."""

import pytest

from viz.pictures.markdown import escape_markdown


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ('__import__("os")', r'\_\_import\_\_("os")'),
        ("_a_ and a_b", r"\_a\_ and a_b"),
        ("a__b", r"a\_\_b"),
        ("_", r"\_"),
    ],
)
def test_each_underscore_outside_of_a_word_is_escaped(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped
