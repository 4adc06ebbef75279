"""The score that is explained, as the output of a private network, and everything that a method needs."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.graph.module import NetworkModule
from model.saliency.records import Output

NETWORK = "network"  # the name of a network with a graph, as the one step of a scorer


class Scorer(nn.Sequential):
    """Run steps and return one number for each image: the score to explain.

    It has no children except the steps, or one network with a graph: Captum's layer-wise relevance propagation needs
    a rule for each module.

    Args:
        steps: The steps by name, in order; without any, the input itself is taken as the logits.
        output: Which score.
        target: The class.
        against: The class whose logit is subtracted, for a difference.

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

    @classmethod
    def of_network(cls, private: nn.Module, output: Output, target: int, against: int | None) -> "Scorer":
        """Return the scorer of a private copy: of its steps, or of a network with a graph as one step."""
        steps = {NETWORK: private} if isinstance(private, NetworkModule) else dict(private.named_children())
        return cls(steps, output, target, against)

    def of_steps(self, steps: Mapping[str, nn.Module]) -> "Scorer":
        """Return a scorer of the same score with other steps."""
        return Scorer(steps, self.output, self.target, self.against)

    def of_logit(self, target: int) -> "Scorer":
        """Return a scorer of one logit that shares these steps."""
        return Scorer(dict(self.named_children()), "logit", target, None)

    def leaves(self) -> list[nn.Module]:
        """Return every module without children: the steps, also those of a network with a graph."""
        return [module for module in self.modules() if not any(True for _ in module.children())]


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """The arguments of a method, all private to one call.

    Attributes:
        scorer: The network whose output is explained.
        x: Its input, (1, C, H, W), whose values get attributions.
        baseline: Its input for the baseline, (1, C, H, W).
        layer: The step of the scorer whose maps the method uses, if it uses any.
        seed: For random numbers.
        options: All options of the method.
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
        """Return the input with gradients switched on; otherwise Captum would switch them on with a warning."""
        return self.x.clone().requires_grad_()

    def noise(self, generator: torch.Generator) -> Tensor:
        """Draw noise for ``samples`` inputs, (samples, C, H, W); its deviation is a share of the range of the input."""
        deviation = self.options["noise"] * float(self.x.max() - self.x.min())
        shape = (self.count("samples"), *self.x.shape[1:])
        return torch.randn(shape, generator=generator).to(self.x.dtype) * deviation
