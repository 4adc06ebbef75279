"""Layer-wise relevance propagation: the score itself, passed back by the epsilon rule."""

import copy

from captum.attr import LRP
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn

from model import layers
from model.graph.module import Function, Stored
from model.layers.rearrangement import Rearrangement
from model.saliency.parts import Parts
from model.saliency.records import Method, MethodOption
from model.saliency.scorer import Task

METHOD = Method(
    name="lrp",
    title="Layer-wise relevance propagation",
    idea="Pass the score back row by row; each unit divides its part among its inputs by how much they contributed.",
    formula="R ← Σ x × w × R / (z + ε)",
    where="a unit with value z has relevance R; its input x has weight w; ε, with the sign of z, lets units near 0 "
    "pass on less",
    paper="Bach, Binder, Montavon, Klauschen, Müller, Samek: On Pixel-Wise Explanations, 2015",
    link="https://doi.org/10.1371/journal.pone.0130140",
    cost="2 forward passes and 1 backward pass, twice for a difference",
    options=(
        MethodOption("epsilon", "ε", 0.1, 0.0, 1.0, 0.01, "How much units near 0 keep; 0 gives input × gradient."),
    ),
    starts_from_score=True,
    outputs=("logit", "difference"),
)

_WITHOUT_RULE = (nn.ReLU, nn.Dropout)  # they pass relevance on unchanged
_WITH_RULE = (nn.ReLU, nn.MaxPool2d, nn.AdaptiveMaxPool2d)
_LEAST_EPSILON = 1e-9  # as in Captum, where epsilon is 0


def obstacle(network: Parts) -> str:
    """Say which steps have no rule."""
    without = [name for name, step in network.non_linear.items() if not isinstance(step, _WITH_RULE)]
    stored = [name for name, step in network.steps.items() if isinstance(step, Stored)]
    return network.list_steps([*without, *stored], "has no rule for")


def attribute(task: Task) -> Tensor:
    """Return the relevance that the epsilon rule passes back to the input, (1, C, H, W).

    Each rule divides the relevance of a unit in proportion, so relevance adds up where scores do: the relevance of a
    difference is that of the one logit less that of the other. Passed back from the difference at once, it would be
    divided wrongly.
    """
    if task.scorer.against is None:
        return _relevance(task, task.scorer.target)
    return _relevance(task, task.scorer.target) - _relevance(task, task.scorer.against)


def _moves(step: nn.Module) -> bool:
    """Return whether a step of a graph only moves values, so that it keeps no relevance."""
    return isinstance(step, Function) and isinstance(layers.of_module(step), Rearrangement)


def _relevance(task: Task, target: int) -> Tensor:
    scorer = copy.deepcopy(task.scorer.of_logit(target))  # Captum writes all numbers again at the end
    for step in scorer.leaves():
        if not isinstance(step, _WITHOUT_RULE):
            epsilon = _LEAST_EPSILON if _moves(step) else max(task.options["epsilon"], _LEAST_EPSILON)
            step.rule = EpsilonRule(epsilon)  # Captum removes it afterwards
    found: Tensor = LRP(scorer).attribute(task.leaf(), target=0)
    return found.detach()
