"""Integrated gradients: the mean gradient on the straight line from the baseline to the input."""

from captum.attr import IntegratedGradients
from torch import Tensor

from model.saliency.gradients import BATCH
from model.saliency.records import Method, MethodOption
from model.saliency.scorer import Task

METHOD = Method(
    name="integrated_gradients",
    title="Integrated gradients",
    idea="Fade the picture in from the baseline and add up, for each pixel, how much each step changes the score.",
    formula="a = (x − b) × Σ gradient(b + t (x − b)) / n",
    where="b is the baseline's pixel, n is the number of steps, and t is the middle of each step from 0 to 1",
    paper="Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017",
    link="https://arxiv.org/abs/1703.01365",
    cost="as many forward and backward passes as steps",
    options=(
        MethodOption(
            name="steps",
            label="Steps",
            default=600,
            least=10,
            most=1000,
            step=10,
            about="The number of steps from the baseline to the picture; more bring the sum nearer to the gain.",
        ),
    ),
    adds_up=True,
    uses_baseline=True,
)


def attribute(task: Task) -> Tensor:
    """Return the mean gradient from the baseline to the input, times their difference, (1, C, H, W).

    Between two kinks of its ReLUs and max pools the network is linear, so the gradient is a step function of t: the
    middle of each step is as exact as any other rule, and costs nothing to compute.
    """
    found: Tensor = IntegratedGradients(task.scorer).attribute(
        task.leaf(),
        baselines=task.baseline,
        target=0,
        n_steps=task.count("steps"),
        method="riemann_middle",
        internal_batch_size=BATCH,
    )
    return found
