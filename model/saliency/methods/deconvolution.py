"""Deconvolution: a gradient that each ReLU passes back where it is positive; the input of the ReLU does not matter."""

from captum.attr import Deconvolution
from torch import Tensor, nn

from model.saliency.gradients import own_inputs
from model.saliency.options import COST_OF_A_GRADIENT
from model.saliency.parts import Parts
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="deconvolution",
    title="Deconvolution",
    idea="The gradient, but each ReLU passes back only positive values, also where its input was negative.",
    formula="g ← on(g) × g",
    where="at each ReLU, g arrives from above; on(g) is 1 for a value above 0, and 0 otherwise",
    paper="Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2013",
    link="https://arxiv.org/abs/1311.2901",
    cost=COST_OF_A_GRADIENT,
    is_gradient=True,
)


def obstacle(network: Parts) -> str:
    """Say that there is no ReLU: the map would be the gradient."""
    return network.without_relu()


def attribute(task: Task) -> Tensor:
    """Return the gradient with deconvolution's rule at each ReLU, (1, C, H, W)."""
    with own_inputs(task.scorer, (nn.ReLU,)):
        found: Tensor = Deconvolution(task.scorer).attribute(task.leaf(), target=0)
    return found
