"""Differences of recipes compared with their fields, and the learning rate compared with the schedule."""

import dataclasses
import math

import numpy as np
import pytest

from model.training import recipe_changes
from model.training.recipe import RECIPES, Affine, Recipe
from model.training.records import RecipeChange
from model.training.schedule import learning_rate


def test_changes_name_exactly_the_differing_fields() -> None:
    theirs, ours = (RECIPES[name] for name in ("assignment", "glass"))
    expected = {
        field.name for field in dataclasses.fields(Recipe) if getattr(theirs, field.name) != getattr(ours, field.name)
    }
    found = recipe_changes.changes(recipe_changes.choices("assignment"), recipe_changes.choices("glass"))
    assert {each.choice.partition(".")[0] for each in found} == expected
    assert recipe_changes.changes(recipe_changes.choices("glass"), recipe_changes.choices("glass")) == ()


def test_changes_of_nested_choices() -> None:
    base = {"affine": dataclasses.asdict(Affine())}
    other = {"affine": dataclasses.asdict(Affine(scale=0.2))}
    assert recipe_changes.changes(base, other) == (RecipeChange("affine.scale", 0.1, 0.2),)
    assert recipe_changes.changes(base, {"affine": None}) == (RecipeChange("affine", base["affine"], None),)
    whole = [each for each in other if other[each] != base[each]]
    assert whole == ["affine"], "a rule that compares whole choices would name it all"


def test_changes_use_defaults_for_choices_missing_in_old_reports() -> None:
    old = {"name": "old", "epochs": 19}
    assert recipe_changes.changes(old, dataclasses.asdict(Recipe())) == ()
    assert recipe_changes.changes(old, {"epochs": 19, "dropout": 0.5}) == (
        RecipeChange("dropout", Recipe().dropout, 0.5),
    )
    assert recipe_changes.changes(old, {"epochs": 19, "tutor": "big"}) == (RecipeChange("tutor", None, "big"),)


@pytest.mark.parametrize("name", RECIPES)
def test_rates_equal_the_learning_rate_of_each_step(name: str) -> None:
    recipe, images = RECIPES[name], 1_000
    places, rates = recipe_changes.rates(name, images)
    an_epoch = math.ceil(images / recipe.batch_size)
    every = [learning_rate(recipe, step, an_epoch * recipe.epochs) for step in range(an_epoch * recipe.epochs)]
    steps = (places * an_epoch).round().astype(int)
    np.testing.assert_allclose(rates, [every[step] for step in steps], rtol=1e-12)
    assert (steps[0], steps[-1]) == (0, len(every) - 1)
    assert rates.max() == pytest.approx(max(every), rel=0.01)
    if recipe.schedule != "constant":
        late = [learning_rate(recipe, step, 2 * len(every)) for step in steps]
        assert not np.allclose(rates, late), "a run of twice as many steps has another schedule"
