"""The learning rate of every step."""

import math

from model.training.recipe import Recipe

_FIRST, _LAST = 1 / 25, 1 / 250_000  # shares of the highest rate


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Return the learning rate of a step, counted from 0, in a run of ``steps``.

    A cycle rises from ``r / 25`` to ``r`` over the first ``warm_up`` of the steps, and falls to ``r / 250,000`` over
    the rest, both times along half a cosine: ``from + (to - from) * (1 - cos(pi * t)) / 2`` for t from 0 to 1.

    Source: Smith, Topin, "Super-Convergence", 2018; here with cosines, and with constant momentum.

    >>> recipe = Recipe(schedule="one-cycle", warm_up=0.5)
    >>> [round(learning_rate(recipe, step, 9), 4) for step in (0, 2, 3, 6, 8)]
    [0.004, 0.0627, 0.0952, 0.0413, 0.0]
    """
    if recipe.schedule == "constant":
        return recipe.learning_rate
    top = recipe.warm_up * steps - 1  # the step of the highest rate
    if step <= top:
        first, last, part = _FIRST, 1.0, step / top if top else 1.0
    else:
        first, last, part = 1.0, _LAST, (step - top) / (steps - 1 - top)
    return recipe.learning_rate * (first + (last - first) * (1 - math.cos(math.pi * part)) / 2)
