"""Everything that decides a training run, besides its seed: each choice is a field, and the card of a run lists all."""

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
    """How far an image may be turned, sheared, scaled and shifted; each is drawn evenly between minus and plus.

    Args:
        rotation: Degrees.
        shear: Degrees by which columns lean.
        scale: Share of the size.
        shift: Pixels, in y and in x.
    """

    rotation: float = 10.0
    shear: float = 5.0
    scale: float = 0.1
    shift: float = 2.0


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Args:
        epochs: How often every image is seen.
        batch_size: Images a step. With several workers they share each batch, so it does not grow.
        learning_rate: Of every step, or the highest if there is a schedule.
        momentum: What is kept of the last step.
        nesterov: Whether the gradient is taken where the momentum leads, not where the weights are.
        schedule: ``constant``, or ``one-cycle``: up from a 25th of the rate, then down to nothing, along cosines.
        warm_up: Share of the steps that go up, in a cycle.
        weight_decay: Share of each weight that is added to its gradient.
        dropout: Probability that a dropout row drops a value.
        masks: How dropout draws: ``bernoulli`` as ``nn.Dropout`` does, or ``gaps``, several times faster for a small p.
        affine: How images are distorted, anew each time they are seen; None leaves them as they are.
        bend: Pixels by which points of an image are moved, each by its own draw, and smoothly what lies between them.
        plain_epochs: How many of the last epochs see images as they are.
        label_smoothing: Share of the target's probability that is spread over all ten classes.
        averaging: What the moving average of the weights keeps of itself at each step; 0 for no average.
        channels_last: Whether a pixel's channels lie side by side in memory. Faster on most machines, and the same
            but for the order of sums.
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


RECIPES = {
    # Gaps and channels last change nothing that the assignment chose: masks are as likely, sums run in another order.
    "assignment": Recipe(masks="gaps", channels_last=True),
    "glass": Recipe(
        nesterov=True,
        schedule="one-cycle",
        dropout=0.03,
        masks="gaps",
        affine=Affine(),
        plain_epochs=3,
        averaging=0.999,
        channels_last=True,
    ),
}


def changed(recipe: Recipe, changes: Sequence[str]) -> Recipe:
    """Return the recipe with some choices made otherwise.

    Args:
        recipe: To start from.
        changes: Each like ``dropout=0.1``, ``affine.shift=1`` or ``affine=None``.

    Raises:
        InputError: There is no such choice, or it cannot have that value.

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
    """Read a value of the kind that this choice has."""
    kinds = get_type_hints(type(choices))
    if name not in kinds:
        raise _refusal(change, f"It must be one of {', '.join(kinds)}, with = and a value.")
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
    """Return the values that can be told by their words; none of a number."""
    values = (True, False) if kind is bool else (None if each is type(None) else each for each in get_args(kind))
    return {str(value): value for value in values if not isinstance(value, type)}


def _refusal(change: str, allowed: str) -> InputError:
    return InputError(f"--set {change} cannot be done.", allowed, "Set something else.")
