"""A round of "which of these two maps comes from an untrained network?", before and after the answer."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from model.records import Activation, Pixels
from model.saliency.records import Method, Reaction
from model.sanity_checks.comparison_quiz.records import Guess, Side
from viz.pictures import raster, swatches, words
from viz.saliency.figures import Look, painted
from viz.sanity_checks.figures import figure

_SIDES: tuple[Side, Side] = ("left", "right")


def hidden(left: Activation, right: Activation, pixels: Pixels) -> str:
    """Draw in HTML two maps and their digit; nothing here knows which of the maps is which.

    Each map has a scale of its own, and no number is said: their sizes would tell.
    """
    return _drawn(left, right, pixels, {side: side.capitalize() for side in _SIDES})


def told(left: Activation, right: Activation, pixels: Pixels, guess: Guess) -> str:
    """Draw the same with the answer: which is which, and what was guessed."""
    said = {}
    for side in _SIDES:
        origin = "untrained" if side == guess.round.untrained else "trained"
        yours = ", your guess" if side == guess.side else ""
        said[side] = f"{side.capitalize()}: {origin}{yours}"
    return _drawn(left, right, pixels, said)


def _drawn(left: Activation, right: Activation, pixels: Pixels, said: Mapping[Side, str]) -> str:
    pictures = [
        f'<figure><img src="{_map(values)}" alt="{side.capitalize()} map"><figcaption>{escape(said[side])}</figcaption>'
        "</figure>"
        for side, values in zip(_SIDES, (left, right), strict=True)
    ]
    digit = f'<figure class="digit-between"><img src="{raster.grey(pixels)}" alt="The digit"></figure>'
    return f'<div class="doubt-round">{pictures[0]}{digit}{pictures[1]}</div>'


def _map(values: Activation) -> str:
    _, range_ = painted(values, Look())
    return raster.mosaic(values[None], [range_], [(0, 0)])


def say_score(guesses: Sequence[Guess]) -> str:
    """Say how many rounds were right.

    >>> say_score([])
    'No round is answered yet.'
    """
    if not guesses:
        return "No round is answered yet."
    return f"Score: {sum(guess.is_right for guess in guesses)} of {len(guesses)} right; chance gets half."


def say_answer(guess: Guess, method: Method, left: Activation, right: Activation, rank: float) -> str:
    """Say whether a guess was right, which method drew the maps, how alike they are, and what the scales hid."""
    verdict = "Correct" if guess.is_right else "Wrong"
    untrained, trained = (left, right) if guess.round.untrained == "left" else (right, left)
    small, large = (float(np.abs(values).max()) for values in (untrained, trained))
    hid = (
        f" Its largest value is {words.fine(small / large)} times the trained network's, which the scales hid."
        if large
        else ""
    )
    return (
        f"**{verdict}: the {guess.round.untrained} map comes from a network that never learned.** Both are by "
        f"{method.title}. Their rank correlation is {figure(rank)}.{hid}"
    )


def say_why(reaction: Reaction, method: Method) -> str:
    """Say whether the method reacts for this digit, and what that means for the guess."""
    if reaction.reacts:
        why = "It reacts: what it shows depends on what was learned. Whether an eye sees that is what these rounds ask"
    else:
        why = "It does not react: most of what it draws is there whatever was learned, and says nothing of it"
    return (
        f"Put to the test on this digit, the weights random row by row, {method.title} keeps a rank correlation of "
        f"{figure(reaction.forgotten)} in the mean (limit {figure(reaction.limit)}). {why}."
    )


def tally(guesses: Sequence[Guess], methods: Mapping[str, Method]) -> dict[str, list[str]]:
    """Return as columns how many rounds were right, by method, in the methods' order."""
    played = [name for name in methods if any(guess.round.method == name for guess in guesses)]
    mine = {name: [guess.is_right for guess in guesses if guess.round.method == name] for name in played}
    return {
        "method": [methods[name].title for name in played],
        "right": [f"{sum(mine[name])} of {len(mine[name])}" for name in played],
    }


def as_csv(guesses: Sequence[Guess]) -> str:
    """Return every guess with what was so."""
    lines = [
        (each.round.number, each.round.digit.key, each.round.method, each.side, each.round.untrained, each.is_right)
        for each in guesses
    ]
    return swatches.as_csv([("round", "digit", "method", "guess", "untrained", "right"), *lines])
