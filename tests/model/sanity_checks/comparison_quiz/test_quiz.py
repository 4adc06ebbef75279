"""The rounds of the comparison quiz, and guesses in the address."""

from collections import Counter

import pytest

from model.errors import InputError
from model.images import digits
from model.saliency import METHODS
from model.sanity_checks.comparison_quiz import quiz
from model.sanity_checks.comparison_quiz.records import Guess

EVERY = [quiz.round_of(number) for number in range(1, quiz.ROUNDS + 1)]


def test_round_is_determined_by_its_number() -> None:
    assert [quiz.round_of(each.number) for each in EVERY] == EVERY
    assert len({(each.digit.key, each.method, each.seed, each.randomized) for each in EVERY}) > 90
    assert {each.digit.key for each in EVERY} <= {sample.key for sample in digits.samples()}


def test_rounds_are_balanced() -> None:
    sides = Counter(each.randomized for each in EVERY)
    assert abs(sides["left"] - sides["right"]) < 3 * len(EVERY) ** 0.5
    for method in quiz.METHODS:
        assert method in METHODS
        mine = [each for each in EVERY if each.method == method]
        assert len({each.randomized for each in mine}) == 2
    for start in range(0, quiz.ROUNDS - 4, 5):
        assert {each.method for each in EVERY[start : start + 5]} == set(quiz.METHODS)
    first = [each.method for each in EVERY[::5]]
    assert len(set(first)) > 1, "not in the same order each time"


def test_guesses_round_trip_through_text() -> None:
    given = tuple(Guess(each, "left") if each.number % 3 else Guess(each, "right") for each in EVERY)
    assert quiz.parse_guesses(quiz.format_guesses(given)) == given
    assert quiz.parse_guesses("") == ()


def test_guess_is_correct_on_the_randomized_side() -> None:
    for each in EVERY[:10]:
        assert Guess(each, each.randomized).is_correct
        assert not Guess(each, "left" if each.randomized == "right" else "right").is_correct


@pytest.mark.parametrize("text", ["x", "1", "l", "0l", "100l", "1l.", "1l.1r", "1l 2r", "1L", "٣l", "<b>", "1l" * 500])
def test_parse_guesses_refuses_invalid_text(text: str) -> None:
    with pytest.raises(InputError, match="is not a list of guesses") as caught:
        quiz.parse_guesses(text)
    assert text[:40] in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("number", [0, -1, 100])
def test_round_of_refuses_invalid_numbers(number: int) -> None:
    with pytest.raises(InputError, match=f"no round {number}"):
        quiz.round_of(number)
