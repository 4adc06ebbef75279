"""The glossary: short, linked and complete."""

import re

from viz.about import figures
from viz.about.glossary import GLOSSARY
from viz.app import page_list

ASKED = {"kernel", "logit", "jump", "baseline", "unit", "head", "entropy", "infidelity", "row"}


def test_every_word_has_one_or_two_sentences_and_a_page() -> None:
    assert {*GLOSSARY} >= ASKED
    for name, term in GLOSSARY.items():
        assert term.page in page_list.PAGES, name
        assert 1 <= len(re.findall(r"[.!?](?= |$)", term.means)) <= 2, name
        assert len(term.means) < 200, name


def test_words_are_in_alphabetical_order() -> None:
    assert [*GLOSSARY] == sorted(GLOSSARY, key=str.lower)


def test_a_word_opens_its_meaning_and_what_is_said_of_this_network() -> None:
    drawn = figures.opening(["row"], lambda term: (f"{term.page}?net=a&b", "P"), {"row": figures.say_row("Conv2d-7")})
    assert 'popovertarget="term-row"' in drawn
    assert 'popover id="term-row"' in drawn
    assert "Conv2d-7 is the seventh row, a Conv2d." in drawn
    assert 'href="parameters?net=a&amp;b"' in drawn


def test_rows_after_the_tenth_are_counted_in_digits() -> None:
    assert figures.say_row("MaxPool2d-23") == "MaxPool2d-23 is row 23, a MaxPool2d."
