"""The rounds of the comparison quiz, and guesses as the address holds them."""

import re
from collections.abc import Sequence

import numpy as np

from model.errors import InputError
from model.images import digits
from model.images.records import Digit
from model.sanity_checks.comparison_quiz.records import Guess, Round, Side

METHODS = ("saliency", "integrated_gradients", "guided_backprop", "deconvolution", "lrp")
ROUNDS = 99
_SIDES: dict[str, Side | None] = {"l": "left", "r": "right", "x": None}
_GUESS = re.compile(r"([1-9][0-9]?)([lrx])")


def round_of(number: int, samples: Sequence[Digit] = (), methods: Sequence[str] = METHODS) -> Round:
    """Return a round: random, but the same for each user.

    Each method comes once in every few rounds, so that these test all of them.

    Args:
        number: 1 to 99.
        samples: The pictures to choose from; by default the project's digits.
        methods: The methods to choose from.

    Raises:
        InputError: There is no such round.

    >>> sorted(round_of(number).method for number in range(6, 11)) == sorted(METHODS)
    True
    """
    if not 1 <= number <= ROUNDS:
        raise InputError(f"There is no round {number}.", f"Rounds are 1 to {ROUNDS}.", "Start with round 1.")
    group, place = divmod(number - 1, len(methods))
    order = np.random.default_rng([0, group]).permutation(len(methods))
    generator = np.random.default_rng([1, number])
    samples = samples or digits.samples()
    return Round(
        number=number,
        digit=samples[int(generator.integers(len(samples)))],
        method=methods[order[place]],
        seed=int(generator.integers(100)),
        randomized=("left", "right")[generator.integers(2)],
    )


def parse_guesses(text: str) -> tuple[Guess, ...]:
    """Read guesses from an address: ``1l.2r.3x`` is left in round 1, right in round 2, and revealed in round 3.

    Raises:
        InputError: The text has another form, or guesses one round twice.

    >>> [(guess.round.number, guess.side) for guess in parse_guesses("1l.12r")]
    [(1, 'left'), (12, 'right')]
    """
    found = [_GUESS.fullmatch(part) for part in text.split(".")] if text else []
    given = {int(each[1]): _SIDES[each[2]] for each in found if each}
    if len(given) != len(found):
        raise InputError(
            f"'{text[:40]}' is not a list of guesses.",
            f"Guesses are rounds 1 to {ROUNDS}, each once and followed by l, r or x, such as 1l.2r.",
            "Start again.",
        )
    return tuple(Guess(round_of(number), side) for number, side in given.items())


def format_guesses(guesses: Sequence[Guess]) -> str:
    """Write guesses as ``parse_guesses`` reads them.

    >>> format_guesses(parse_guesses("1l.12r"))
    '1l.12r'
    """
    return ".".join(f"{guess.round.number}{(guess.side or 'x')[0]}" for guess in guesses)
