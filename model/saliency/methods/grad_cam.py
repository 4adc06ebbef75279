"""Grad-CAM: the feature maps of one step, each times its mean gradient."""

from captum.attr import LayerGradCam
from torch import Tensor

from model.saliency.options import COST_OF_A_GRADIENT, relu
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="grad_cam",
    title="Grad-CAM",
    idea="Add up the feature maps of one row, each times how much the score rises with it.",
    formula="a = Σ mean(gradient) × A",
    where="A is a feature map; mean(gradient) is the mean over its places of the derivative of the score with respect "
    "to it",
    paper="Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: Grad-CAM, 2016",
    link="https://arxiv.org/abs/1610.02391",
    cost=COST_OF_A_GRADIENT,
    options=(relu(0),),
    uses_layer=True,
)


def attribute(task: Task) -> Tensor:
    """Return the maps of a step, each times its mean gradient, added up: (1, 1, H, W) of that step."""
    found: Tensor = LayerGradCam(task.scorer, task.layer).attribute(
        task.leaf(), target=0, relu_attributions=bool(task.options["relu"])
    )
    return found.detach()
