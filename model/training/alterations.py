"""Recipes side by side: what one does differently from another, and its learning rate over a run."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from model.records import Numbers
from model.training.recipe import RECIPES, Recipe
from model.training.records import Alteration
from model.training.schedule import learning_rate

_DEFAULTS = dataclasses.asdict(Recipe())
_POINTS = 200  # of a curve, besides its last step


def choices(name: str) -> dict[str, Any]:
    """Return every choice of one of the project's recipes, by name, as a report holds them."""
    return {"name": name, **dataclasses.asdict(RECIPES[name])}


def alterations(base: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[Alteration, ...]:
    """Return what one recipe does differently from another, choice by choice.

    A choice that a report does not name was not there yet when it was written: it is what the default does now.
    Choices within a choice are compared one by one where both have them.

    >>> alterations({"name": "a", "dropout": 0.1, "affine": {"shift": 2.0}}, {"affine": {"shift": 1.0}})
    (Alteration(choice='affine.shift', base=2.0, other=1.0),)
    """
    names = [name for name in {**_DEFAULTS, **base, **other} if name != "name"]
    return tuple(each for name in names for each in _altered(name, _choice(name, base), _choice(name, other)))


def rates(name: str, images: int) -> tuple[Numbers, Numbers]:
    """Return the learning rate over a run of one of the project's recipes.

    Args:
        name: Of the recipe.
        images: That are learned from.

    Returns:
        Places in epochs, 0 at the first step, and the rate there, (P,) each; the last is the last step.
    """
    recipe = RECIPES[name]
    an_epoch = math.ceil(images / recipe.batch_size)
    steps = an_epoch * recipe.epochs
    places = [*range(0, steps - 1, max(1, steps // _POINTS)), steps - 1]
    found = [learning_rate(recipe, step, steps) for step in places]
    return np.asarray(places) / an_epoch, np.asarray(found)


def _choice(name: str, recipe: Mapping[str, Any]) -> Any:
    return recipe.get(name, _DEFAULTS.get(name))


def _altered(name: str, base: Any, other: Any) -> tuple[Alteration, ...]:
    if isinstance(base, Mapping) and isinstance(other, Mapping):
        return tuple(
            each
            for inner in {**base, **other}
            for each in _altered(f"{name}.{inner}", base.get(inner), other.get(inner))
        )
    return () if base == other else (Alteration(name, base, other),)
