"""Compare recipes: the choices in which two differ, and the learning rate over a run."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from model.records import Numbers
from model.training.recipe import RECIPES, Recipe
from model.training.records import RecipeChange
from model.training.schedule import learning_rate

_DEFAULTS = dataclasses.asdict(Recipe())
_POINTS = 200  # points of a curve, without its last step


def choices(name: str) -> dict[str, Any]:
    """Return every choice of one of the project's recipes by name, in the form of a report."""
    return {"name": name, **dataclasses.asdict(RECIPES[name])}


def changes(base: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[RecipeChange, ...]:
    """Return the choices in which one recipe differs from another.

    A choice that an old report does not name has the default value. Nested choices are compared one by one if both
    recipes have them.

    >>> changes({"name": "a", "dropout": 0.1, "affine": {"shift": 2.0}}, {"affine": {"shift": 1.0}})
    (RecipeChange(choice='affine.shift', base=2.0, other=1.0),)
    """
    names = [name for name in {**_DEFAULTS, **base, **other} if name != "name"]
    return tuple(each for name in names for each in _altered(name, _choice(name, base), _choice(name, other)))


def rates(name: str, images: int) -> tuple[Numbers, Numbers]:
    """Return the learning rate over a run of one of the project's recipes.

    Args:
        name: The name of the recipe.
        images: The number of training images.

    Returns:
        Positions in epochs, 0 at the first step, and the rate there, (P,) each; the last is the last step.
    """
    recipe = RECIPES[name]
    an_epoch = math.ceil(images / recipe.batch_size)
    steps = an_epoch * recipe.epochs
    places = [*range(0, steps - 1, max(1, steps // _POINTS)), steps - 1]
    found = [learning_rate(recipe, step, steps) for step in places]
    return np.asarray(places) / an_epoch, np.asarray(found)


def _choice(name: str, recipe: Mapping[str, Any]) -> Any:
    return recipe.get(name, _DEFAULTS.get(name))


def _altered(name: str, base: Any, other: Any) -> tuple[RecipeChange, ...]:
    if isinstance(base, Mapping) and isinstance(other, Mapping):
        return tuple(
            each
            for inner in {**base, **other}
            for each in _altered(f"{name}.{inner}", base.get(inner), other.get(inner))
        )
    return () if base == other else (RecipeChange(name, base, other),)
