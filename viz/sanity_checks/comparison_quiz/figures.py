"""A round of the comparison quiz, before and after the answer."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from model.records import Activation, Pixels
from model.saliency.records import Method
from model.sanity_checks.comparison_quiz.records import Guess, Side
from model.sanity_checks.records import WeightDependence
from viz.pictures import raster, swatches, words
from viz.saliency.figures import MapStyle, styled
from viz.sanity_checks.figures import two_decimals

_SIDES: tuple[Side, Side] = ("left", "right")


def unanswered(left: Activation, right: Activation, pixels: Pixels) -> str:
    """Draw in HTML two maps and their picture, without the answer.

    Each map has its own scale and no number is shown, because their magnitudes would reveal the answer.
    """
    return _drawn(left, right, pixels, {side: side.capitalize() for side in _SIDES})


def answered(left: Activation, right: Activation, pixels: Pixels, guess: Guess) -> str:
    """Draw in HTML the same with the answer and the guess."""
    captions = {}
    for side in _SIDES:
        origin = "random weights" if side == guess.round.randomized else "trained"
        yours = ", your guess" if side == guess.side else ""
        captions[side] = f"{side.capitalize()}: {origin}{yours}"
    return _drawn(left, right, pixels, captions)


def _drawn(left: Activation, right: Activation, pixels: Pixels, captions: Mapping[Side, str]) -> str:
    pictures = [
        f'<figure><img src="{_map(values)}" alt="{side.capitalize()} map">'
        f"<figcaption>{escape(captions[side])}</figcaption></figure>"
        for side, values in zip(_SIDES, (left, right), strict=True)
    ]
    digit = f'<figure class="digit-between"><img src="{raster.image(pixels)}" alt="The picture"></figure>'
    return f'<div class="quiz-round">{pictures[0]}{digit}{pictures[1]}</div>'


def _map(values: Activation) -> str:
    _, range_ = styled(values, MapStyle())
    return raster.mosaic(values[None], [range_], [(0, 0)])


def say_score(guesses: Sequence[Guess]) -> str:
    """Say how many guesses are correct.

    >>> say_score([])
    'No round is answered yet.'
    """
    given = [guess for guess in guesses if guess.side]
    if not given:
        return "No round is answered yet."
    return f"Score: {sum(guess.is_correct for guess in given)} of {len(given)} correct; random guesses get half."


def say_answer(guess: Guess, method: Method, left: Activation, right: Activation, rank: float) -> str:
    """Say whether a guess is correct, which method it was, how similar the maps are, and how their scales differ."""
    verdict = "Revealed" if guess.side is None else "Correct" if guess.is_correct else "Incorrect"
    randomized, trained = (left, right) if guess.round.randomized == "left" else (right, left)
    small, large = (float(np.abs(values).max()) for values in (randomized, trained))
    ratio = (
        f" Its largest absolute value is {words.fine(small / large)} times that of the trained network; the scales of "
        "the maps hide this."
        if large
        else ""
    )
    return (
        f"**{verdict}: the {guess.round.randomized} map comes from the network with random weights.** The method of "
        f"both maps is {method.title}. Their rank correlation is {two_decimals(rank)}.{ratio}"
    )


def say_why(dependence: WeightDependence, method: Method) -> str:
    """Say whether the method depends on the weights for this picture, and what that means for the guess."""
    why = (
        "The map depends on the weights, so it shows something that the network learned. Can you see it?"
        if dependence.is_dependent
        else "The map does not depend on the weights, so it shows hardly anything that the network learned."
    )
    return (
        f"While the weights are randomized row by row, the mean rank correlation of {method.title} for this picture is "
        f"{two_decimals(dependence.correlation)} (limit {two_decimals(dependence.limit)}). {why}"
    )


def tally(guesses: Sequence[Guess], methods: Mapping[str, Method]) -> dict[str, list[str]]:
    """Return as columns how many guesses are correct, by method, in the order of the methods."""
    given = [guess for guess in guesses if guess.side]
    played = [name for name in methods if any(guess.round.method == name for guess in given)]
    correct = {name: [guess.is_correct for guess in given if guess.round.method == name] for name in played}
    return {
        "method": [methods[name].title for name in played],
        "correct": [f"{sum(correct[name])} of {len(correct[name])}" for name in played],
    }


def as_csv(guesses: Sequence[Guess]) -> str:
    """Return all guesses with the answers."""
    lines = [
        (
            each.round.number,
            each.round.digit.key,
            each.round.method,
            each.side or "revealed",
            each.round.randomized,
            each.is_correct,
        )
        for each in guesses
    ]
    return swatches.as_csv([("round", "digit", "method", "guess", "random weights", "correct"), *lines])
