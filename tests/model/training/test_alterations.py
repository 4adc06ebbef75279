"""What recipes do differently, held against their fields; the learning rate held against the loop that uses it."""

import dataclasses
import math

import numpy as np
import pytest

from model.training import alterations
from model.training.recipe import RECIPES, Affine, Recipe
from model.training.records import Alteration
from model.training.schedule import learning_rate


def test_every_field_that_differs_is_named_and_no_other() -> None:
    theirs, ours = (RECIPES[name] for name in ("assignment", "glass"))
    expected = {
        field.name for field in dataclasses.fields(Recipe) if getattr(theirs, field.name) != getattr(ours, field.name)
    }
    found = alterations.alterations(alterations.choices("assignment"), alterations.choices("glass"))
    assert {each.choice.partition(".")[0] for each in found} == expected
    assert alterations.alterations(alterations.choices("glass"), alterations.choices("glass")) == ()


def test_within_a_choice_only_what_differs_counts() -> None:
    base = {"affine": dataclasses.asdict(Affine())}
    other = {"affine": dataclasses.asdict(Affine(scale=0.2))}
    assert alterations.alterations(base, other) == (Alteration("affine.scale", 0.1, 0.2),)
    assert alterations.alterations(base, {"affine": None}) == (Alteration("affine", base["affine"], None),)
    whole = [each for each in other if other[each] != base[each]]
    assert whole == ["affine"], "a rule that compares whole choices would name it all"


def test_a_choice_that_an_old_report_does_not_name_is_the_default() -> None:
    old = {"name": "old", "epochs": 19}
    assert alterations.alterations(old, dataclasses.asdict(Recipe())) == ()
    assert alterations.alterations(old, {"epochs": 19, "dropout": 0.5}) == (
        Alteration("dropout", Recipe().dropout, 0.5),
    )
    assert alterations.alterations(old, {"epochs": 19, "tutor": "big"}) == (Alteration("tutor", None, "big"),)


@pytest.mark.parametrize("name", RECIPES)
def test_rates_are_those_of_the_steps(name: str) -> None:
    recipe, images = RECIPES[name], 1_000
    places, rates = alterations.rates(name, images)
    an_epoch = math.ceil(images / recipe.batch_size)
    every = [learning_rate(recipe, step, an_epoch * recipe.epochs) for step in range(an_epoch * recipe.epochs)]
    steps = (places * an_epoch).round().astype(int)
    np.testing.assert_allclose(rates, [every[step] for step in steps], rtol=1e-12)
    assert (steps[0], steps[-1]) == (0, len(every) - 1)
    assert rates.max() == pytest.approx(max(every), rel=0.01)
    if recipe.schedule != "constant":
        late = [learning_rate(recipe, step, 2 * len(every)) for step in steps]
        assert not np.allclose(rates, late), "a run of twice as many steps has another schedule"
