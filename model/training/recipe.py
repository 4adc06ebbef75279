"""Recipes: every choice that decides a training run except its seed. The card of a run lists them all.

``assignment`` and ``glass`` are for the assignment's network; each other network has one with its own name.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_type_hints

from model.errors import InputError
from model.networks.assignment.network import DROPOUT

_SHARES = {"momentum", "dropout", "label_smoothing", "averaging", "warm_up"}  # below 1
_COUNTS = {"epochs", "batch_size"}  # at least 1


@dataclass(frozen=True)
class Affine:
    """The largest rotation, shear, scaling and shift of an image; each is drawn uniformly from minus to plus.

    Args:
        rotation: In degrees.
        shear: In degrees.
        scale: As a share of the size.
        shift: In pixels, in y and in x.
    """

    rotation: float = 10.0
    shear: float = 5.0
    scale: float = 0.1
    shift: float = 2.0


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Args:
        epochs: How many times every image is used.
        batch_size: Images in each step. Several processes share each batch, so it stays the same.
        learning_rate: The rate of every step, or the highest rate of a schedule.
        momentum: The share of the last step that is added.
        nesterov: Whether to use Nesterov momentum.
        schedule: ``constant``, or ``one-cycle``: up from 1/25 of the rate, then down to almost 0, along cosines.
        warm_up: The share of steps in which the rate of a cycle goes up.
        weight_decay: The share of each weight that is added to its gradient.
        dropout: Probability that a dropout row of the assignment's network drops a value; others have their own.
        masks: How dropout draws: ``bernoulli`` like ``nn.Dropout``, or ``gaps``, several times faster for a small p.
        affine: The random affine distortion of each image each time it is used; None for no distortion.
        bend: The largest displacement in pixels of an elastic distortion; 0 for none.
        plain_epochs: How many of the last epochs use images without distortion.
        label_smoothing: The share of the target probability that is spread over all classes.
        averaging: The decay of the moving average of the weights; 0 for no average.
        channels_last: Whether to store the channels of a pixel side by side. This is faster on most machines and
            changes only the order of sums.
    """

    epochs: int = 19
    batch_size: int = 64
    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False
    schedule: Literal["constant", "one-cycle"] = "constant"
    warm_up: float = 0.3
    weight_decay: float = 0.0
    dropout: float = DROPOUT
    masks: Literal["bernoulli", "gaps"] = "bernoulli"
    affine: Affine | None = None
    bend: float = 0.0
    plain_epochs: int = 0
    label_smoothing: float = 0.0
    averaging: float = 0.0
    channels_last: bool = False


_SHORT = Recipe(
    epochs=10,
    nesterov=True,
    schedule="one-cycle",
    affine=Affine(),
    plain_epochs=2,
    averaging=0.999,
    channels_last=True,
)
_WITHOUT_BATCH_NORM = replace(_SHORT, learning_rate=0.02)  # which is what makes high rates possible

_GLASS = Recipe(
    nesterov=True,
    schedule="one-cycle",
    dropout=0.03,
    masks="gaps",
    affine=Affine(),
    plain_epochs=3,
    averaging=0.999,
    channels_last=True,
)

RECIPES = {
    # Gaps and channels_last keep the assignment's choices: the same distribution of masks, another order of sums.
    "assignment": Recipe(masks="gaps", channels_last=True),
    "glass": _GLASS,
    "padded": _SHORT,
    "residual": _SHORT,
    "compact": _GLASS,
    "separable": replace(_SHORT, epochs=8),
    "lenet": replace(_WITHOUT_BATCH_NORM, epochs=8),
    "basic": replace(_WITHOUT_BATCH_NORM, epochs=4, plain_epochs=1),
    "shapes": replace(_SHORT, epochs=8, affine=None, plain_epochs=0),
}


def changed(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """Return a recipe with some choices changed.

    Args:
        recipe: The original recipe.
        changes: Such as ``dropout=0.1``, ``affine.shift=1`` or ``affine=None``.

    Raises:
        InputError: There is no such choice, or the value is not allowed.

    >>> changed(RECIPES["glass"], ["dropout=0", "affine.shift=1"]).affine
    Affine(rotation=10.0, shear=5.0, scale=0.1, shift=1.0)
    """
    for change in changes:
        name, _, text = change.partition("=")
        if name.startswith("affine.") and recipe.affine:
            part = name.removeprefix("affine.")
            affine = replace(recipe.affine, **{part: _value(recipe.affine, part, text, change)})
            recipe = replace(recipe, affine=affine)
        else:
            recipe = replace(recipe, **{name: _value(recipe, name, text, change)})
    return recipe


def _value(choices: Any, name: str, text: str, change: str) -> Any:
    """Parse a value by the type of the choice."""
    kinds = get_type_hints(type(choices))
    if name not in kinds:
        raise _refusal(change, f"It must be one of {', '.join(kinds)}, followed by = and a value.")
    kind = kinds[name]
    if options := _options(kind):
        if text not in options:
            raise _refusal(change, f"{name} must be one of {', '.join(options)}.")
        return options[text]
    try:
        number = kind(text)
    except ValueError:
        number = math.nan
    low, high = int(name in _COUNTS), 1 if name in _SHARES else math.inf
    if not low <= number < high:
        limit = "" if math.isinf(high) else f" and less than {high}"
        raise _refusal(change, f"{name} must be a number of at least {low}{limit}.")
    return number


def _options(kind: Any) -> dict[str, Any]:
    """Return the allowed values by their text; empty for a number."""
    values = (True, False) if kind is bool else (None if each is type(None) else each for each in get_args(kind))
    return {str(value): value for value in values if not isinstance(value, type)}


def _refusal(change: str, allowed: str) -> InputError:
    return InputError(f"--set {change} is not possible.", allowed, "Give another value.")
