"""Which of two maps comes from an untrained network? What each round shows, and guesses as a link keeps them."""

import re
from collections.abc import Sequence

import numpy as np

from model.errors import InputError
from model.images import digits
from model.sanity_checks.comparison_quiz.records import Guess, Round, Side

METHODS = ("saliency", "integrated_gradients", "guided_backprop", "deconvolution", "lrp")
MOST = 99
_SIDES: dict[str, Side] = {"l": "left", "r": "right"}
_GUESS = re.compile(r"([1-9][0-9]?)([lr])")


def deal(number: int) -> Round:
    """Return what a round shows: the same for everybody, and drawn by chance.

    Each method comes once in every five rounds, so that a few rounds tell something of each.

    Args:
        number: 1 to 99.

    Raises:
        InputError: There is no such round.

    >>> sorted(deal(number).method for number in range(6, 11)) == sorted(METHODS)
    True
    """
    if not 1 <= number <= MOST:
        raise InputError(f"There is no round {number}.", f"Rounds are 1 to {MOST}.", "Begin with round 1.")
    turn, place = divmod(number - 1, len(METHODS))
    order = np.random.default_rng([0, turn]).permutation(len(METHODS))
    chance = np.random.default_rng([1, number])
    samples = digits.samples()
    return Round(
        number=number,
        digit=samples[chance.integers(len(samples))],
        method=METHODS[order[place]],
        seed=int(chance.integers(100)),
        untrained=("left", "right")[chance.integers(2)],
    )


def read(text: str) -> tuple[Guess, ...]:
    """Read guesses as a link keeps them: ``1l.2r`` is left in round 1 and right in round 2.

    Raises:
        InputError: It is nothing of that kind, or guesses one round twice.

    >>> [(guess.round.number, guess.side) for guess in read("1l.12r")]
    [(1, 'left'), (12, 'right')]
    """
    found = [_GUESS.fullmatch(part) for part in text.split(".")] if text else []
    given = {int(each[1]): _SIDES[each[2]] for each in found if each}
    if len(given) != len(found):
        raise InputError(
            f"'{text[:40]}' holds no guesses.",
            f"Guesses are rounds 1 to {MOST}, each once and with l or r behind it, such as 1l.2r.",
            "Begin anew.",
        )
    return tuple(Guess(deal(number), side) for number, side in given.items())


def written(guesses: Sequence[Guess]) -> str:
    """Write guesses as ``read`` reads them.

    >>> written(read("1l.12r"))
    '1l.12r'
    """
    return ".".join(f"{guess.round.number}{guess.side[0]}" for guess in guesses)
