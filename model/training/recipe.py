"""Everything that decides a training run, besides its seed: each choice is a field, and the card of a run lists all."""

from dataclasses import dataclass
from typing import Literal

from model.network import DROPOUT


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
    label_smoothing: float = 0.0
    averaging: float = 0.0
    channels_last: bool = False


RECIPES = {
    "assignment": Recipe(),
    "glass": Recipe(
        nesterov=True,
        schedule="one-cycle",
        dropout=0.03,
        masks="gaps",
        affine=Affine(),
        averaging=0.999,
        channels_last=True,
    ),
}
