"""Layer-wise relevance propagation: the score itself, passed back by the epsilon rule."""

from captum.attr import LRP
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn

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
_LEAST_EPSILON = 1e-9  # as in Captum, where epsilon is 0


def attribute(task: Task) -> Tensor:
    """Return the relevance that the epsilon rule passes back to the input, (1, C, H, W).

    Each rule divides the relevance of a unit in proportion, so relevance adds up where scores do: the relevance of a
    difference is that of the one logit less that of the other. Passed back from the difference at once, it would be
    divided wrongly.
    """
    if task.scorer.against is None:
        return _relevance(task, task.scorer.target)
    return _relevance(task, task.scorer.target) - _relevance(task, task.scorer.against)


def _relevance(task: Task, target: int) -> Tensor:
    scorer = task.scorer.of_logit(target)
    for step in scorer:
        if not isinstance(step, _WITHOUT_RULE):
            step.rule = EpsilonRule(max(task.options["epsilon"], _LEAST_EPSILON))  # Captum removes it afterwards
    found: Tensor = LRP(scorer).attribute(task.leaf(), target=0)
    return found.detach()
