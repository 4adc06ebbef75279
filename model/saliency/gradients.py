"""Methods that send a score back through the network, each with a rule of its own for what passes a ReLU.

Every function takes a task and returns one attribution for each number of its input, (1, C, H, W).
"""

import warnings

import torch
from captum.attr import (
    LRP,
    Deconvolution,
    DeepLift,
    GuidedBackprop,
    InputXGradient,
    IntegratedGradients,
    LayerAttribution,
    LayerGradCam,
    Saliency,
)
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn

from model.saliency.scorer import Scorer, Task

BATCH = 32  # images in one pass: more would only hold up others
_NO_RULE = (nn.ReLU, nn.Dropout)  # what relevance passes as it is
_NEVER_ZERO = 1e-9  # as Captum keeps it, where epsilon is 0

# Captum says at each call that it stands hooks on the network, and takes them away. Here they stand on a private copy,
# and catching the warning around each call would change the filters of every other thread.
warnings.filterwarnings("ignore", "Setting (forward, )?backward hooks", UserWarning)


def saliency(task: Task) -> Tensor:
    """Return the slope of the score, with its sign."""
    return slopes(task.scorer, task.leaf())


def input_x_gradient(task: Task) -> Tensor:
    """Return the input times the slope of the score."""
    found: Tensor = InputXGradient(task.scorer).attribute(task.leaf(), target=0)
    return found


def integrated_gradients(task: Task) -> Tensor:
    """Return the mean slope on the way from the baseline, times how far the input is from it.

    Between two kinks of its ReLUs and max pools the network is straight, so the slope along the way is a staircase:
    the middle of each step serves as well as any rule, and costs nothing to work out.
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


def guided_backprop(task: Task) -> Tensor:
    """Return the slope as it is when no ReLU lets a negative one back."""
    found: Tensor = GuidedBackprop(task.scorer).attribute(task.leaf(), target=0)
    return found


def deconvolution(task: Task) -> Tensor:
    """Return the slope as it is when each ReLU asks what comes back, and not what went in, for its sign."""
    found: Tensor = Deconvolution(task.scorer).attribute(task.leaf(), target=0)
    return found


def deep_lift(task: Task) -> Tensor:
    """Return the input's distance from the baseline times the multipliers of the rescale rule."""
    found: Tensor = DeepLift(task.scorer).attribute(task.leaf(), baselines=task.baseline, target=0)
    return found


def gradient_shap(task: Task) -> Tensor:
    """Average slopes at random places between the baseline and noisy inputs, times the distance between both."""
    generator = torch.Generator().manual_seed(task.seed)
    noisy = task.x + task.noise(generator)  # (samples, C, H, W)
    shares = torch.rand((len(noisy), 1, 1, 1), generator=generator).to(noisy.dtype)
    points = shares * noisy + (1 - shares) * task.baseline
    return ((noisy - task.baseline) * slopes(task.scorer, points)).mean(0, keepdim=True)


def smooth_grad(task: Task) -> Tensor:
    """Average the slopes at noisy inputs."""
    noisy = task.x + task.noise(torch.Generator().manual_seed(task.seed))
    return slopes(task.scorer, noisy).mean(0, keepdim=True)


def lrp(task: Task) -> Tensor:
    """Return the relevance that the epsilon rule sends back to the input.

    Every rule shares a unit's relevance out in proportion, so relevance adds up where scores do: that of a difference
    is that of the one logit less that of the other. Sent back from the difference at once, it would be shared wrongly.
    """
    if task.scorer.against is None:
        return _relevance(task, task.scorer.target)
    return _relevance(task, task.scorer.target) - _relevance(task, task.scorer.against)


def _relevance(task: Task, target: int) -> Tensor:
    scorer = task.scorer.of_logit(target)
    for step in scorer:
        if not isinstance(step, _NO_RULE):
            step.rule = EpsilonRule(max(task.options["epsilon"], _NEVER_ZERO))  # Captum takes it away afterwards
    found: Tensor = LRP(scorer).attribute(task.leaf(), target=0)
    return found.detach()


def grad_cam(task: Task) -> Tensor:
    """Return the maps of a step, each times its mean slope, added up: (1, 1, H, W) of that step."""
    found: Tensor = LayerGradCam(task.scorer, task.layer).attribute(
        task.leaf(), target=0, relu_attributions=bool(task.options["relu"])
    )
    return found.detach()


def guided_grad_cam(task: Task) -> Tensor:
    """Return guided backprop times Grad-CAM, stretched to the input."""
    stretched = stretch(grad_cam(task), task.x)
    return guided_backprop(task) * stretched


def stretch(maps: Tensor, like: Tensor) -> Tensor:
    """Stretch maps (1, C, H, W) to another's height and width, with straight lines between their values."""
    stretched: Tensor = LayerAttribution.interpolate(maps, tuple(like.shape[2:]), interpolate_mode="bilinear")
    return stretched


def slopes(scorer: Scorer, points: Tensor) -> Tensor:
    """Return the slope of the score at each of many inputs, (N, C, H, W)."""
    method = Saliency(scorer)
    parts = [part.detach().clone().requires_grad_() for part in points.split(BATCH)]
    return torch.cat([method.attribute(part, target=0, abs=False) for part in parts])
