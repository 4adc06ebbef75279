"""Input × gradient: each pixel times the gradient of the score."""

from captum.attr import InputXGradient
from torch import Tensor

from model.saliency.options import COST_OF_A_GRADIENT
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="input_x_gradient",
    title="Input × gradient",
    idea="The pixel times the gradient there: its contribution if the network were linear.",
    formula="a = x × gradient(x)",
    where="x is the normalised pixel, −0.4242 where there is no ink; gradient(x) is the derivative of the score there",
    paper="Shrikumar, Greenside, Shcherbina, Kundaje: Not Just a Black Box, 2016",
    link="https://arxiv.org/abs/1605.01713",
    cost=COST_OF_A_GRADIENT,
)


def attribute(task: Task) -> Tensor:
    """Return the input times the gradient of the score, (1, C, H, W)."""
    found: Tensor = InputXGradient(task.scorer).attribute(task.leaf(), target=0)
    return found
