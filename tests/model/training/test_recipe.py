"""Changing single choices of a recipe by name."""

import dataclasses
import re

import pytest

from model.errors import InputError
from model.training.recipe import RECIPES, Affine, Recipe, changed

GLASS = RECIPES["glass"]


@pytest.mark.parametrize(
    ("changes", "choices"),
    [
        ([], {}),
        (["dropout=0.1"], {"dropout": 0.1}),
        (["epochs=3", "nesterov=False"], {"epochs": 3, "nesterov": False}),
        (["schedule=constant"], {"schedule": "constant"}),
        (["affine=None"], {"affine": None}),
        (["affine.shift=1", "affine.scale=0"], {"affine": dataclasses.replace(Affine(), shift=1.0, scale=0.0)}),
    ],
)
def test_changed_sets_only_the_named_choices(changes: list[str], choices: dict[str, object]) -> None:
    before = dataclasses.asdict(GLASS)
    found = changed(GLASS, changes)
    assert {name: getattr(found, name) for name in choices} == choices
    assert [type(getattr(found, name)) for name in choices] == [type(value) for value in choices.values()]
    kept = before.keys() - choices
    assert {name: dataclasses.asdict(found)[name] for name in kept} == {name: before[name] for name in kept}
    assert dataclasses.asdict(GLASS) == before


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ("drop=0.1", "It must be one of epochs, batch_size,"),
        ("dropout", "dropout must be a number of at least 0 and less than 1."),
        ("dropout=1", "dropout must be a number of at least 0 and less than 1."),
        ("dropout=nan", "dropout must be a number"),
        ("learning_rate=-1", "learning_rate must be a number of at least 0."),
        ("learning_rate=inf", "learning_rate must be a number of at least 0."),
        ("epochs=0", "epochs must be a number of at least 1."),
        ("epochs=2.5", "epochs must be a number of at least 1."),
        ("nesterov=1", "nesterov must be one of True, False."),
        ("schedule=cosine", "schedule must be one of constant, one-cycle."),
        ("affine=0", "affine must be one of None."),
        ("affine.turn=0", "It must be one of rotation, shear, scale, shift"),
        ("epochs.turn=0", "It must be one of epochs,"),
    ],
)
def test_changed_refuses_an_invalid_value(change: str, allowed: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"--set {change} is not possible. {allowed}")):
        changed(GLASS, [change])


def test_changed_refuses_a_part_of_a_missing_choice() -> None:
    with pytest.raises(InputError, match=r"affine\.shift=1 is not possible\. It must be one of epochs,"):
        changed(Recipe(affine=None), ["affine.shift=1"])
