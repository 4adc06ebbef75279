"""Guided backprop: a gradient that no ReLU passes back where it, or the input of the ReLU, is negative."""

from captum.attr import GuidedBackprop
from torch import Tensor, nn

from model.saliency.gradients import own_inputs
from model.saliency.options import COST_OF_A_GRADIENT
from model.saliency.parts import Parts
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="guided_backprop",
    title="Guided backprop",
    idea="The gradient, but each ReLU passes back only positive values, and only where its input was positive.",
    formula="g ← on(x) × on(g) × g",
    where="at each ReLU, x is its input and g arrives from above; on(…) is 1 for a value above 0, and 0 otherwise",
    paper="Springenberg, Dosovitskiy, Brox, Riedmiller: Striving for Simplicity, 2014",
    link="https://arxiv.org/abs/1412.6806",
    cost=COST_OF_A_GRADIENT,
    is_gradient=True,
)


def obstacle(network: Parts) -> str:
    """Say that there is no ReLU: the map would be the gradient."""
    return network.without_relu()


def attribute(task: Task) -> Tensor:
    """Return the gradient with guided backprop's rule at each ReLU, (1, C, H, W)."""
    with own_inputs(task.scorer, (nn.ReLU,)):
        found: Tensor = GuidedBackprop(task.scorer).attribute(task.leaf(), target=0)
    return found
