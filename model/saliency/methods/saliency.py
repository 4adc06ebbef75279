"""Saliency: the gradient of the score."""

from torch import Tensor

from model.saliency.gradients import gradients
from model.saliency.options import COST_OF_A_GRADIENT
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="saliency",
    title="Saliency",
    idea="How much the score would rise if this one pixel became a little brighter.",
    formula="a = gradient(x)",
    where="gradient(x) is the derivative of the score with respect to the pixel, at the picture",
    paper="Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks, 2013",
    link="https://arxiv.org/abs/1312.6034",
    cost=COST_OF_A_GRADIENT,
    is_gradient=True,
)


def attribute(task: Task) -> Tensor:
    """Return the signed gradient of the score, (1, C, H, W)."""
    return gradients(task.scorer, task.leaf())
