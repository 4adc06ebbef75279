"""DeepLIFT: the difference from the baseline, passed back by the rescale rule."""

from captum.attr import DeepLift
from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR
from torch import Tensor, nn

from model.layers.windows import pair
from model.saliency.gradients import own_inputs
from model.saliency.parts import Parts
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="deep_lift",
    title="DeepLIFT",
    idea="Compare each unit with its value for the baseline, and divide the change of the score among the units.",
    formula="m ← (r(x) − r(b)) / (x − b) × m",
    where="at each ReLU r, x is its input for the picture and b that for the baseline; m is the change of the score "
    "for each unit of change after it; a pixel gets its own change times its m",
    paper="Shrikumar, Greenside, Kundaje: Learning Important Features, 2017",
    link="https://arxiv.org/abs/1704.02685",
    cost="2 forward and 2 backward passes",
    adds_up=True,
    uses_baseline=True,
    outputs=("logit", "difference"),
)


def obstacle(network: Parts) -> str:
    """Say which steps the rescale rule does not cover; through these Captum would pass the plain gradient.

    Captum's rule for a max pool writes what each window passes back to the place of its maximum, by ``max_unpool2d``.
    Where windows overlap, one value can be the maximum of several, and only what the last one passes back is kept.
    """
    without = [name for name, step in network.non_linear.items() if type(step) not in SUPPORTED_NON_LINEAR]
    overlapping = [name for name, step in network.non_linear.items() if _overlaps(step)]
    return network.list_steps(without, "has no rule for") or network.list_steps(
        overlapping, "loses a part of the change where windows overlap, as in"
    )


def _overlaps(step: nn.Module) -> bool:
    """Tell whether the windows of a max pool may share a value."""
    if not isinstance(step, nn.MaxPool2d):
        return False
    axes = zip(pair(step.kernel_size), pair(step.stride), pair(step.dilation), strict=True)
    return any(kernel > 1 and (stride < kernel or dilation > 1) for kernel, stride, dilation in axes)


def attribute(task: Task) -> Tensor:
    """Return the input's difference from the baseline times the multipliers of the rescale rule, (1, C, H, W)."""
    with own_inputs(task.scorer, SUPPORTED_NON_LINEAR):
        found: Tensor = DeepLift(task.scorer).attribute(task.leaf(), baselines=task.baseline, target=0)
    return found
