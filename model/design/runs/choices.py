"""What can be chosen for the training of a design, and what follows from it."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from model.design.build import network_of
from model.design.records import Design
from model.design.runs.records import Length, RunChoices
from model.design.text import read, write
from model.errors import InputError
from model.images import mnist, shapes
from model.training.images import HELD_OUT
from model.training.live.pictures import MNIST, kind_of
from model.training.recipe import RECIPES, Recipe, changed

LENGTHS: tuple[Length, ...] = get_args(Length)
OFFERED = ("glass", "assignment")  # recipes, of which any choice but these can be changed:
_FIXED = ("epochs", "dropout", "masks", "channels_last")
SHORT, MOST_EPOCHS, MOST_SEED = 300, 19, 999
LARGEST_BATCH, _MOST_CHANGES = 512, 12
_DISTORTED = (1, 28, 28)  # images that the recipes can distort


def choose(
    design: Design,
    recipe: str = OFFERED[0],
    changes: Sequence[str] = (),
    length: Length = "short",
    epochs: int = MOST_EPOCHS,
    seed: int = 1,
    *,
    long: bool = False,
) -> RunChoices:
    """Return the choices of a run.

    Args:
        design: A network whose pictures this project has.
        recipe: One of ``OFFERED``.
        changes: Such as ``learning_rate=0.05`` or ``affine=None``.
        length: ``short`` (300 steps), an ``epoch``, or ``full``.
        epochs: Of a full run.
        seed: Of everything random.
        long: Whether full runs are allowed here: see ``allows_long``.

    Raises:
        InputError: A choice is not offered, or the design cannot be trained.

    >>> from model.design.kinds import layer
    >>> choose(Design((layer("conv", kernels=10, size=28),))).images
    19200
    """
    if recipe not in OFFERED or length not in LENGTHS:
        raise InputError(
            f"A run '{length}' by the recipe '{recipe}' is not offered.",
            f"Recipes are {', '.join(OFFERED)}; lengths are {', '.join(LENGTHS)}.",
            "Choose one of these.",
        )
    if length == "full" and not long:
        raise InputError(
            "A full training is not allowed on this server.",
            "It is on your own machine, or where its owner sets GLASS_LONG_TRAINING=yes.",
            "Train for an epoch, or run the app yourself.",
        )
    for what, value, low, high in (("seed", seed, 0, MOST_SEED), ("number of epochs", epochs, 1, MOST_EPOCHS)):
        if not low <= value <= high:
            raise InputError(f"The {what} is {value}.", f"It is from {low} to {high}.", "Choose another.")
    count = _training_images(design)
    found = RunChoices(write(design), recipe, tuple(changes), length, epochs if length == "full" else 1, seed, SHORT, 1)
    batch_size = recipe_of(found).batch_size
    whole = -(-count // batch_size)
    steps = min(SHORT, whole) if length == "short" else whole * found.epochs
    return replace(found, steps=steps, batch_size=batch_size)


def recipe_of(choices: RunChoices) -> Recipe:
    """Return the recipe of a run; its dropout is that of the design's own layers.

    A short run has fewer epochs without distortion, and images that are no grey 28 × 28 are not distorted.

    Raises:
        InputError: A change is not possible.
    """
    names = [change.partition("=")[0] for change in choices.changes]
    if len(names) > _MOST_CHANGES:
        raise InputError(f"{len(names)} choices are changed.", f"At most {_MOST_CHANGES} can be.", "Change fewer.")
    fixed = [name for name in names if name in _FIXED]
    if fixed:
        raise InputError(
            f"'{fixed[0]}' cannot be changed here.", "The length and the layers decide it.", "Leave it out."
        )
    recipe = changed(RECIPES[choices.recipe], choices.changes)
    if recipe.batch_size > LARGEST_BATCH:
        raise InputError(f"A batch of {recipe.batch_size}.", f"At most {LARGEST_BATCH} fit.", "Choose a smaller one.")
    if read(choices.design).input_shape != _DISTORTED:
        recipe = replace(recipe, affine=None, bend=0.0)
    plain = min(recipe.plain_epochs, choices.epochs // 4)
    return replace(recipe, epochs=choices.epochs, plain_epochs=plain)


def kind_of_pictures(design: Design) -> str:
    """Return what a design is trained on: MNIST's images, or the drawn shapes.

    Raises:
        InputError: It is no network, or has other classes.
    """
    kind = kind_of(network_of(design))
    if kind is None:
        raise InputError(
            f"A design for {design.classes} classes of {' x '.join(map(str, design.input_shape))} cannot be trained.",
            "There are pictures of ten digits (1 channel) and of nine shapes (3 channels).",
            "Begin its text with: input 1 28 28.",
        )
    return kind


def _training_images(design: Design) -> int:
    sizes = mnist.SIZES if kind_of_pictures(design) == MNIST else shapes.SIZES
    return sizes["train"] - HELD_OUT


def allows_long(own_machine: bool) -> bool:
    """Tell whether full runs are allowed: on one's own machine, or where the owner of the server says so."""
    return own_machine or os.environ.get("GLASS_LONG_TRAINING", "").lower() in {"yes", "1", "true"}
