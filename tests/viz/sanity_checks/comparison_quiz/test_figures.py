"""Two maps side by side: before the answer nothing tells which is which, after it everything is said."""

import csv
import io
import re

import numpy as np
import pytest

from model.saliency import METHODS
from model.saliency.records import Reaction
from model.sanity_checks.comparison_quiz import pairs as rounds
from model.sanity_checks.comparison_quiz.records import Guess
from tests.pictures import assert_painted, decode
from viz import theme
from viz.sanity_checks.comparison_quiz import figures

RANDOM = np.random.default_rng(0)
LARGE = RANDOM.normal(size=(28, 28)).astype(np.float32)
SMALL = (RANDOM.normal(size=(28, 28)) / 1000).astype(np.float32)
ROUND = rounds.deal(1)
PIXELS = ROUND.digit.pixels


def pictures(html: str) -> list[str]:
    return re.findall(r'src="([^"]+)"', html)


def test_before_the_answer_nothing_but_the_colours_tells_the_maps_apart() -> None:
    one, other = figures.hidden(LARGE, SMALL, PIXELS), figures.hidden(SMALL, LARGE, PIXELS)
    left, digit, right = pictures(one)
    assert pictures(other) == [right, digit, left]
    assert re.sub(r'src="[^"]+"', "", one) == re.sub(r'src="[^"]+"', "", other)
    words = re.sub(r'src="[^"]+"', "", one)
    assert "trained" not in words
    assert not re.search(r"\d", words), "no number: sizes would tell"
    assert not any(method.title in words or name in words for name, method in METHODS.items())


def test_each_map_fills_a_scale_of_its_own() -> None:
    html = figures.hidden(LARGE, SMALL, PIXELS)
    for uri, values in zip(pictures(html)[::2], (LARGE, SMALL), strict=True):
        most = float(np.abs(values).max())
        assert_painted(decode(uri), values, -most, most, theme.DIVERGING)


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("side", ["left", "right"])
def test_after_the_answer_each_side_says_what_it_is(number: int, side: str) -> None:
    (guess,) = rounds.read(f"{number}{side[0]}")
    html = figures.told(LARGE, SMALL, PIXELS, guess)
    assert pictures(html) == pictures(figures.hidden(LARGE, SMALL, PIXELS))
    captions = dict(re.findall(r"<figcaption>(Left|Right): ([^<]+)<", html))
    other = {"left": "right", "right": "left"}[guess.round.untrained]
    assert captions[guess.round.untrained.capitalize()].startswith("untrained")
    assert captions[other.capitalize()].startswith("trained")
    assert captions[side.capitalize()].endswith("your guess")
    said = figures.say_answer(guess, METHODS[guess.round.method], LARGE, SMALL, 0.25)
    assert said.startswith("**Correct" if side == guess.round.untrained else "**Wrong")
    assert METHODS[guess.round.method].title in said
    small, large = (LARGE, SMALL) if guess.round.untrained == "left" else (SMALL, LARGE)
    (times,) = re.findall(r"value is (\S+) times", said)
    assert float(times) == pytest.approx(np.abs(small).max() / np.abs(large).max(), abs=6e-4)
    assert "0.25" in said


def test_the_score_and_the_tally_count_every_guess() -> None:
    given = rounds.read(".".join(f"{number}{'lr'[number % 2]}" for number in range(1, 31)))
    right = [guess for guess in given if guess.side == rounds.deal(guess.round.number).untrained]
    assert 0 < len(right) < 30
    assert f"{len(right)} of 30" in figures.say_score(given)
    columns = figures.tally(given, METHODS)
    assert sorted(columns["method"]) == sorted(METHODS[name].title for name in rounds.METHODS)
    pairs = [re.fullmatch(r"(\d+) of (\d+)", each) for each in columns["right"]]
    assert sum(int(each[1]) for each in pairs if each) == len(right)
    assert [int(each[2]) for each in pairs if each] == [6] * 5
    lines = list(csv.DictReader(io.StringIO(figures.as_csv(given))))
    assert sum(line["right"] == "True" for line in lines) == len(right)
    flipped = tuple(Guess(guess.round, "left" if guess.side == "right" else "right") for guess in given)
    assert f"{30 - len(right)} of 30" in figures.say_score(flipped), "a side read the wrong way round shows"


def test_why_follows_from_the_reaction() -> None:
    method = METHODS["saliency"]
    assert "It reacts" in figures.say_why(Reaction(0.1, (0.4,), 0.3, 0.7), method)
    assert "does not react" in figures.say_why(Reaction(0.5, (0.4,), 0.3, 0.7), method)
