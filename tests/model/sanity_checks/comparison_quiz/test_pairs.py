"""Rounds of two maps: dealt the same to everybody, by chance, and guesses read back from a link."""

from collections import Counter

import pytest

from model.errors import InputError
from model.images import digits
from model.saliency import METHODS
from model.sanity_checks.comparison_quiz import pairs
from model.sanity_checks.comparison_quiz.records import Guess

EVERY = [pairs.deal(number) for number in range(1, pairs.MOST + 1)]


def test_a_number_decides_its_round() -> None:
    assert [pairs.deal(each.number) for each in EVERY] == EVERY
    assert len({(each.digit.key, each.method, each.seed, each.untrained) for each in EVERY}) > 90
    assert {each.digit.key for each in EVERY} <= {sample.key for sample in digits.samples()}


def test_neither_side_nor_any_method_is_favoured() -> None:
    sides = Counter(each.untrained for each in EVERY)
    assert abs(sides["left"] - sides["right"]) < 3 * len(EVERY) ** 0.5
    for method in pairs.METHODS:
        assert method in METHODS
        mine = [each for each in EVERY if each.method == method]
        assert len({each.untrained for each in mine}) == 2
    for start in range(0, pairs.MOST - 4, 5):
        assert {each.method for each in EVERY[start : start + 5]} == set(pairs.METHODS)
    first = [each.method for each in EVERY[::5]]
    assert len(set(first)) > 1, "not in the same order each time"


def test_guesses_survive_a_link() -> None:
    given = tuple(Guess(each, "left") if each.number % 3 else Guess(each, "right") for each in EVERY)
    assert pairs.read(pairs.written(given)) == given
    assert pairs.read("") == ()


def test_a_guess_is_right_on_the_side_of_the_untrained_network() -> None:
    for each in EVERY[:10]:
        assert Guess(each, each.untrained).is_right
        assert not Guess(each, "left" if each.untrained == "right" else "right").is_right


@pytest.mark.parametrize("text", ["x", "1", "l", "0l", "100l", "1l.", "1l.1r", "1l 2r", "1L", "٣l", "<b>", "1l" * 500])
def test_nonsense_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError, match="holds no guesses") as caught:
        pairs.read(text)
    assert text[:40] in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("number", [0, -1, 100])
def test_there_is_no_such_round(number: int) -> None:
    with pytest.raises(InputError, match=f"no round {number}"):
        pairs.deal(number)
