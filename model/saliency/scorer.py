"""The one number that is explained, as the output of a private network, and all that a method needs to explain it."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.saliency.records import Output


class Scorer(nn.Sequential):
    """Run steps and put out one number for each image: what is to be explained.

    The steps are its children, and there is nothing else: layer-wise relevance propagation in Captum asks a rule of
    every module it finds.

    Args:
        steps: The steps by name, in order; none leaves the activation as it is.
        output: Which number.
        target: The class.
        against: The class whose logit is taken away, for a difference.

    Shape:
        (N, C, H, W) -> (N, 1).
    """

    def __init__(self, steps: Mapping[str, nn.Module], output: Output, target: int, against: int | None) -> None:
        super().__init__(OrderedDict(steps))
        self.output = output
        self.target = target
        self.against = against

    def forward(self, x: Tensor) -> Tensor:
        """Return the score of each image."""
        logits = self.logits(x)
        scores = logits.log_softmax(1) if self.output == "log_probability" else logits
        chosen = scores[:, self.target, None]
        return chosen if self.against is None else chosen - scores[:, self.against, None]

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits (N, K)."""
        for step in self:
            x = step(x)
        return x.flatten(1)

    def of_steps(self, steps: Mapping[str, nn.Module]) -> "Scorer":
        """Return a scorer of the same number by other steps."""
        return Scorer(steps, self.output, self.target, self.against)

    def of_logit(self, target: int) -> "Scorer":
        """Return a scorer of one logit that shares these steps."""
        return Scorer(dict(self.named_children()), "logit", target, None)


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """What a method is given. All of it is private to one call.

    Attributes:
        scorer: Its output is explained.
        x: Its input, (1, C, H, W), in which it is explained.
        baseline: The same for the baseline.
        layer: The step of the scorer whose maps are looked at, for a method that looks at one.
        seed: For what is drawn.
        options: Every option of the method.
    """

    scorer: Scorer
    x: Tensor
    baseline: Tensor
    layer: nn.Module | None
    seed: int
    options: Mapping[str, float]

    def count(self, name: str) -> int:
        """Return an option that is a whole number."""
        return round(self.options[name])

    def leaf(self) -> Tensor:
        """Return the input ready for gradients; Captum would warn that it made it so."""
        return self.x.clone().requires_grad_()

    def noise(self, generator: torch.Generator) -> Tensor:
        """Draw noise for ``samples`` inputs, (samples, C, H, W); its deviation is a share of the input's range."""
        deviation = self.options["noise"] * float(self.x.max() - self.x.min())
        shape = (self.count("samples"), *self.x.shape[1:])
        return torch.randn(shape, generator=generator).to(self.x.dtype) * deviation
