"""Guided Grad-CAM: guided backprop times Grad-CAM."""

from torch import Tensor

from model.saliency.gradients import stretch
from model.saliency.methods import grad_cam, guided_backprop
from model.saliency.options import relu
from model.saliency.parts import Parts
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="guided_grad_cam",
    title="Guided Grad-CAM",
    idea="Guided backprop for the fine lines, times Grad-CAM for the region.",
    formula="a = g × stretched(c)",
    where="g is guided backprop, and c is Grad-CAM, stretched to the size of the picture",
    paper="Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, 2016",
    link="https://arxiv.org/abs/1610.02391",
    cost="2 forward and 2 backward passes",
    options=(relu(1),),
    uses_layer=True,
)


def obstacle(network: Parts) -> str:
    """Say that there is no ReLU: guided backprop would be the gradient."""
    return network.without_relu()


def attribute(task: Task) -> Tensor:
    """Return guided backprop times Grad-CAM, stretched to the input, (1, C, H, W)."""
    stretched = stretch(grad_cam.attribute(task), task.x)
    return guided_backprop.attribute(task) * stretched
