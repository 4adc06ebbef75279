"""What can be chosen for a run, and what follows."""

import pytest

from model.design.presets import preset
from model.design.runs.choices import allows_long, choose, recipe_of
from model.design.text import read
from model.errors import InputError
from model.training.recipe import RECIPES
from tests.model.design.runs.few import TINY


def test_lengths_are_steps_of_the_training_images() -> None:
    """Of 60,000 images 5,000 are held out: 860 batches of 64, the last one smaller."""
    assert [choose(TINY, length=length, long=True).steps for length in ("short", "epoch", "full")] == [300, 860, 16_340]
    assert choose(TINY, changes=["batch_size=500"]).steps == 110


def test_recipe_is_the_one_of_the_assignment_but_for_the_length() -> None:
    """A full run has three epochs without distortion of nineteen; a short one is distorted throughout."""
    assert recipe_of(choose(TINY, "glass", length="full", long=True)) == RECIPES["glass"]
    short = recipe_of(choose(TINY, "glass"))
    assert (short.epochs, short.plain_epochs, short.affine) == (1, 0, RECIPES["glass"].affine)
    assert recipe_of(choose(TINY, changes=["learning_rate=0.5", "affine=None"])).learning_rate == 0.5


def test_images_of_another_size_are_not_distorted() -> None:
    shapes = choose(read("input 3 32 32\nclasses 9\nconv 9 32"), "glass")
    assert recipe_of(shapes).affine is None
    assert choose(read("input 1 32 32\nconv 10 32"), "glass").steps == 300


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"recipe": "mine"}, "the recipe 'mine' is not offered"),
        ({"length": "week"}, "A run 'week'"),
        ({"length": "full"}, "A full training is not allowed on this server"),
        ({"length": "full", "long": True, "epochs": 20}, "The number of epochs is 20"),
        ({"seed": -1}, "The seed is -1. It is from 0 to 999."),
        ({"changes": ["epochs=3"]}, "'epochs' cannot be changed here"),
        ({"changes": ["learning_rate=fast"]}, "learning_rate must be a number"),
        ({"changes": ["batch_size=5000"]}, "A batch of 5000"),
    ],
)
def test_what_is_not_offered_gets_a_sentence(asked: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        choose(TINY, **asked)  # type: ignore[arg-type]


def test_a_design_that_is_no_network_is_refused() -> None:
    with pytest.raises(InputError, match="The design has no layer"):
        choose(preset("empty"))


def test_owner_of_a_server_allows_long_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLASS_LONG_TRAINING", raising=False)
    assert [allows_long(own) for own in (True, False)] == [True, False]
    monkeypatch.setenv("GLASS_LONG_TRAINING", "yes")
    assert allows_long(False)
