"""SmoothGrad: the mean gradient at noisy inputs."""

import torch
from torch import Tensor

from model.saliency.gradients import gradients
from model.saliency.options import noise, samples
from model.saliency.records import Method
from model.saliency.scorer import Task

METHOD = Method(
    name="smooth_grad",
    title="SmoothGrad",
    idea="The mean saliency of many copies of the picture, each with a little noise, so that random parts cancel out.",
    formula="a = Σ gradient(x + noise) / n",
    where="each of the n samples has noise of its own",
    paper="Smilkov, Thorat, Kim, Viégas, Wattenberg: SmoothGrad, 2017",
    link="https://arxiv.org/abs/1706.03825",
    cost="as many forward and backward passes as samples",
    options=(samples(64), noise(0.15)),
    is_random=True,
    is_gradient=True,
)


def attribute(task: Task) -> Tensor:
    """Return the mean gradient at noisy inputs, (1, C, H, W)."""
    noisy = task.x + task.noise(torch.Generator().manual_seed(task.seed))
    return gradients(task.scorer, noisy).mean(0, keepdim=True)
