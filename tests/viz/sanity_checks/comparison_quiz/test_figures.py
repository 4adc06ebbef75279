"""Two maps side by side: before the answer nothing reveals it, after the answer everything is shown."""

import csv
import io
import re

import numpy as np
import pytest

from model.saliency import METHODS
from model.sanity_checks.comparison_quiz import quiz
from model.sanity_checks.comparison_quiz.records import Guess
from model.sanity_checks.records import WeightDependence
from tests.pictures import assert_painted, decode
from viz import theme
from viz.sanity_checks.comparison_quiz import figures

RANDOM = np.random.default_rng(0)
LARGE = RANDOM.normal(size=(28, 28)).astype(np.float32)
SMALL = (RANDOM.normal(size=(28, 28)) / 1000).astype(np.float32)
ROUND = quiz.round_of(1)
PIXELS = ROUND.digit.pixels


def pictures(html: str) -> list[str]:
    return re.findall(r'src="([^"]+)"', html)


def test_unanswered_reveals_nothing_but_the_maps() -> None:
    one, other = figures.unanswered(LARGE, SMALL, PIXELS), figures.unanswered(SMALL, LARGE, PIXELS)
    left, digit, right = pictures(one)
    assert pictures(other) == [right, digit, left]
    assert re.sub(r'src="[^"]+"', "", one) == re.sub(r'src="[^"]+"', "", other)
    words = re.sub(r'src="[^"]+"', "", one)
    assert "trained" not in words
    assert "random" not in words
    assert not re.search(r"\d", words), "no number: sizes would tell"
    assert not any(method.title in words or name in words for name, method in METHODS.items())


def test_unanswered_maps_have_own_scales() -> None:
    html = figures.unanswered(LARGE, SMALL, PIXELS)
    for uri, values in zip(pictures(html)[::2], (LARGE, SMALL), strict=True):
        most = float(np.abs(values).max())
        assert_painted(decode(uri), values, -most, most, theme.DIVERGING)


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("side", ["left", "right"])
def test_answered_names_both_sides(number: int, side: str) -> None:
    (guess,) = quiz.parse_guesses(f"{number}{side[0]}")
    html = figures.answered(LARGE, SMALL, PIXELS, guess)
    assert pictures(html) == pictures(figures.unanswered(LARGE, SMALL, PIXELS))
    captions = dict(re.findall(r"<figcaption>(Left|Right): ([^<]+)<", html))
    other = {"left": "right", "right": "left"}[guess.round.randomized]
    assert captions[guess.round.randomized.capitalize()].startswith("random weights")
    assert captions[other.capitalize()].startswith("trained")
    assert captions[side.capitalize()].endswith("your guess")
    said = figures.say_answer(guess, METHODS[guess.round.method], LARGE, SMALL, 0.25)
    assert said.startswith("**Correct" if side == guess.round.randomized else "**Incorrect")
    assert METHODS[guess.round.method].title in said
    small, large = (LARGE, SMALL) if guess.round.randomized == "left" else (SMALL, LARGE)
    (times,) = re.findall(r"value is (\S+) times", said)
    assert float(times) == pytest.approx(np.abs(small).max() / np.abs(large).max(), abs=6e-4)
    assert "0.25" in said


def test_score_and_tally_count_each_guess() -> None:
    given = quiz.parse_guesses(".".join(f"{number}{'lr'[number % 2]}" for number in range(1, 31)))
    right = [guess for guess in given if guess.side == quiz.round_of(guess.round.number).randomized]
    assert 0 < len(right) < 30
    assert f"{len(right)} of 30" in figures.say_score(given)
    columns = figures.tally(given, METHODS)
    assert sorted(columns["method"]) == sorted(METHODS[name].title for name in quiz.METHODS)
    pairs = [re.fullmatch(r"(\d+) of (\d+)", each) for each in columns["correct"]]
    assert sum(int(each[1]) for each in pairs if each) == len(right)
    assert [int(each[2]) for each in pairs if each] == [6] * 5
    lines = list(csv.DictReader(io.StringIO(figures.as_csv(given))))
    assert sum(line["correct"] == "True" for line in lines) == len(right)
    flipped = tuple(Guess(guess.round, "left" if guess.side == "right" else "right") for guess in given)
    assert f"{30 - len(right)} of 30" in figures.say_score(flipped), "a side read the wrong way round shows"


def test_say_why_names_the_dependence() -> None:
    method = METHODS["saliency"]
    assert "The map depends on" in figures.say_why(WeightDependence(0.1, (0.4,), 0.3, 0.7), method)
    assert "does not depend on" in figures.say_why(WeightDependence(0.5, (0.4,), 0.3, 0.7), method)
