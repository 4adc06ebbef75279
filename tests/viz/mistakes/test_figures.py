"""Images and what was read of them: read back from HTML, sentences and CSV."""

import csv
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mistakes.records import Answer, Tally
from tests.pictures import decode
from viz import theme
from viz.mistakes import figures

PIXELS = np.arange(784, dtype=np.uint8).reshape(28, 28)


def answer(label: int, shares: dict[int, float], index: int = 1234, *, disputed: bool = False) -> Answer:
    """Return an answer with these probabilities; the rest is shared out among the other classes."""
    others = [k for k in range(10) if k not in shares]
    rest = (1 - sum(shares.values())) / len(others)
    return Answer(index, label, np.array([shares.get(k, rest) for k in range(10)]), disputed)


WRONG = answer(7, {2: 0.8, 7: 0.15, 1: 0.04})
RIGHT = answer(4, {4: 0.9, 9: 0.0996}, index=5)
DISPUTED = answer(3, {5: 0.99995, 3: 0.00001}, index=77, disputed=True)


def link(index: int) -> str:
    return f"page?image={index}&more=1"


def test_a_card_shows_the_label_what_is_read_both_probabilities_and_leads_to_its_image() -> None:
    html = figures.cards([WRONG, RIGHT, DISPUTED], {1234: PIXELS}, 5, link)
    first, second, third = re.findall(r"<li.*?</li>", html)
    assert "<b>7 → 2</b><span>2: 80.0\xa0%</span><span>7: 15.0\xa0%</span></a>" in first
    assert "<b>2 → 7</b>" not in first, "the wrong rule: the label last"
    assert 'href="page?image=1234&amp;more=1"' in first
    assert "<b>4, right</b><span>4: 90.0\xa0%</span></a>" in second
    assert "<span>5: over\xa099.9\xa0%</span><span>3: under\xa00.1\xa0%</span><small>disputed</small>" in third
    assert ["aria-current" in each for each in (first, second, third)] == [False, True, False]
    assert 'aria-label="image 77, labelled 3, read as 5 with over\xa099.9\xa0%, its label disputed"' in third


def test_a_picture_is_the_image_itself_and_a_frame_where_it_is_not_to_be_had() -> None:
    html = figures.cards([WRONG, RIGHT], {1234: PIXELS}, 5, link)
    (uri,) = re.findall(r'src="([^"]+)"', html)
    np.testing.assert_array_equal(decode(uri)[..., 0], PIXELS)
    assert not np.array_equal(decode(uri)[..., 0], PIXELS.T)
    assert html.count('class="absent"') == 1
    assert "<img" not in figures.exhibit(WRONG, None)
    (uri,) = re.findall(r'src="([^"]+)"', figures.exhibit(WRONG, PIXELS))
    np.testing.assert_array_equal(decode(uri)[..., 0], PIXELS)


@given(st.lists(st.floats(0, 1), min_size=10, max_size=10).filter(lambda each: sum(each) > 0.1), st.integers(0, 9))
def test_the_bars_of_one_in_full_are_its_probabilities(raw: list[float], label: int) -> None:
    shares = np.array(raw) / sum(raw)
    html = figures.exhibit(Answer(0, label, shares, is_disputed=False), None)
    heights = [float(each) for each in re.findall(r"--share: ([\d.]+)", html)]
    np.testing.assert_allclose(heights, shares, atol=6e-5)
    read = int(shares.argmax())
    colours = re.findall(r"--colour: (#\w+)", html)
    assert colours[read] == theme.ACCENT
    assert [k for k, each in enumerate(colours) if each == theme.HIGHLIGHT] == ([] if read == label else [label])
    assert ("label</li>" in html) == (read != label)


def test_one_in_full_says_what_else_competes() -> None:
    said = figures.say(WRONG)
    assert said.startswith("The network reads 2 with 80.0\xa0% and gives the label, 7, 15.0\xa0%.")
    assert "Next comes 1 with 4.0\xa0%." in said
    assert figures.say(RIGHT) == "The network reads 4 with 90.0\xa0%. Next comes 9 with 10.0\xa0%."
    assert "Next" not in figures.say(DISPUTED)
    assert figures.say(DISPUTED).endswith(f"This label is one that {figures.RATERS}.")


def test_the_accuracy_is_said_with_and_without_the_disputed() -> None:
    said = figures.say_tally(Tally(9_950, 10_000), Tally(9_940, 9_985))
    assert "Of MNIST's 10,000 test images the network reads 9,950 right: **99.50\xa0%**" in said
    assert "Without the 15 whose label" in said
    assert f"9,940 of 9,985: **{9_940 / 99.85:.2f}\xa0%**" in said


def test_the_table_has_a_line_for_each() -> None:
    columns = figures.columns([WRONG, DISPUTED])
    assert columns["image"] == ["1,234", "77"]
    assert (columns["label"], columns["read as"]) == (["7", "3"], ["2", "5"])
    assert columns["probability of it"] == ["80.0\xa0%", "over\xa099.9\xa0%"]
    assert columns["of the label"] == ["15.0\xa0%", "under\xa00.1\xa0%"]
    assert columns["label disputed"] == ["", "yes"]


def test_the_csv_has_all_digits_of_every_probability() -> None:
    lines = list(csv.DictReader(io.StringIO(figures.as_csv([WRONG, DISPUTED]))))
    for line, each in zip(lines, (WRONG, DISPUTED), strict=True):
        shares = [float(line[f"probability of {k}"]) for k in range(10)]
        assert shares == pytest.approx(each.probabilities, rel=1e-12)
        assert shares.index(max(shares)) == int(line["read as"])
        assert (int(line["image"]), int(line["label"])) == (each.index, each.label)
    assert [line["label disputed"] for line in lines] == ["0", "1"]
